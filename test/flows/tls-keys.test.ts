/** What a client may ask for in the midst of a TLS connection: other keys (TLS 1.3), another handshake (TLS 1.2). */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { requiresOpenssl } from '../support/openssl.ts';
import { SITE, startTls } from '../support/tls-flow.ts';
import { until } from '../support/until.ts';

interface Client {
  readonly child: ChildProcess;
  said(): string;
  /** A line of its own: K and k exchange keys, R asks for a handshake, Q ends. */
  type(line: string): void;
}

function startClient(t: TestContext, port: number, ...options: readonly string[]): Client {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-msg', ...options]);
  const chunks: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString('latin1')));
  child.stdin.on('error', () => undefined);
  t.after(() => child.kill());
  return { child, said: () => chunks.join(''), type: line => void child.stdin.write(`${line}\n`) };
}

async function ask(client: Client, count: number): Promise<void> {
  client.type('GET / HTTP/1.1\nhost: a\n');
  await until(`answer ${count}`, () => client.said().split('HTTP/1.1 200 OK').length > count);
}

function times(client: Client, pattern: RegExp): number {
  return [...client.said().matchAll(pattern)].length;
}

/** What is typed at once would be one line to it. */
async function exchangeKeys(client: Client, command: 'k' | 'K', count: number): Promise<void> {
  client.type(command);
  await until(`exchange ${count}`, () => times(client, /KEYUPDATE/g) === count);
}

test('keys are exchanged as often as a client likes, on one side and on both', async t => {
  if (!requiresOpenssl(t)) return;
  const { port } = await startTls(t, SITE);
  const client = startClient(t, port, '-tls1_3');
  await ask(client, 1);
  await exchangeKeys(client, 'k', 1);
  await ask(client, 2);
  await exchangeKeys(client, 'K', 2);
  await ask(client, 3);
  await exchangeKeys(client, 'K', 3);
  await exchangeKeys(client, 'k', 4);
  await ask(client, 4);
  assert.equal(times(client, /^>>> TLS 1.3, Handshake \[length 0005\], KeyUpdate/gm), 4, client.said());
  assert.equal(times(client, /^<<< TLS 1.3, Handshake \[length 0005\], KeyUpdate/gm), 2, client.said());
});

test('another handshake within a connection is declined, and no other connection suffers', async t => {
  if (!requiresOpenssl(t)) return;
  const { port } = await startTls(t, SITE);
  const other = startClient(t, port, '-tls1_2');
  await ask(other, 1);
  const client = startClient(t, port, '-tls1_2');
  await ask(client, 1);
  client.type('R');
  await until('the refusal', () => /no.renegotiation/i.test(client.said()));
  await ask(other, 2);
});
