/** `%rt`: what takes a number, and what comes and goes without one, as in the real haproxy. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { bounded } from '../support/http2-client.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const CLOSE = GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');

type Frontend = 'told' | 'quiet' | 'null' | 'tcp';

/** What a client says, and how many lines tell of it. */
const VISITS: readonly (readonly [frontend: Frontend, says: string, lines: number])[] = [
  ['told', CLOSE, 1],
  ['quiet', '', 0],
  ['quiet', CLOSE, 1],
  ['null', '', 0],
  ['null', CLOSE, 1],
  ['told', '', 1],
  ['told', 'GET / HT', 1],
  ['quiet', GET + GET, 2],
  ['quiet', '', 0],
  ['tcp', CLOSE, 1],
  ['told', 'nonsense\r\n\r\n', 1],
  ['told', CLOSE, 1],
];

/** The numbers of all lines, from the first one's on, and their frontends. */
async function run(t: TestContext, program: string | undefined): Promise<string[]> {
  const [told = 0, quiet = 0, empty = 0, tcp = 0] = await freePorts(4);
  const config = `global
  nbthread 1
defaults
  mode http
  log stdout format raw local0
  log-format "line %rt %f"
  timeout client 5s
  timeout connect 5s
  timeout server 5s
frontend told
  bind 127.0.0.1:${told}
  http-request return status 200
frontend quiet
  bind 127.0.0.1:${quiet}
  option http-ignore-probes
  http-request return status 200
frontend null
  bind 127.0.0.1:${empty}
  option dontlognull
  http-request return status 200
listen tcp
  mode tcp
  bind 127.0.0.1:${tcp}
  server own 127.0.0.1:${quiet}
`;
  const balancer = await startBalancer(t, config, program === undefined ? {} : { program });
  const ports: Readonly<Record<Frontend, number>> = { told, quiet, null: empty, tcp };
  // not by UDP, whose datagrams are lost where floods of other tests fill the kernel's backlog
  const lines = (): string[][] =>
    [...balancer.output().matchAll(/^line (\d+) (\w+)$/gm)].map(line => line.slice(1));
  let expected = 0;
  for (const [frontend, says, count] of VISITS) {
    await visit(ports[frontend], says);
    // behind a session of mode tcp there is a request
    expected += frontend === 'tcp' ? count + 1 : count;
    await until('their lines', () => lines().length >= expected);
  }
  const first = Number(lines()[0]?.[0]);
  // two lines of one visit come in any order
  return lines()
    .map(([number, frontend]) => `${Number(number) - first} ${frontend}`)
    .toSorted();
}

async function visit(port: number, says: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const end = once(socket, 'close');
  socket.write(says);
  // the real haproxy takes no second request that comes in one piece with the end
  await answers(socket, says.split(GET).length - 1);
  socket.end();
  await bounded('the end of a visit', end);
}

/** Reads until so many responses have begun, and on. */
async function answers(socket: Socket, count: number): Promise<void> {
  let read = '';
  socket.on('data', (data: Buffer) => (read += data.toString('latin1')));
  while (read.split('HTTP/1.1 200').length <= count)
    await bounded('the answers of a visit', once(socket, 'data'));
}

test('requests, sessions and lines without either take numbers as in the real haproxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [own, real] = await Promise.all([run(t, undefined), run(t, 'haproxy')]);
  assert.equal(
    real.length,
    VISITS.reduce((sum, [, , lines]) => sum + lines, 1),
  );
  assert.deepEqual(own, real);
});
