/**
 * The same rules over the same requests in HAProxy and in lb: what the request looks like behind the rules, and
 * what is answered, must be equal. Each case has its own conditions on `x-case`, so that one program serves all.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';

interface Case {
  readonly rules: readonly string[];
  readonly target?: string;
  readonly method?: string;
  readonly headers?: readonly string[];
}

const HEADERS = ['Accept: a/b, c/d;q=1', 'Accept: e/f', 'X-List: one,"two, three", four', 'Cookie: a=b; c=d'];

const onRequest = (rule: string): Case => ({ rules: [`http-request ${rule}`] });
const onTarget = (rule: string, target: string): Case => ({ rules: [`http-request ${rule}`], target });
const onAnswer = (rule: string): Case => ({ rules: [`http-after-response ${rule}`] });

const TARGETS = ['/', '/a/b?c=d', '/a?', '//x//y?z//', 'http://other:81/p?q', '/a/../b/./c', '/%41%2f%zz'];

const EDITS = [
  'set-path /new',
  'set-path /new%[path]',
  'set-pathq /new?a=1',
  'set-query x=%[query]',
  'set-query %[req.hdr(none)]',
  'set-uri /u%[path]',
  'set-uri http://elsewhere/u',
  'replace-path ^/(.)(.*)$ /\\2/\\1',
  'replace-path (.*) /x\\1',
  'replace-pathq (.*)\\?(.*) \\1/\\2',
  'replace-uri (.*) \\1x',
  'set-method PUT',
  'redirect prefix https://there',
  'redirect prefix https://there drop-query append-slash code 301',
  'redirect prefix /',
  'redirect scheme https code 307',
  'redirect location /x',
  'redirect location http://%[req.hdr(host)]/%[path] code 308 set-cookie A=B',
  'redirect location / clear-cookie A=',
];

const HEADER_EDITS = [
  'add-header Accept %[path]',
  'set-header accept new',
  'set-header X-New "  blanks  "',
  'del-header Accept',
  'del-header acc -m beg',
  'del-header ^X- -m reg',
  'del-header ^a -m reg',
  'del-header IST -m sub',
  'replace-header Accept (.)/(.) \\2\\x2d\\1',
  'replace-header Accept ^e(.*)$ z\\1',
  'replace-value Accept ^(.)/(.) \\2-\\1',
  'replace-value X-List ^(.*)o(.*)$ \\1\\\\\\2',
  'replace-value X-List three 3',
  'replace-header Cookie a=([^;]*);.(.*) \\2',
  'replace-value Cookie (.*)=(.*) \\1',
];

const ANSWERS = [
  'deny',
  'deny deny_status 429',
  'deny status 404 content-type text/plain string gone hdr X-A %[path]',
  'return',
  'return status 201 hdr a b hdr d %[req.hdr(none)]',
  'return content-type text/plain lf-string "%[path] %[query]"',
  'return status 503 default-errorfiles',
  'auth',
  'auth realm "my realm"',
];

const ANSWER_EDITS = [
  'set-status 418',
  'set-status 299 reason fine',
  'set-header content-type x/y',
  'add-header Vary a',
  'replace-value content-type (.*)/(.*) \\2/\\1',
];

const VARIABLES: readonly (readonly string[])[] = [
  ['set-var(txn.a) path', 'set-header X-V %[var(txn.a)]'],
  ['set-var-fmt(req.a) "%[path]-%[method]"', 'set-header X-V %[var(req.a)]'],
  ['set-var(txn.a) int(3)', 'set-var(txn.a,ifgt) int(2)', 'set-header X-V %[var(txn.a)]'],
  ['set-var(txn.a) str(x)', 'set-var(txn.a,ifnotempty) str()', 'set-header X-V %[var(txn.a)]'],
  ['set-var(txn.a) str(x)', 'unset-var(txn.a)', 'set-header X-V %[var(txn.a)]'],
  ['set-src hdr(x-ip)', 'set-header X-S %[src]'],
  [
    'set-src-port int(77)',
    'set-dst str(192.0.2.4)',
    'set-dst-port int(78)',
    'set-header X-S %[src_port],%[dst]:%[dst_port]',
  ],
  ['set-map(/dev/null) k v', 'set-header X-M %[str(k),map(/dev/null)]'],
];

/** Variables of the request are gone in the response, and the other way round. */
const SCOPES: readonly string[] = [
  'http-request set-var(req.a) str(x)',
  'http-request set-var(res.b) str(y)',
  'http-request set-header X-Q "%[var(req.a)] %[var(res.b)]"',
  'http-response set-var(req.c) str(z)',
  'http-response set-var(res.d) str(z)',
  'http-response set-header X-R "%[var(req.a)] %[var(res.b)] %[var(req.c)] %[var(res.d)]"',
  'http-after-response set-header X-S "%[var(req.a)] %[var(res.d)]"',
];

const CASES: readonly Case[] = [
  ...EDITS.flatMap(rule => TARGETS.map(target => onTarget(rule, target))),
  ...HEADER_EDITS.map(onRequest),
  ...ANSWERS.map(onRequest),
  ...ANSWER_EDITS.map(onAnswer),
  ...VARIABLES.map(rules => ({
    rules: rules.map(rule => `http-request ${rule}`),
    headers: ['X-Ip: 203.0.113.8'],
  })),
  ...[[], ['http-request deny']].map(last => ({ rules: [...SCOPES, ...last] })),
  ...normalizerCases(),
];

/** Those without their option are another normalizer in HAProxy when a condition follows: a mistake of its parser. */
function normalizerCases(): Case[] {
  const targets = [
    '/a//b/../../../c/./d/.?y=2&x=1&y=1',
    '/..',
    '/.',
    '/%61%2f%7e?%aA',
    '/a?b&a&',
    '/x/%zz',
    '*',
  ];
  const normalizers = [
    'path-merge-slashes',
    'path-strip-dot',
    'path-strip-dotdot full',
    'query-sort-by-name',
    'percent-to-uppercase strict',
    'percent-decode-unreserved strict',
  ];
  return normalizers.flatMap(normalizer =>
    targets.map(target => ({
      rules: [`http-request normalize-uri ${normalizer}`],
      target,
      method: target === '*' ? 'OPTIONS' : 'GET',
    })),
  );
}

function configuration(port: number): string {
  const conditioned = (rule: string, index: number): string =>
    `  ${rule} if { req.hdr(x-case) -m str ${index} }`;
  const onAnswers = (rule: string, index: number): string => `  ${rule} if { var(txn.case) -m str ${index} }`;
  const lines = CASES.flatMap(({ rules }, index) =>
    rules.map(rule => (rule.startsWith('http-request') ? conditioned : onAnswers)(rule, index)),
  );
  return [
    'global',
    '  expose-experimental-directives',
    '  maxconn 100',
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 5s',
    '  timeout server 5s',
    'frontend web',
    `  bind 127.0.0.1:${port}`,
    '  option accept-invalid-http-request',
    '  http-request set-var(txn.case) req.hdr(x-case)',
    ...lines,
    '  http-request return status 200 content-type text/plain lf-string "%[method] %[url] %[req.hdrs,hex]"',
    '',
  ].join('\n');
}

/** Names without case; what only one of two programs would say of itself or of the time does not occur. */
function normalized(answer: string): string {
  const end = answer.indexOf('\r\n\r\n');
  const [status = '', ...headers] = answer.slice(0, end).split('\r\n');
  const shown = headers
    .map(line => line.replace(/^[^:]*/, name => name.toLowerCase()))
    .filter(line => !line.startsWith('connection:'))
    .toSorted();
  const body = answer.slice(end + 4).replace(/ ([0-9A-F]{40,})$/, (_, hex: string) => ` ${headersOf(hex)}`);
  return [status, ...shown, '', body].join('\n');
}

function headersOf(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}

/** One final answer, and the interim ones before it, over a connection of its own. */
async function answerTo(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    if (isWhole(received)) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.write(request);
  const timer = setTimeout(() => socket.destroy(), 5000);
  await once(socket, 'close').finally(() => clearTimeout(timer));
  return received;
}

function isWhole(received: string): boolean {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return false;
  if (received.startsWith('HTTP/1.1 1')) return isWhole(received.slice(end + 4));
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, end));
  return received.length - end - 4 >= Number(length?.[1] ?? Infinity);
}

function requestOf({ target = '/path?query=1', method = 'GET', headers = [] }: Case, index: number): string {
  const host = target.startsWith('http') ? 'other:81' : 'example.com';
  const lines = [`Host: ${host}`, `X-Case: ${index}`, ...HEADERS, ...headers];
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

test('every action does to a request and an answer what it does in HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [theirs, ours] = [await freePort(), await freePort()];
  await startBalancer(t, configuration(theirs), { program: 'haproxy' });
  await startBalancer(t, configuration(ours), { program: LB });
  for (const [index, rulesCase] of CASES.entries())
    await t.test(`${rulesCase.rules.join('; ')} on ${rulesCase.target ?? '/path?query=1'}`, async () => {
      const request = requestOf(rulesCase, index);
      const expected = normalized(await answerTo(theirs, request));
      assert.equal(normalized(await answerTo(ours, request)), expected);
    });
});
