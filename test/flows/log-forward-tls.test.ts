/** `log-forward` sections whose `bind` lines speak TLS. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startLogReceiver, type LogReceiver } from '../support/log-receiver.ts';
import { tlsFile, tlsText } from '../support/tls-material.ts';

const CLIENT = { cert: tlsText('client.pem'), key: tlsText('client.pem') };
const PATIENCE_MS = 60_000;

async function start(t: TestContext, words: string): Promise<{ port: number; receiver: LogReceiver }> {
  const receiver = await startLogReceiver(t);
  const port = await freePort();
  const text = `log-forward relay
  bind 127.0.0.1:${port} ssl crt ${tlsFile('rsa.pem')} ${words}
  log 127.0.0.1:${receiver.port} format rfc5424 local0
  timeout client 60s
`;
  await startBalancer(t, text, { ports: [port] });
  return { port, receiver };
}

async function dial(t: TestContext, port: number): Promise<Socket> {
  const socket = connectPlain(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => socket.destroy());
  await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE_MS) });
  return socket;
}

/** Says it over TLS, behind `before` in plain text. */
async function say(
  t: TestContext,
  port: number,
  text: string,
  { before = '', ...options }: ConnectionOptions & { readonly before?: string } = {},
): Promise<void> {
  const socket = await dial(t, port);
  if (before !== '') socket.write(before);
  const secured = connect({ socket, rejectUnauthorized: false, ...options }).on('error', () => undefined);
  t.after(() => secured.destroy());
  await once(secured, 'secureConnect', { signal: AbortSignal.timeout(PATIENCE_MS) });
  secured.write(text);
}

const WAYS: readonly ConnectionOptions[] = [
  {},
  { maxVersion: 'TLSv1.2' },
  // not for OpenSSL alone
  { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' },
];

test('messages that come over TLS are passed on, however they are framed', async t => {
  const { port, receiver } = await start(t, '');
  for (const [index, options] of WAYS.entries()) {
    await say(t, port, `<14>1 - here app - - - line ${index}\n`, options);
    await receiver.find(new RegExp(`<14>1 - here app - - - line ${index}`));
    const counted = `<14>1 - here app - - - counted ${index}`;
    await say(t, port, `${counted.length} ${counted}`, options);
    await receiver.find(new RegExp(`counted ${index}`));
  }
});

test('a PROXY header stands before the handshake', async t => {
  const { port, receiver } = await start(t, 'accept-proxy');
  const before = 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n';
  await say(t, port, '<14>1 - here app - - - behind a header\n', { before });
  await receiver.find(/behind a header/);
});

test('who speaks no TLS, or has no certificate where one is required, is cut off and says nothing', async t => {
  const { port, receiver } = await start(t, `verify required ca-file ${tlsFile('ca.pem')}`);
  const plain = await dial(t, port);
  plain.resume().write('<14>1 - here app - - - unwanted\n');
  await once(plain, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
  const nobody = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  nobody.on('error', () => undefined).write('<14>1 - here app - - - unwanted\n');
  await new Promise(resolve => nobody.once('close', resolve));
  await say(t, port, '<14>1 - here app - - - wanted\n', CLIENT);
  await receiver.find(/- wanted/);
  assert.doesNotMatch(receiver.lines.join(''), /unwanted/);
});
