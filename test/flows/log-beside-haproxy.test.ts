/** Log lines of odd ends, held against those of the real haproxy: every field; of bytes and times whether there are any. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

/** What the client sends: then it waits for the end, or goes (`leaves`), or resets. */
interface Situation {
  readonly name: string;
  readonly send: string;
  readonly after?: 'waits' | 'leaves' | 'resets';
  readonly front?: string;
  readonly back?: string;
  readonly answer?: string;
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhello';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

const SITUATIONS: readonly Situation[] = [
  { name: 'no word, then the end', send: '', after: 'leaves' },
  { name: 'no word, then a reset', send: '', after: 'resets' },
  { name: 'no word at all', send: '' },
  { name: 'part of a head, then the end', send: 'GET / HT', after: 'leaves' },
  { name: 'part of a head', send: 'GET / HT' },
  { name: 'no request', send: '\x01\x02\r\n\r\n' },
  { name: 'a field that is none', send: 'GET / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n' },
  { name: 'deny', send: GET, front: 'http-request deny' },
  { name: 'reject', send: GET, front: 'http-request reject' },
  { name: 'silent-drop', send: GET, after: 'leaves', front: 'http-request silent-drop' },
  { name: 'redirect', send: GET, front: 'http-request redirect location /x' },
  { name: 'tarpit', send: GET, front: 'timeout tarpit 600\n  http-request tarpit' },
  {
    name: 'tarpit with a status',
    send: GET,
    front: 'timeout tarpit 600\n  http-request tarpit deny_status 429',
  },
  { name: 'a body that is waited for', send: POST, front: 'http-request wait-for-body time 600' },
  { name: 'a body that is buffered', send: POST, front: 'option http-buffer-request' },
  { name: 'a response that is denied', send: GET, answer: OK, back: 'http-response deny' },
  { name: 'a response that is replaced', send: GET, answer: OK, back: 'http-response return status 202' },
  { name: 'a status that a rule gave', send: GET, answer: OK, back: 'http-response set-status 418' },
  {
    name: 'a status that a rule gave to an answer of its own',
    send: GET,
    front: 'http-request deny\n  http-after-response set-status 429',
  },
  { name: 'a cookie, and no response', send: GET, answer: '', back: 'cookie S insert' },
  { name: 'a cookie, and a denial', send: GET, back: 'cookie S insert\n  http-request deny' },
  { name: 'a response that is none', send: GET, answer: 'NONSENSE\r\n\r\n' },
  { name: 'a server that says nothing', send: GET, answer: '' },
  { name: 'half a body', send: GET, answer: 'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello' },
  { name: 'all is well', send: GET, answer: OK },
];

const FORMAT =
  '%b/%s TR=%TR Tw=%Tw Tc=%Tc Tr=%Tr Ti=%Ti Td=%Td Ta=%Ta Tt=%Tt %ST B=%B %tsc %rc %sq/%bq %{+Q}r %HM %HP %HV';

/** By program: the lines of each situation. */
async function run(t: TestContext, program?: string): Promise<readonly string[]> {
  const logs = await startLogReceiver(t);
  // addresses that no other test uses: so many ports would be too likely to meet one of theirs
  const port = await freePort();
  const host = (index: number): string => `127.78.${program === undefined ? 1 : 2}.${index + 1}`;
  const sections: string[] = [];
  for (const [index, { front = '', back = '', answer = OK }] of SITUATIONS.entries()) {
    const { address } = await startRawOrigin(t, socket => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(answer));
    });
    sections.push(`frontend f${index}
  bind ${host(index)}:${port}
  log-format "=${index}= ${FORMAT}"
  ${front}
  default_backend b${index}
backend b${index}
  ${back}
  server s ${address}`);
  }
  await startBalancer(
    t,
    `global
  log 127.0.0.1:${logs.port} len 2048 local0
defaults
  mode http
  log global
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout http-request 2s
${sections.join('\n')}
`,
    { ports: [port], ...(program !== undefined && { program }) },
  );
  // it may listen before it serves
  await playFirst(host(SITUATIONS.length - 1), port);
  const lineOf = async (situation: Situation, index: number): Promise<string> => {
    await play(host(index), port, situation);
    const [line] = await logs.find(new RegExp(`=${index}= (?!.*/first).*`));
    return `${situation.name}: ${plain(line)}`;
  };
  const lines: Promise<string>[] = [];
  for (const [index, situation] of SITUATIONS.entries()) {
    const line = lineOf(situation, index);
    lines.push(line);
    // who goes by himself needs to be accepted soon; the others wait for timeouts, beside each other
    if (situation.after !== undefined) await line;
  }
  return Promise.all(lines);
}

/** The last address is bound last: that its port is open tells nothing. */
async function playFirst(host: string, port: number): Promise<void> {
  for (let tries = 500; ; tries--) {
    try {
      return await play(host, port, { name: '', send: GET.replace('/', '/first') });
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(20);
    }
  }
}

async function play(host: string, port: number, { send, after = 'waits' }: Situation): Promise<void> {
  const socket = connect(port, host);
  socket.on('error', () => undefined);
  socket.resume();
  const closed = new Promise(resolve => socket.once('close', resolve));
  await once(socket, 'connect');
  if (send !== '') socket.write(send, 'latin1');
  // a reset must not come before the connection was accepted
  if (after !== 'waits') await sleep(50);
  if (after === 'resets') socket.resetAndDestroy();
  else if (after === 'leaves') socket.end();
  if (!socket.closed && after !== 'resets')
    await Promise.race([closed, sleep(10_000, undefined, { ref: false })]);
  socket.destroy();
}

/** A busy machine takes its time: what counts is whether there is one (-1: none). Bytes are none or some. */
function plain(text: string): string {
  return text
    .trim()
    .replace(/\bb\d+\//, 'b/')
    .replace(/\bf\d+\//, 'f/')
    .replace(/\bB=[1-9]\d*/, 'B=some')
    .replace(/\b(T\w)=\d+/g, '$1=time');
}

/**
 * HAProxy 2.6 forgets the times of a response that rules deny or replace, 3.4 tells them; and 3.4 takes answers of its own
 * for no bytes of a server.
 */
function asNewer(line: string): string {
  if (/^a response that is (?:denied|replaced):/.test(line)) return line.replace(/\b(T[rd])=-1/g, '$1=time');
  return / Tr=-1 /.test(line) ? line.replace('B=some', 'B=0') : line;
}

test('log lines of odd ends are those of the real haproxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [ours, theirs] = await Promise.all([run(t), run(t, 'haproxy')]);
  assert.deepEqual(ours, theirs.map(asNewer));
});
