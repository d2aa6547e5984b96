/**
 * Checks whose questions are the administrator's own, and agents: each with a healthy server, and with servers that
 * refuse, reset, keep silent, answer wrongly and answer too slowly. ready-made.test.ts does the same for ready-made ones.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeIp } from '../../src/net/socket-address.ts';
import { AF_INET, bindSocket, closeDescriptor, listenOn, openSocket } from '../../src/net/system-calls.ts';
import { checkedBackend, firstFinding, startChecks } from '../support/check-runner.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';

interface Asked {
  readonly name: string;
  readonly rules: string;
  /** Of the server line. */
  readonly options: (port: string) => string;
  /** The server waits to be asked. */
  readonly listens: boolean;
  readonly answer: string;
  readonly wrong: string;
  /** What is found, healthy first. */
  readonly passes: RegExp;
  readonly wrongIs: RegExp;
}

const CHECKS: readonly Asked[] = [
  {
    name: 'httpchk',
    rules: 'option httpchk GET /health',
    options: () => '',
    listens: true,
    answer: 'HTTP/1.0 200 fine\r\n\r\n',
    wrong: 'HTTP/1.0 503 not now\r\n\r\n',
    passes: /^succeeded, reason: Layer7 check passed, code: 200/,
    wrongIs: /^failed, reason: Layer7 wrong status, code: 503, info: "not now"/,
  },
  {
    name: 'tcp-check',
    rules: 'option tcp-check\n tcp-check send PING\n tcp-check expect string PONG',
    options: () => '',
    listens: true,
    answer: 'PONG',
    wrong: 'WRONG',
    passes: /^succeeded, reason: Layer7 check passed/,
    // what does not match yet may match with more bytes: only the end makes it wrong
    wrongIs:
      /^failed, reason: Layer7 invalid response, info: "TCPCHK did not match content 'PONG' at step 2"/,
  },
  {
    name: 'agent-check',
    rules: '',
    options: port => `agent-check agent-port ${port} agent-inter 150ms`,
    listens: false,
    answer: 'up\n',
    wrong: 'down # too hot\n',
    passes: /^succeeded, reason: Layer7 check passed/,
    wrongIs: /^failed, reason: Layer7 wrong status, code: 0, info: ".*too hot/,
  },
];

const PATIENT_MS = 5000;

const lineOf = async (t: TestContext, check: Asked, address: string, timeoutMs = 150): Promise<string> => {
  const [, port = ''] = address.split(':');
  const options = check.options(port);
  if (options === '') return firstFinding(t, check.rules, address, options, timeoutMs);
  // nothing else checks that server
  const text = checkedBackend(check.rules, address, options, timeoutMs).replace(' check inter', ' inter');
  const line = await startChecks(t, text).line(/^Agent check for/, 2 * PATIENT_MS);
  return line.replace(/^.* server b\/s1 /, '');
};

const found = async (
  t: TestContext,
  check: Asked,
  serve: (socket: Socket) => void,
  timeoutMs?: number,
): Promise<string> => {
  const { address } = await startRawOrigin(t, socket => {
    socket.on('error', () => undefined);
    if (check.listens) socket.once('data', () => serve(socket));
    else serve(socket);
  });
  return lineOf(t, check, address, timeoutMs);
};

for (const check of CHECKS) {
  test(`${check.name}: a healthy server passes`, async t => {
    assert.match(await found(t, check, socket => void socket.end(check.answer), PATIENT_MS), check.passes);
  });

  test(`${check.name}: a server that refuses is a problem of layer 4`, async t => {
    assert.match(
      await lineOf(t, check, `127.0.0.1:${await freePort()}`),
      /^failed, reason: Layer4 connection problem, info: "ECONNREFUSED/,
    );
  });

  test(`${check.name}: a server that resets is an error of the socket`, async t => {
    assert.match(
      await found(t, check, socket => void setTimeout(() => socket.resetAndDestroy(), 20), PATIENT_MS),
      /^failed, reason: Socket error, info: "ECONNRESET/,
    );
  });

  test(`${check.name}: silence ends with the time that is given`, async t => {
    assert.match(await found(t, check, () => undefined), /^failed, reason: Layer7 timeout/);
  });

  test(`${check.name}: a wrong answer is told as such`, async t => {
    assert.match(await found(t, check, socket => void socket.end(check.wrong), PATIENT_MS), check.wrongIs);
  });

  test(`${check.name}: an answer that comes too slowly ends with the time too`, async t => {
    const dribble = async (socket: Socket): Promise<void> => {
      for (const byte of check.answer) {
        await sleep(100);
        if (socket.destroyed) return;
        socket.write(byte);
      }
    };
    assert.match(await found(t, check, socket => void dribble(socket)), /^failed, reason: Layer7 timeout/);
  });
}

test('a TCP check: whatever keeps a connection from standing fails at layer 4', async t => {
  const refused = `127.0.0.1:${await freePort()}`;
  assert.match(
    await firstFinding(t, '', refused),
    /^failed, reason: Layer4 connection problem, info: "ECONNREF/,
  );
  const absent = await firstFinding(t, '', 'unix@/nonexistent/lb.sock');
  assert.match(
    absent,
    /^failed, reason: Socket error, info: "General socket error .No such file or directory."/,
  );
  const elsewhere = await firstFinding(t, '', refused, 'source 192.0.2.7');
  assert.match(elsewhere, /^failed, reason: Socket error, info: ".*Cannot assign requested address/);
});

test('a TCP check: a server whose backlog is full lets it wait until its time is over', async t => {
  const fd = openSocket(AF_INET);
  t.after(() => closeDescriptor(fd));
  const port = await freePort();
  assert.ok(bindSocket(fd, encodeIp(4, '127.0.0.1', port)) >= 0 && listenOn(fd, 0) >= 0);
  // it has place for one connection that nobody accepts
  for (let i = 0; i < 2; i++) {
    const waiting = connect(port, '127.0.0.1').on('error', () => undefined);
    t.after(() => waiting.destroy());
    if (i === 0) await once(waiting, 'connect');
  }
  assert.match(await firstFinding(t, '', `127.0.0.1:${port}`), /^failed, reason: Layer4 timeout/);
});

test('a TCP check passes a server that accepts, and resets what it has made', async t => {
  const { address } = await startRawOrigin(t, socket => void socket.on('error', () => undefined));
  assert.equal(await firstFinding(t, '', address), 'succeeded, reason: Layer4 check passed');
});
