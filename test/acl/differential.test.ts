/**
 * The same expressions over the same messages in HAProxy (each as a response header) and here. The requests
 * travel over a real connection to it; here they are parsed and evaluated in this process.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { compileCondition } from '../../src/acl/condition.ts';
import { compileLogFormat } from '../../src/acl/log-format.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import type { Phase } from '../../src/acl/phase.ts';
import { storeVariable } from '../../src/acl/store-conditions.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { AT, conditionOf, testEnvironment } from './compile-environment.ts';
import {
  CONDITIONS,
  FILES,
  MAP_EXPRESSIONS,
  REQUEST_EXPRESSIONS,
  REQUESTS,
  RESPONSE_EXPRESSIONS,
} from './differential-cases.ts';
import type { RawRequest } from './differential-cases.ts';
import { CLIENT, requestHead, responseHead, sampleContext } from './sample-context.ts';
import type { MutableContext } from './sample-context.ts';
import { requires } from '../support/requirement.ts';

const ACLS = ['is_get method GET', 'is_post method POST', 'two_lines path_beg /zzz', 'two_lines method GET'];
/** HAProxy takes 64 words a line. */
const PER_PROXY = 19;
const RESPONSE_HEADERS: readonly (readonly [string, string])[] = [
  ['x-one', 'One'],
  ['x-two', 'a, b'],
  ['x-two', 'c'],
  ['x-num', '42'],
  ['x-ip', '10.9.8.7'],
  ['set-cookie', 'sid=abc; Path=/'],
  ['set-cookie', 'n=7; theme=dark'],
];

/** Quoted for a configuration line. */
function quoted(text: string): string {
  return `"${text.replace(/["\\$]/g, '\\$&')}"`;
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function withFiles(text: string, folder: string): string {
  return text.replace(/\b([A-Z]*MAP|PATHS)\b/g, name => join(folder, name));
}

interface Rig {
  readonly folder: string;
  readonly ask: (section: number, request: RawRequest) => Promise<Answer>;
}

interface Answer {
  readonly headers: ReadonlyMap<string, string>;
  readonly clientPort: number;
  readonly port: number;
}

const HEAD = `global
  tune.bufsize 131072
  tune.maxrewrite 4096
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  timeout http-request 5s
`;

async function startHaproxy(t: TestContext, sections: readonly (readonly string[])[]): Promise<Rig> {
  const folder = temporaryFolder(t);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
  const ports: number[] = [];
  let config = HEAD;
  for (const [index, lines] of sections.entries()) {
    const port = await freePort();
    ports.push(port);
    config += `listen s${index}\n  bind 127.0.0.1:${port}\n`;
    config += ACLS.map(acl => `  acl ${acl}\n`).join('');
    config += lines.map(line => `  ${withFiles(line, folder)}\n`).join('');
  }
  await startBalancer(t, config, { program: 'haproxy', ports });
  return { folder, ask: (section, request) => ask(ports[section] as number, request) };
}

function ask(port: number, { line, headers }: RawRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const head = [line, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
    socket.once('connect', () => socket.write(Buffer.from(head, 'latin1')));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\r\n\r\n')) return;
      const clientPort = socket.localPort ?? 0;
      socket.destroy();
      resolve({ headers: parseAnswer(text), clientPort, port });
    });
    socket.on('error', reject);
    socket.on('end', () => reject(new Error(`no answer: ${text}`)));
  });
}

function parseAnswer(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n')) {
    const match = /^(v[0-9]+): (.*)$/.exec(line);
    if (match !== null) found.set(match[1] as string, match[2] as string);
  }
  return found;
}

function contextOf({ line, headers }: RawRequest, answer: Answer, section: number): MutableContext {
  const [method, target] = line.split(' ') as [string, string];
  const name = `s${section}`;
  const request = requestHead(
    method,
    target,
    headers.map(([header, value]) => [header, value.trim()]),
  );
  return sampleContext({
    request,
    client: {
      ...CLIENT,
      source: { family: 4, host: '127.0.0.1', port: answer.clientPort },
      destination: { family: 4, host: '127.0.0.1', port: answer.port },
    },
    frontend: {
      name,
      id: 0,
      defaultBackend: undefined,
      timeouts: { client: 0, server: 0, connect: 0, queue: 0, tunnel: 0, tarpit: 0 },
    },
    process: { ...sampleContext().process, isLocalAddress: () => true },
  });
}

/** Differences between what HAProxy answered and what the closures give. */
function compare(
  expressions: readonly string[],
  phase: Phase,
  folder: string,
  exchanges: readonly { readonly answer: Answer; readonly ctx: MutableContext; readonly label: string }[],
): string[] {
  const files = Object.fromEntries(
    Object.entries(FILES).map(([name, content]) => [join(folder, name), content]),
  );
  const env = testEnvironment({ acls: ACLS, files });
  const formats = expressions.map(expression =>
    compileLogFormat(`<%[${withFiles(expression, folder)}]>`, AT, phaseBit(phase), env, { style: 'http' }),
  );
  assert.deepEqual(
    env.diagnostics.map(diagnostic => diagnostic.message),
    [],
  );
  const differences: string[] = [];
  for (const { answer, ctx, label } of exchanges)
    for (const [index, format] of formats.entries()) {
      const theirs = answer.headers.get(`v${index}`);
      const ours = format?.render(ctx);
      if (theirs !== ours)
        differences.push(`${label}: ${expressions[index]}: HAProxy ${theirs}, here ${ours}`);
    }
  return differences;
}

test('request expressions, maps included, give what HAProxy gives', async t => {
  if (!requires(t, 'haproxy')) return;
  const parts = chunks([...REQUEST_EXPRESSIONS, ...MAP_EXPRESSIONS], PER_PROXY);
  const rig = await startHaproxy(
    t,
    parts.map(expressions => [
      `http-request return status 200 ${expressions
        .map((expression, index) => `hdr v${index} ${quoted(`<%[${expression}]>`)}`)
        .join(' ')}`,
    ]),
  );
  const differences: string[] = [];
  for (const [section, expressions] of parts.entries()) {
    const exchanges = [];
    for (const request of REQUESTS) {
      const answer = await rig.ask(section, request);
      exchanges.push({ answer, ctx: contextOf(request, answer, section), label: request.line });
    }
    differences.push(...compare(expressions, 'frontend http-request header rule', rig.folder, exchanges));
  }
  assert.ok(REQUEST_EXPRESSIONS.length >= 400);
  assert.deepEqual(differences, []);
});

test('response expressions give what HAProxy gives', async t => {
  if (!requires(t, 'haproxy')) return;
  const originPort = await freePort();
  const origin = [
    `bind 127.0.0.1:${originPort}`,
    `http-request return status 203 ${RESPONSE_HEADERS.map(([name, value]) => `hdr ${name} ${quoted(value)}`).join(' ')}`,
  ];
  const front = [
    ...RESPONSE_EXPRESSIONS.map(
      (expression, index) => `http-response set-header v${index} ${quoted(`<%[${expression}]>`)}`,
    ),
    `server srv1 127.0.0.1:${originPort}`,
  ].filter(line => !line.includes('res.hdrs'));
  const rig = await startHaproxy(t, [front, origin]);
  const expressions = RESPONSE_EXPRESSIONS.map(expression =>
    expression.startsWith('res.hdrs') ? 'str(skipped)' : expression,
  );
  const request = REQUESTS[0] as RawRequest;
  const answer = await rig.ask(0, request);
  const ctx = contextOf(request, answer, 0);
  ctx.response = responseHead(203, RESPONSE_HEADERS);
  ctx.server = { ...(ctx.server as NonNullable<typeof ctx.server>), name: 'srv1', id: 1 };
  ctx.backend = { ...(ctx.frontend as NonNullable<typeof ctx.frontend>), name: 's0', id: 2 };
  ctx.frontend = ctx.backend;
  const differences = compare(expressions, 'backend http-response header rule', rig.folder, [
    { answer, ctx, label: 'response' },
  ]);
  assert.deepEqual(
    differences.filter(difference => !difference.includes('skipped')),
    [],
  );
});

test('conditions hold when they hold in HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const parts = chunks(CONDITIONS, PER_PROXY);
  const rig = await startHaproxy(
    t,
    parts.map(conditions => [
      ...conditions.map(
        (_, index) => `http-after-response set-header v${index} yes if { var(txn.c${index}) -m bool }`,
      ),
      ...conditions.map(
        (condition, index) => `http-request set-var(txn.c${index}) bool(true) if ${condition}`,
      ),
      'http-request return status 200',
    ]),
  );
  const differences: string[] = [];
  for (const [section, conditions] of parts.entries())
    for (const request of REQUESTS) {
      const answer = await rig.ask(section, request);
      const ctx = contextOf(request, answer, section);
      const files = Object.fromEntries(
        Object.entries(FILES).map(([name, content]) => [join(rig.folder, name), content]),
      );
      const env = testEnvironment({ acls: ACLS, files });
      for (const [index, condition] of conditions.entries()) {
        const text = withFiles(condition, rig.folder).replaceAll('\\\\', '\\');
        const compiled = compileCondition(
          conditionOf(`if ${text}`),
          phaseBit('frontend http-request header rule'),
          env,
        );
        const theirs = answer.headers.get(`v${index}`) === 'yes';
        const ours = compiled?.test(ctx);
        if (theirs !== ours)
          differences.push(`${request.line}: ${condition}: HAProxy ${theirs}, here ${ours}`);
      }
    }
  assert.deepEqual(differences, []);
});

/** Aliases whose value does not depend on time or load, and expressions under every flag. */
const LOG_FORMATS: readonly string[] = [
  '%ci|%f|%ft|%b|%s|%HM|%HP|%HQ|%HU|%HV|%r|%{+Q}r|%{+E}r|%ST|%ts|%tsc|%CC|%CS|%hr|%hrl|%hs|%hsl',
  '%{+Q}o %ci %f %b %s %r %hr %hrl %CC %{-Q}s end',
  'a  %hs   b %hsl c %CS  d',
  '%{+X}ci %{+X}fi %fp %rc %bq/%sq',
  '%[var(txn.x)] %{+Q}[var(txn.x)] %{+E}[var(txn.x)] %{+Q,+E}[var(txn.x)]',
  '[%[var(txn.none)]] [%{+Q}[var(txn.none)]] [%{-M}[var(txn.none)]]',
  '%[capture.req.hdr(0)] %[capture.req.hdr(1)] %[capture.req.method] %[capture.req.uri] %[capture.req.ver]',
  '%[src] %[src,ipmask(8)] %[int(5)] %[always_true] %[bin(414200ff),hex] %[bin(41420043)] 100%%',
  '%{+Q}[bin(4142)]%{+Q}[str(x)]',
  '%si %{+Q}si',
];

test('log lines are those of HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const ports: number[] = [];
  let config = `global\n  log stdout format raw local0\n${HEAD.replace(/^global\n/, '')}  log global\n`;
  for (const [index, format] of LOG_FORMATS.entries()) {
    const port = await freePort();
    ports.push(port);
    config += `listen s${index}\n  bind 127.0.0.1:${port}\n  log-format ${quoted(`L${index} ${format} .`)}\n`;
    config += '  capture request header x-text len 40\n  capture request header x-none len 40\n';
    config += '  http-request set-var(txn.x) req.fhdr(x-text)\n  http-request return status 200\n';
  }
  const balancer = await startBalancer(t, config, { program: 'haproxy', ports });
  const differences: string[] = [];
  for (const request of REQUESTS.slice(0, 2))
    for (const [index, format] of LOG_FORMATS.entries()) {
      const seen = linesOf(balancer.output(), index).length;
      const answer = await ask(ports[index] as number, request);
      const lines = await waitForLine(() => linesOf(balancer.output(), index), seen);
      const ours = logLine(format, request, answer, index);
      if (lines.at(-1) !== ours) differences.push(`${format}\nHAProxy ${lines.at(-1)}\nhere    ${ours}`);
    }
  assert.deepEqual(differences, []);
});

function linesOf(output: string, index: number): string[] {
  return output
    .split('\n')
    .flatMap(line => (line.startsWith(`L${index} `) ? [line.slice(`L${index} `.length)] : []));
}

async function waitForLine(read: () => string[], seen: number): Promise<string[]> {
  const end = Date.now() + 5000;
  while (read().length <= seen && Date.now() < end) await new Promise(resolve => setImmediate(resolve));
  return read();
}

function logLine(format: string, request: RawRequest, answer: Answer, index: number): string {
  const ctx = contextOf(request, answer, index);
  const header = (name: string) => request.headers.filter(([key]) => key.toLowerCase() === name).at(-1)?.[1];
  ctx.requestCaptures = [header('x-text')?.slice(0, 40), undefined];
  ctx.server = undefined;
  ctx.backend = ctx.frontend;
  ctx.transaction = {
    ...(ctx.transaction as NonNullable<typeof ctx.transaction>),
    terminationState: 'LR',
    cookieState: '--',
    retries: 0,
    serverQueue: 0,
    backendQueue: 0,
  };
  const env = testEnvironment();
  const name = env.variables.resolve('txn.x');
  assert.ok(typeof name !== 'string');
  const text = header('x-text');
  if (text !== undefined) storeVariable(ctx, name, text, []);
  const compiled = compileLogFormat(`${format} .`, AT, phaseBit('logs'), env, { style: 'log' });
  return compiled?.render(ctx) ?? JSON.stringify(env.diagnostics);
}
