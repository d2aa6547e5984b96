/** `retry-on`: which failures of a server send a request again, and how often. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { startRawOrigin } from '../support/origin.ts';

const CLOSE = 'Connection: close\r\nContent-Length: 2\r\n\r\n';
const GOOD = `HTTP/1.1 200 OK\r\n${CLOSE}ok`;
const UNAVAILABLE = `HTTP/1.1 503 Service Unavailable\r\n${CLOSE}no`;

/** Gives one answer after the other, a request each; '' closes without a word, '-' never answers. */
async function startScript(t: TestContext, answers: string[]): Promise<{ address: string; seen: string[] }> {
  const seen: string[] = [];
  const { address } = await startRawOrigin(t, socket => {
    socket.on('error', () => undefined);
    socket.once('data', chunk => {
      seen.push(chunk.toString('latin1'));
      const answer = answers.shift() ?? GOOD;
      if (answer !== '-') socket.end(answer, 'latin1');
    });
  });
  return { address, seen };
}

async function ask(port: number, request: string): Promise<number> {
  const client = await KeepAliveClient.open(port);
  const { status } = await client.request(request);
  client.close();
  return status;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';

interface Case {
  readonly title: string;
  readonly words: string;
  readonly answers: readonly string[];
  readonly status: number;
  readonly tries: number;
  readonly request?: string;
  readonly rule?: string;
}

const CASES: readonly Case[] = [
  {
    title: 'what a rule allows more',
    words: 'retry-on empty-response',
    rule: 'http-request set-retries 4',
    answers: ['', '', '', '', GOOD],
    status: 200,
    tries: 5,
  },
  {
    title: 'what a rule forbids',
    words: 'retry-on empty-response',
    rule: 'http-request set-retries 0',
    answers: [''],
    status: 502,
    tries: 1,
  },
  { title: 'a listed status', words: 'retry-on 503', answers: [UNAVAILABLE], status: 200, tries: 2 },
  { title: 'another status', words: 'retry-on 500', answers: [UNAVAILABLE], status: 503, tries: 1 },
  {
    title: 'a listed status, until no try is left',
    words: 'retry-on 503',
    answers: Array.from({ length: 5 }, () => UNAVAILABLE),
    status: 503,
    tries: 3,
  },
  {
    title: 'a listed status, with a body',
    words: 'retry-on 503',
    answers: [UNAVAILABLE],
    status: 200,
    tries: 2,
    request: POST,
  },
  {
    title: 'a listed status that a rule forbids',
    words: 'retry-on 503',
    answers: [UNAVAILABLE],
    rule: 'http-request disable-l7-retry if METH_POST',
    status: 503,
    tries: 1,
    request: POST,
  },
  { title: 'an empty answer', words: 'retry-on empty-response', answers: [''], status: 200, tries: 2 },
  { title: 'an empty answer not listed', words: 'retry-on 503', answers: [''], status: 502, tries: 1 },
  { title: 'junk', words: 'retry-on junk-response', answers: ['what?\r\n\r\n'], status: 200, tries: 2 },
  {
    title: 'a part of a head',
    words: 'retry-on junk-response',
    answers: ['HTTP/1.1 200 OK\r\nX: '],
    status: 200,
    tries: 2,
  },
  { title: 'silence', words: 'retry-on response-timeout', answers: ['-'], status: 200, tries: 2 },
  {
    title: 'silence, until no try is left',
    words: 'retry-on response-timeout',
    answers: ['-', '-', '-'],
    status: 504,
    tries: 3,
  },
  {
    title: 'anything',
    words: 'retry-on all-retryable-errors',
    answers: ['-', UNAVAILABLE],
    status: 200,
    tries: 3,
  },
];

interface Flow {
  readonly port: number;
  readonly seen: string[];
}

/** A frontend, a backend and a server for each case, all of one program. */
async function startAll(t: TestContext): Promise<Flow[]> {
  const flows: Flow[] = [];
  let config = `
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 300ms
  retries 2
  option redispatch 0
`;
  for (const [index, { words, answers, rule = '' }] of CASES.entries()) {
    const { address, seen } = await startScript(t, [...answers]);
    const port = await freePort();
    flows.push({ port, seen });
    config += `
frontend f${index}
  bind 127.0.0.1:${port}
  default_backend b${index}
backend b${index}
  ${words}
  ${rule}
  server s ${address}
`;
  }
  await startBalancer(t, config);
  return flows;
}

test('what is listed is tried again, as often as retries say', async t => {
  const flows = await startAll(t);
  for (const [index, { title, words, status, tries, request = GET }] of CASES.entries())
    await t.test(`${words}: ${title} is answered ${status} after ${tries} tries`, async () => {
      const { port, seen } = flows[index] as Flow;
      assert.equal(await ask(port, request), status);
      assert.equal(seen.length, tries);
      for (const one of seen) assert.ok(one.endsWith(request === POST ? 'hello' : '\r\n\r\n'), one);
    });
});

test('retry-on none gives a refused connection no second try', async t => {
  const [dead, port] = [await freePort(), await freePort()];
  await startBalancer(
    t,
    `
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  retries 3
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  retry-on none
  http-after-response set-header tries %[txn.conn_retries]
  server s 127.0.0.1:${dead}
`,
  );
  const client = await KeepAliveClient.open(port);
  const answer = await client.request(GET);
  client.close();
  assert.equal(answer.status, 503);
  assert.match(answer.head, /tries: 0/);
});
