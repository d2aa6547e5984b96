/** `log-forward` sections: what comes in at sockets of every kind, and what goes out of it, beside the real HAProxy. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/admin-client.ts';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PATIENCE_MS = 10_000;

interface Forwarding {
  readonly balancer: Balancer;
  readonly port: number;
  readonly admin: string;
  readonly folder: string;
}

/** `lines`: of the section, behind its two binds at the same port. */
async function startForwarding(
  t: TestContext,
  lines: readonly string[],
  { program, threads = 2 }: { program?: string; threads?: number } = {},
): Promise<Forwarding> {
  const port = await freePort();
  const folder = temporaryFolder(t);
  const admin = join(folder, 'admin');
  const config = `global
  nbthread ${threads}
  stats socket ${admin} level admin
log-forward relay
  bind 127.0.0.1:${port}
  dgram-bind 127.0.0.1:${port}
  ${lines.join('\n  ').replaceAll('FOLDER', folder)}
`;
  const balancer = await startBalancer(t, config, program === undefined ? {} : { program });
  while (!receivesDatagrams(port)) await sleep(10, undefined, { signal: t.signal });
  return { balancer, port, admin, folder };
}

/** Its stream socket may be there before: what is sent meanwhile would be lost. */
function receivesDatagrams(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000`;
  return readFileSync('/proc/net/udp', 'latin1').includes(local);
}

async function sendDatagram(t: TestContext, port: number, ...messages: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const message of messages)
    await new Promise(done => socket.send(Buffer.from(message, 'latin1'), port, '127.0.0.1', done));
  t.after(() => socket.close());
}

async function openStream(t: TestContext, target: number | string): Promise<Socket> {
  const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
  socket.on('error', () => undefined);
  socket.resume();
  t.after(() => socket.destroy());
  await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) });
  return socket;
}

const FORMATS = [
  '',
  'format rfc3164',
  'format rfc5424',
  'format priority',
  'format short',
  'format timed',
  'format iso',
  'format raw',
  'format local',
];

/** Each has a mark of its own; what a header lacks is made up from the time of now. */
const MESSAGES = [
  `<34>Oct 11 22:14:15 mymachine su[230]: mark-1 'su root' failed on /dev/pts/8`,
  '<165>1 2003-10-11T22:14:15.003Z host.example.com app - ID47 [a@32473 iut="3" b="\\]"][c] mark-2 event',
  '<34>1 - - - - - - mark-3 nothing but nil values',
  'mark-4 a text without anything before it',
  '<13>mark-5 priority alone',
  '<999>Jan  2 03:04:05 host tag: mark-6 priority above all',
  '<13>Jan 12 03:04:05 host mark-7 no tag',
  '<13>Jan 12 03:04:05 host tag[12]x: mark-8 odd tag',
  '<13>1 2003-18-24T05:14:15Z host app 1 m - mark-9 month 18',
  '<13>Jan 12 03:04:05 host tag: mark-10 \xe9\xff and a line end\n',
];

/** The time of now is masked. */
function masked(lines: readonly string[]): string[] {
  const year = new Date().getFullYear();
  const month = new Date().toString().slice(4, 7);
  return lines.map(line =>
    line
      .replace(new RegExp(String.raw`${year}-\d\d-\d\dT[0-9:]{8}\.[0-9+:-]{12}`), 'NOW')
      .replace(new RegExp(String.raw`${month} [ \d]\d \d\d:\d\d:\d\d`), 'NOW'),
  );
}

async function passedOn(t: TestContext, program: string | undefined): Promise<string[][]> {
  const receivers: LogReceiver[] = [];
  for (const _ of FORMATS) receivers.push(await startLogReceiver(t));
  const logs = FORMATS.map((format, index) => `log 127.0.0.1:${receivers[index]?.port} ${format} local3`);
  // the older HAProxy knows no other way than to keep the host
  const host = program === undefined ? ['option host keep'] : [];
  const started = { ...(program !== undefined && { program }), threads: 1 };
  const { port } = await startForwarding(t, [...host, ...logs], started);
  const stream = await openStream(t, port);
  for (const [index, message] of MESSAGES.entries()) {
    await sendDatagram(t, port, message);
    for (const receiver of receivers) await receiver.find(new RegExp(`mark-${index + 1} `));
  }
  for (const [index, message] of MESSAGES.entries()) {
    const text = message.replace('mark-', 'stream-');
    stream.write(
      text.startsWith('<') && !text.endsWith('\n') ? `${text}\r\n` : `${text.length} ${text}`,
      'latin1',
    );
    for (const receiver of receivers) await receiver.find(new RegExp(`stream-${index + 1} `));
  }
  return receivers.map(({ lines }) => masked(lines));
}

test('messages leave in every format with the bytes of the real HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [own, real] = [await passedOn(t, undefined), await passedOn(t, 'haproxy')];
  assert.equal(own[0]?.length, 2 * MESSAGES.length);
  assert.deepEqual(own, real);
});

test('a message keeps its own format, and gets the sender for a host where it tells none', async t => {
  const receiver = await startLogReceiver(t);
  const { port, admin } = await startForwarding(t, [`log 127.0.0.1:${receiver.port} local0`]);
  await sendDatagram(t, port, '<34>Oct 11 22:14:15 mymachine su: one', '<34>1 - - app - - - two', 'three');
  await receiver.find(/three\n/);
  assert.deepEqual(receiver.lines.slice(0, 2), [
    '<34>Oct 11 22:14:15 mymachine su: one\n',
    '<34>1 - 127.0.0.1 app - - - two\n',
  ]);
  assert.match(receiver.lines[2] ?? '', /^<128>[A-Z][a-z]{2} [ \d]\d [\d:]{8} 127\.0\.0\.1 three\n$/);
  assert.match(await ask(admin, 'show info'), /^CumRecvLogs: 3$/m);
});

for (const [option, told, untold] of [
  ['option host replace', '127.0.0.1', '127.0.0.1'],
  ['option host fill', 'host', '127.0.0.1'],
  ['option host keep', 'host', 'localhost'],
  ['no option host fill', 'host', 'localhost'],
  ['option host append', 'host,127.0.0.1', '127.0.0.1'],
] as const)
  test(`${option}: '${told}' for a host that is told, '${untold}' for none`, async t => {
    const receiver = await startLogReceiver(t);
    const { port } = await startForwarding(t, [
      option,
      `log 127.0.0.1:${receiver.port} format rfc3164 local0`,
    ]);
    await sendDatagram(
      t,
      port,
      '<34>Oct 11 22:14:15 host su: one',
      '<34>1 2003-10-11T22:14:15Z - su - - - two',
    );
    await receiver.find(/two\n/);
    assert.deepEqual(receiver.lines, [
      `<34>Oct 11 22:14:15 ${told} su: one\n`,
      `<34>Oct 11 22:14:15 ${untold} su: two\n`,
    ]);
  });

test('option dont-parse-log passes bytes on as they are', async t => {
  const receiver = await startLogReceiver(t);
  const { port } = await startForwarding(t, [
    'option dont-parse-log',
    `log 127.0.0.1:${receiver.port} format raw local0`,
  ]);
  await sendDatagram(t, port, '<34>Oct 11 22:14:15 host su: \xff one');
  await receiver.find(/one\n/);
  assert.deepEqual(receiver.lines, ['<34>Oct 11 22:14:15 host su: \xff one\n']);
});

test('option assume-rfc6587-ntf takes lines whatever they begin with; without it such a stream ends', async t => {
  const receiver = await startLogReceiver(t);
  const log = `log 127.0.0.1:${receiver.port} format raw local0`;
  const assuming = await startForwarding(t, ['option assume-rfc6587-ntf', log]);
  const strict = await startForwarding(t, [log]);
  const one = await openStream(t, assuming.port);
  one.write('[odd] line one\n12 line two\n');
  await receiver.find(/line two/);
  assert.deepEqual(receiver.lines, ['[odd] line one\n', '12 line two\n']);
  const other = await openStream(t, strict.port);
  const ended = once(other, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
  other.write('<1>good\n[odd] line three\n');
  await ended;
  await receiver.find(/good/);
  assert.equal(receiver.lines.length, 3);
});

test('unix sockets of both kinds bring messages without a sender', async t => {
  if (!requires(t, 'socat')) return;
  const receiver = await startLogReceiver(t);
  const { folder } = await startForwarding(t, [
    'dgram-bind uxdg@FOLDER/datagrams mode 666',
    'bind unix@FOLDER/stream',
    `log 127.0.0.1:${receiver.port} format rfc5424 local0`,
  ]);
  for (const text of ['', 'one', 'two'])
    spawnSync('socat', ['-', `UNIX-SENDTO:${folder}/datagrams`], { input: text, timeout: PATIENCE_MS });
  await receiver.find(/two\n/);
  const stream = await openStream(t, join(folder, 'stream'));
  stream.write('<34>three\n');
  await receiver.find(/three\n/);
  assert.deepEqual(
    receiver.lines.map(line => line.replace(/1 \d{4}-\S+/, '1 NOW')),
    ['<128>1 NOW - - - - - one\n', '<128>1 NOW - - - - - two\n', '<34>1 NOW - - - - - three\n'],
  );
});

test('samples share the messages of all senders exactly, levels choose among them', async t => {
  const receivers = [
    await startLogReceiver(t),
    await startLogReceiver(t),
    await startLogReceiver(t),
  ] as const;
  const [even, odd, severe] = receivers;
  const { port } = await startForwarding(t, [
    `log 127.0.0.1:${odd.port} sample 1:2 local0`,
    `log 127.0.0.1:${even.port} sample 2:2 local0`,
    `log 127.0.0.1:${severe.port} local0 err warning`,
  ]);
  const stream = await openStream(t, port);
  for (let number = 1; number <= 10; number++) {
    const message = `<${number === 4 ? 131 : 134}>Oct 11 22:14:15 host su: number ${number}.`;
    if (number % 3 === 0) await sendDatagram(t, port, message);
    else stream.write(`${message}\n`);
    await (number % 2 === 0 ? even : odd).find(new RegExp(`number ${number}\\.`));
  }
  assert.deepEqual([odd.lines.length, even.lines.length], [5, 5]);
  assert.deepEqual(severe.lines, ['<132>Oct 11 22:14:15 host su: number 4.\n']);
});

test('rings, backends in mode log and log global are targets too', async t => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const accepted = once(server, 'connection', { signal: AbortSignal.timeout(PATIENCE_MS) });
  const [everywhere, one, two] = [
    await startLogReceiver(t),
    await startLogReceiver(t),
    await startLogReceiver(t),
  ];
  const { port } = await startForwarding(t, [
    'log global',
    'log ring@kept format raw local0',
    'log backend@logs local0',
    'global',
    `log 127.0.0.1:${everywhere.port} profile named local0`,
    'log-profile named',
    'log-tag other',
    'ring kept',
    'format rfc5424',
    `server one 127.0.0.1:${(server.address() as AddressInfo).port} log-proto octet-count`,
    'backend logs',
    'mode log',
    'balance roundrobin',
    `server one udp@127.0.0.1:${one.port}`,
    `server two udp@127.0.0.1:${two.port}`,
  ]);
  await sendDatagram(t, port, '<34>Oct 11 22:14:15 host su: one', '<34>Oct 11 22:14:15 host su: two');
  const [socket] = (await accepted) as [Socket];
  t.after(() => socket.destroy());
  let stream = '';
  while (!stream.includes('two')) {
    const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [Buffer];
    stream += bytes.toString('latin1');
  }
  const year = new Date().getFullYear() - (new Date().getMonth() < 9 ? 1 : 0);
  const message = (text: string): string => `<34>1 ${year}-10-11T22:14:15-00:00 host su - - - ${text}`;
  assert.equal(stream, ['one', 'two'].map(text => `${message(text).length} ${message(text)}`).join(''));
  await everywhere.find(/two\n/);
  assert.deepEqual(everywhere.lines, [
    '<34>Oct 11 22:14:15 host other: one\n',
    '<34>Oct 11 22:14:15 host other: two\n',
  ]);
  await one.find(/su: one\n/);
  await two.find(/su: two\n/);
});

test('maxconn holds further senders back until one goes; timeout client ends the silent', async t => {
  const receiver = await startLogReceiver(t);
  const { port } = await startForwarding(t, [
    'maxconn 1',
    'timeout client 1s',
    `log 127.0.0.1:${receiver.port} format raw local0`,
  ]);
  const first = await openStream(t, port);
  first.write('<1>first\n');
  await receiver.find(/first/);
  const second = await openStream(t, port);
  second.write('<1>second\n');
  const ended = once(first, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
  await sendDatagram(t, port, '<1>datagram');
  await receiver.find(/datagram/);
  assert.deepEqual(receiver.lines, ['first\n', 'datagram\n']);
  await ended;
  await receiver.find(/second/);
});

test('accept-proxy tells the sender of a stream', async t => {
  const receiver = await startLogReceiver(t);
  const port = await freePort();
  await startForwarding(t, [
    `bind 127.0.0.1:${port} accept-proxy`,
    `log 127.0.0.1:${receiver.port} format rfc3164 local0`,
  ]);
  const stream = await openStream(t, port);
  stream.write('PROXY TCP4 192.0.2.7 192.0.2.8 1000 514\r\n<1>Oct 11 22:14:15 - tag: no\n<1>text\n');
  await receiver.find(/192\.0\.2\.7 text\n/);
});

test('a reload keeps the sockets: no datagram is lost, and streams in use go on', async t => {
  const receiver = await startLogReceiver(t);
  const [port, admin] = [await freePort(), join(temporaryFolder(t), 'master')];
  const balancer = await startBalancer(
    t,
    `global
  tune.rcvbuf.frontend 400k
log-forward relay
  bind 127.0.0.1:${port}
  dgram-bind 127.0.0.1:${port}
  log 127.0.0.1:${receiver.port} format raw local0
`,
    { args: ['-W', '-S', admin] },
  );
  const stream = await openStream(t, port);
  stream.write('<1>stream before\n');
  await receiver.find(/stream before/);
  let sent = 0;
  const sender = createSocket('udp4');
  t.after(() => sender.close());
  const sending = setInterval(() => sender.send(`<1>number ${sent++}.`, port, '127.0.0.1'), 20);
  t.after(() => clearInterval(sending));
  await receiver.find(/number 5\./);
  const answer = await ask(admin, 'reload');
  assert.match(answer, /Success=1/);
  const mark = sent;
  await receiver.find(new RegExp(`number ${mark + 10}\\.`));
  clearInterval(sending);
  await receiver.find(new RegExp(`number ${sent - 1}\\.`));
  stream.write('<1>stream after\n');
  await receiver.find(/stream after/);
  const numbers = new Set(receiver.lines.filter(line => line.startsWith('number')));
  assert.equal(numbers.size, sent);
  assert.equal(balancer.process.exitCode, null);
});
