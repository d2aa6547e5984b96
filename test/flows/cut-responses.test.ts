/**
 * A server that ends, resets or stops at every byte of its answer: what the client can read of it, and whether it can
 * tell that something is missing, is what the real HAProxy would give it.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { exchange } from '../support/raw-exchange.ts';
import { requires } from '../support/requirement.ts';
import { resetSocket } from '../support/reset-socket.ts';

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX: y\r\n\r\n0123456789',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;e=f\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: v\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 None\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nuntil close',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloEXTRA',
  'HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\nextra',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
];
const WAYS = ['close', 'reset', 'stop'] as const;
/** Of the timeouts that end a server which stopped: not every byte waits for one. */
const STOP_STEP = 9;
const AT_ONCE = 16;
const QUIET_MS = 5000;
/** Between what is sent and what follows: a reset that overtakes it takes it away. A difference counts at leisure. */
const HASTE_MS = 10;
const LEISURE_MS = 500;

interface Cut {
  readonly answer: number;
  readonly length: number;
  readonly way: (typeof WAYS)[number];
}

function allCuts(): Cut[] {
  return ANSWERS.flatMap((text, answer) =>
    WAYS.flatMap(way =>
      Array.from({ length: text.length + 1 }, (_, length) => ({ answer, length, way })).filter(
        ({ length }) => way !== 'stop' || length % STOP_STEP === 0,
      ),
    ),
  );
}

function serve(socket: Socket): void {
  let asked = '';
  socket.on('data', chunk => {
    asked += chunk.toString('latin1');
    const [, answer, length, way] = /^GET \/(\d+)\/(\d+)\/(\w+) [^]*\r\n\r\n$/.exec(asked) ?? [];
    if (way === undefined) return;
    const request = asked;
    asked = '';
    const leave = (): void => {
      if (way === 'close') socket.end();
      else if (way === 'reset') resetSocket(socket);
    };
    const bytes = ANSWERS[Number(answer)]?.slice(0, Number(length)) ?? '';
    const leisureMs = Number(/^x-leisure: (\d+)/m.exec(request)?.[1]);
    if (bytes === '') leave();
    else socket.write(bytes, 'latin1', () => setTimeout(leave, leisureMs));
  });
}

async function start(t: TestContext, port: number, server: string, program?: string): Promise<void> {
  const config = `defaults
  mode http
  retries 0
  timeout connect 2s
  timeout client 10s
  timeout server 1s
listen l
  bind 127.0.0.1:${port}
  server s ${server}
`;
  await startBalancer(t, config, program === undefined ? {} : { program });
}

/** What a client makes of it: statuses, content without the chunks around it, and whether it is all. */
function reading(received: string): string {
  const statuses: string[] = [];
  let rest = received;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return `${statuses.join(' ')} no end of the head: ${JSON.stringify(rest)}`;
    const head = rest.slice(0, end);
    rest = rest.slice(end + 4);
    statuses.push(head.slice(9, 12));
    if (!head.startsWith('HTTP/1.1 1')) return `${statuses.join(' ')} ${readBody(head, rest)}`;
  }
}

function readBody(head: string, bytes: string): string {
  if (/^HTTP\/1\.1 [45]/.test(head)) return 'its own page';
  if (!/^transfer-encoding: *chunked/im.test(head)) {
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    return `'${bytes}' of ${length ?? 'any'}`;
  }
  let content = '';
  let rest = bytes;
  for (;;) {
    const [line = '', digits] = /^([0-9a-fA-F]+)(?:;[^\r\n]*)?\r\n/.exec(rest) ?? [];
    const size = Number.parseInt(digits ?? '', 16);
    if (size === 0) return `'${content}' ${rest.endsWith('\r\n\r\n') ? 'whole' : 'cut'}`;
    if (Number.isNaN(size)) return `'${content}' cut`;
    content += rest.slice(line.length, line.length + size);
    rest = rest.slice(line.length + size + 2);
  }
}

async function outcome(port: number, { answer, length, way }: Cut, leisureMs: number): Promise<string> {
  const request = `GET /${answer}/${length}/${way} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-leisure: ${leisureMs}\r\n\r\n`;
  const { received, closed } = await exchange(port, request, QUIET_MS);
  return `${reading(received)}${closed ? '' : ', and the connection stays'}`;
}

test('an answer that is cut at any byte is told as HAProxy tells it', { timeout: 300_000 }, async t => {
  if (!requires(t, 'haproxy')) return;
  const [own = 0, theirs = 0] = await freePorts(2);
  const { address } = await startRawOrigin(t, serve);
  await Promise.all([start(t, own, address), start(t, theirs, address, 'haproxy')]);
  const differ = async (cut: Cut, leisureMs: number): Promise<string | undefined> => {
    const [ours, expected] = await Promise.all([own, theirs].map(port => outcome(port, cut, leisureMs)));
    return ours === expected ? undefined : `${JSON.stringify(cut)}\n  ${ours}\n  HAProxy: ${expected}`;
  };
  const cuts = allCuts();
  const again: Cut[] = [];
  const work = async (): Promise<void> => {
    for (let cut = cuts.pop(); cut !== undefined; cut = cuts.pop())
      if ((await differ(cut, HASTE_MS)) !== undefined) again.push(cut);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const cut of again) assert.equal(await differ(cut, LEISURE_MS), undefined);
});
