/** Receivers that stop: a line that finds no room is counted, none waits, and none is torn. */
import assert from 'node:assert/strict';
import { closeSync, readSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ByteLine } from '../../src/base/byte-line.ts';
import { encodeUnix } from '../../src/net/socket-address.ts';
import {
  AF_UNIX,
  bindSocket,
  closeDescriptor,
  openDatagramSocket,
  openPipe,
  receiveNow,
} from '../../src/net/system-calls.ts';
import { openOutlet, type LogOutlet } from '../../src/worker/logs/log-outlet.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const HEADER = Buffer.from('<1>');
const ROOM = 60_000;

function send(outlet: LogOutlet, text: string): void {
  const line = new ByteLine();
  line.add(text);
  outlet.send(HEADER, line, ROOM);
}

function pipe(t: TestContext): { readonly readFd: number; readonly writeFd: number } {
  const ends = openPipe(65_536);
  assert.ok(typeof ends === 'object');
  t.after(() => closeSync(ends.readFd));
  return ends;
}

/** What is in it now. */
function drain(fd: number): string {
  const piece = Buffer.alloc(65_536);
  let text = '';
  for (;;)
    try {
      const length = readSync(fd, piece);
      if (length === 0) return text;
      text += piece.toString('latin1', 0, length);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
      return text;
    }
}

for (const size of [100, 5000, 11_000, 50_000])
  test(`lines of ${size} bytes into a pipe that nobody reads: those that are taken are whole`, t => {
    const { readFd, writeFd } = pipe(t);
    t.after(() => closeSync(writeFd));
    const outlet = openOutlet({ kind: 'fd', fd: writeFd });
    const sent = Math.ceil(200_000 / size);
    const texts = Array.from({ length: sent }, (_, index) => `${index} `.padEnd(size, 'x'));
    for (const text of texts) send(outlet, text);
    const { lost } = outlet;
    assert.ok(lost > 0 && lost < sent, `${lost} of ${sent}`);
    let read = drain(readFd);
    send(outlet, 'last');
    read += drain(readFd);
    const expected = [...texts.slice(0, sent - lost), 'last'].map(text => `<1>${text}\n`).join('');
    assert.ok(read === expected, `${read.length} bytes instead of ${expected.length}`);
    assert.equal(outlet.lost, lost);
  });

test('lines into a pipe whose reader has gone are counted', t => {
  const ends = openPipe(65_536);
  assert.ok(typeof ends === 'object');
  t.after(() => closeSync(ends.writeFd));
  const outlet = openOutlet({ kind: 'fd', fd: ends.writeFd });
  closeSync(ends.readFd);
  send(outlet, 'one');
  send(outlet, 'two');
  assert.equal(outlet.lost, 2);
});

test('datagrams to a unix socket whose reader has stopped are counted, and flow again when it reads', t => {
  const path = join(temporaryFolder(t), 'log');
  const receiver = openDatagramSocket(AF_UNIX);
  t.after(() => closeDescriptor(receiver));
  assert.equal(bindSocket(receiver, encodeUnix(path) as Buffer), 0);
  const outlet = openOutlet({ kind: 'syslog', transport: 'udp', address: { kind: 'unix', path } });
  for (let number = 0; number < 2000; number++) send(outlet, String(number));
  outlet.close();
  const { lost } = outlet;
  const piece = Buffer.alloc(1000);
  let received = 0;
  while (receiveNow(receiver, piece) > 0) received++;
  assert.ok(lost > 0);
  assert.equal(received + lost, 2000);
  const again = openOutlet({ kind: 'syslog', transport: 'udp', address: { kind: 'unix', path } });
  send(again, 'again');
  again.close();
  assert.equal(piece.toString('latin1', 0, receiveNow(receiver, piece)), '<1>again\n');
  assert.equal(again.lost, 0);
});

test('a receiver that comes back is found although the time of day was set back meanwhile', async t => {
  const path = join(temporaryFolder(t), 'log');
  const outlet = openOutlet({ kind: 'syslog', transport: 'stream', address: { kind: 'unix', path } });
  t.after(() => outlet.close());
  send(outlet, 'nobody hears it');
  await until('the failure', () => outlet.lost > 0);
  const anHourAgo = Date.now() - 3_600_000;
  t.mock.method(Date, 'now', () => anHourAgo);
  const heard: string[] = [];
  const receiver = createServer(socket => socket.on('data', chunk => heard.push(String(chunk))));
  t.after(() => receiver.close());
  receiver.listen(path);
  // `until` looks at the time of day
  for (let count = 0; count < 1000 && heard.length === 0; count++) {
    send(outlet, 'heard');
    await sleep(10);
  }
  assert.match(heard.join(''), /<1>heard/);
});
