/**
 * Odd expressions, conditions, log formats and rules (test/cases/odd) in the real HAProxy and in lb: what one
 * refuses the other refuses, and what both take gives the same over the same requests. A line that starts with `!`
 * is refused. Every line stands in a proxy of its own, behind a unix socket.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const quoted = (text: string): string => `"${text.replace(/["\\$]/g, '\\$&')}"`;
const answering = (format: string): string => `http-request return status 200 hdr v ${format}`;
const SEEN = '"%[method] %[url] %[path] %[query] %[var(txn.o)] %[var(txn.i)] %[req.hdrs]"';

interface Kind {
  readonly file: string;
  /** The line of a configuration that one line of the file becomes. */
  readonly line: (text: string) => string;
  /** What answers when that line does not. */
  readonly otherwise: string;
}

const KINDS: readonly Kind[] = [
  { file: 'expressions', line: text => answering(quoted(`<%[${text}]>`)), otherwise: answering('no') },
  { file: 'conditions', line: text => `${answering('yes')} if ${text}`, otherwise: answering('no') },
  { file: 'log-formats', line: text => answering(quoted(`<${text}>`)), otherwise: answering('no') },
  { file: 'rules', line: text => text, otherwise: answering(SEEN) },
];

const HEAD = `global
  nbthread 1
  tune.bufsize 32768
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 10s
userlist ul
  user joe insecure-password pw
backend be1
  stick-table type ip size 100 expire 1m store http_req_rate(10s),gpc0
  server s1 127.0.0.1:1 disabled
  server s2 127.0.0.1:2
`;

const REQUESTS = [
  [
    'GET /a/b%20c/d.html?a=1&b=two&a=3&e=&f=x%20y+z HTTP/1.1',
    'Host: Example.COM:8080',
    'User-Agent: Mozilla/5.0 (X11; Linux)',
    'X-List: one, two ,three,,five',
    'X-Num: 42',
    'X-Neg: -17',
    'X-Big: 9223372036854775807',
    'X-Ip: 192.168.1.77',
    'X-Ip6: 2001:db8::1:2',
    'X-Empty:',
    'Cookie: a=1; b=two; c="q v"; a=9',
    String.raw`X-Json: {"a":1,"b":{"c":[1,2,{"d":"x"}]},"s":"q\"uote","f":1.5,"t":true,"n":null}`,
    'X-Bytes: \xe9\xff\tab',
    'X-Url: http://u:p@host.tld:81/p/a?x=1',
    'Authorization: Basic am9lOnB3',
  ],
  [
    'POST http://abs.tld:99/x;y=1/?q HTTP/1.0',
    'Host: abs.tld:99',
    'Content-Length: 0',
    'X-Num: 0x1f',
    'X-Ip: ::ffff:10.0.0.1',
    'X-List: ,',
    'X-Neg: abc',
  ],
  ['OPTIONS * HTTP/1.1', 'Host: h', 'X-Num:  12abc ', 'X-Ip: 1.2.3'],
].map(lines => [...lines, '', ''].join('\r\n'));

function linesOf({ file }: Kind): string[] {
  return readFileSync(`test/cases/odd/${file}.txt`, 'utf8').trimEnd().split('\n');
}

interface Built {
  readonly text: string;
  /** Line of the configuration, from 1, where the line of each proxy stands. */
  readonly places: readonly number[];
}

function build(kind: Kind, lines: readonly string[], folder: string): Built {
  let text = HEAD;
  const places: number[] = [];
  for (const [index, line] of lines.entries()) {
    text += `listen l${index}\n  bind unix@${socketPath(folder, index)}\n  acl is_get method GET\n`;
    text += '  http-request set-var(txn.s) str(hello)\n  http-request set-var(txn.i) int(7)\n';
    text += '  http-request set-var(txn.neg) int(-3)\n  http-request set-var(txn.ip) src\n';
    text += '  http-request set-var(txn.b) bool(true)\n';
    places.push(text.split('\n').length);
    text += `  ${kind.line(line)}\n  ${kind.otherwise}\n`;
  }
  return { text, places };
}

const socketPath = (folder: string, index: number): string => join(folder, `${index}.sock`);

/** The lines a program refuses; it may stop at the first, so it is asked again without those it named. */
function refused(program: string, kind: Kind, lines: readonly string[], folder: string): string[] {
  const file = join(folder, 'checked.cfg');
  const found: string[] = [];
  for (let left = [...lines]; ;) {
    const { text, places } = build(kind, left, folder);
    writeFileSync(file, text);
    const { stderr, status } = spawnSync(program, ['-c', '-f', file], { encoding: 'utf8' });
    const named = new Set(
      [...stderr.matchAll(/^\[ALERT\].*parsing \[[^\]]*:(\d+)\]/gm)].map(([, line]) => Number(line)),
    );
    const bad = left.filter((_, index) => named.has(places[index] as number));
    if (bad.length === 0) {
      assert.equal(status, 0, stderr);
      return found;
    }
    found.push(...bad);
    left = left.filter(line => !bad.includes(line));
  }
}

/** Unix sockets of that folder that listen: HAProxy gives them other names for a moment, and listens on TCP first. */
function listening(folder: string): number {
  const sockets = readFileSync('/proc/net/unix', 'latin1').split('\n');
  return sockets.filter(line => line.includes(` ${LISTENS} `) && line.includes(folder)).length;
}

/** Of the kernel's flags: __SO_ACCEPTCON. */
const LISTENS = '00010000';

/** The header `v`, or what an answer without it says. */
function ask(path: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    const finish = (): void => {
      socket.destroy();
      const head = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
      const value = head.find(line => line.startsWith('v: '));
      const told = head.filter(line => /^(HTTP|location|set-cookie|content-|www-|x-)/i.test(line));
      resolve(value ?? told.join(' | '));
    };
    socket.setEncoding('latin1');
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer on ${path}`)));
    socket.on('connect', () => socket.write(Buffer.from(request, 'latin1')));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\r\n\r\n')) finish();
    });
    socket.on('end', finish);
    socket.on('error', reject);
  });
}

async function answers(
  t: TestContext,
  kind: Kind,
  lines: readonly string[],
  program?: string,
): Promise<string[]> {
  const folder = temporaryFolder(t);
  const port = await freePort();
  const { text } = build(kind, lines, folder);
  const ready = `frontend ready\n  bind 127.0.0.1:${port}\n`;
  const balancer = await startBalancer(t, text + ready, {
    ports: [port],
    ...(program !== undefined && { program }),
  });
  const found: string[] = [];
  await until('all sockets listen', () => listening(folder) >= lines.length);
  for (const [index, line] of lines.entries())
    for (const [number, request] of REQUESTS.entries())
      found.push(`${line} [${number}] ${await ask(socketPath(folder, index), request)}`);
  await balancer.stop();
  return found;
}

for (const kind of KINDS) {
  test(`odd ${kind.file}: HAProxy and lb refuse the same lines`, t => {
    if (!requires(t, 'haproxy')) return;
    const marked = linesOf(kind);
    const lines = marked.map(line => line.replace(/^!/, ''));
    const expected = marked.filter(line => line.startsWith('!')).map(line => line.slice(1));
    const folder = temporaryFolder(t);
    const ours = refused(LB, kind, lines, folder);
    assert.deepEqual(
      ours.filter(line => !expected.includes(line)),
      [],
      'lb refuses more',
    );
    assert.deepEqual(
      expected.filter(line => !ours.includes(line)),
      [],
      'lb refuses less',
    );
    const taken = lines.filter(line => !expected.includes(line));
    assert.deepEqual(refused('haproxy', kind, taken, folder), [], 'haproxy');
  });

  test(`odd ${kind.file}: the same lines give the same in HAProxy and in lb`, async t => {
    if (!requires(t, 'haproxy')) return;
    const lines = linesOf(kind).filter(line => !line.startsWith('!'));
    const theirs = await answers(t, kind, lines, 'haproxy');
    assert.deepEqual(await answers(t, kind, lines), theirs);
  });
}
