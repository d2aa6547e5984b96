/** Handshakes that OpenSSL makes without Node, on a listener of its own: what becomes of them, and clients that meet it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { loadCertificates } from '../../../src/certificates/load-certificates.ts';
import { parseConfig } from '../../../src/config-parser/parse.ts';
import type { LoadedCertificate } from '../../../src/model/tls-material.ts';
import type { Connection, ConnectionHandler, Engine } from '../../../src/net/connection.ts';
import { NodeEngine } from '../../../src/net/engines/node/engine.ts';
import { UringEngine } from '../../../src/net/engines/uring/engine.ts';
import { probeUring } from '../../../src/net/engines/uring/probe.ts';
import { createTlsListener } from '../../../src/net/tls/create-tls-listener.ts';
import type { EarlyGuard } from '../../../src/net/tls/early/early-guard.ts';
import type { HandshakeFailure } from '../../../src/net/tls/handshake-failure.ts';
import { HelloReader } from '../../../src/net/tls/hello-reader.ts';
import { ThreadCertificates } from '../../../src/net/tls/thread-certificates.ts';
import type { TlsFacts } from '../../../src/net/tls/tls-facts.ts';
import type { TlsListener } from '../../../src/net/tls/tls-listener.ts';
import { requires } from '../../support/requirement.ts';
import { listenOnLoopback, within } from '../wires.ts';

const BUFSIZE = 16_384;
export const SLOW_MS = 20_000;
export const ENGINES: readonly [string, () => Engine][] = [
  ['node', () => new NodeEngine({ bufsize: BUFSIZE, poison: true })],
  ['uring', () => new UringEngine({ bufsize: BUFSIZE, poison: true })],
];
const NO_COUNTS = { lookedUp: () => undefined, stapled: () => undefined };

interface ListenerWishes {
  /** Keys of tickets. */
  readonly keys?: number;
  /** Lines of `global`. */
  readonly global?: string;
  /** What stands beside the certificates. */
  readonly having?: (certificate: LoadedCertificate) => Partial<LoadedCertificate>;
  /** Of the process that it is part of. */
  readonly guard?: EarlyGuard;
}

export function listenerOf(
  options: string,
  { keys = 1, global = '', having, guard }: ListenerWishes = {},
): TlsListener {
  const text = `global\n  ${global}\ndefaults\n  mode http\n  timeout client 1s\nfrontend f\n  bind 127.0.0.1:1 ssl ${options}\n`;
  const sources = { environment: {}, readFile: () => ({ error: 'none' }) };
  const { config } = parseConfig([{ path: 'a.cfg', text }], sources);
  const bind = config?.proxies[0]?.binds[0];
  assert.ok(config !== undefined && bind !== undefined);
  const material = loadCertificates(config).store.material();
  const certificates = new ThreadCertificates(material);
  for (const certificate of having === undefined ? [] : material.certificates.values())
    certificates.follow({ kind: 'certificate', certificate: { ...certificate, ...having?.(certificate) } });
  const secrets = Array.from({ length: keys }, (_, index) => Buffer.alloc(48, index + 1));
  const listener = createTlsListener(bind, config.global, 'http', certificates, secrets, NO_COUNTS, guard);
  assert.ok(listener !== undefined);
  return listener;
}

export type End =
  readonly ['connected', TlsFacts] | readonly ['failed', HandshakeFailure, TlsFacts] | readonly ["Node's"];

/** Reads hellos and begins handshakes; connections send back what comes. */
class Gate implements ConnectionHandler {
  readonly #hello = new HelloReader(0);
  readonly #listener: TlsListener;
  readonly #engine: Engine;
  readonly #told: (end: End) => void;

  constructor(listener: TlsListener, engine: Engine, told: (end: End) => void) {
    this.#listener = listener;
    this.#engine = engine;
    this.#told = told;
  }

  onReceived(plain: Connection, buffer: Buffer, offset: number, length: number): void {
    if (!this.#hello.push(buffer, offset, length)) return plain.receive();
    const handshake = this.#listener.acceptDirectly(plain, this.#engine, this.#hello, {
      connected: (connection, facts) => {
        connection.handler = new Echo();
        this.#told(['connected', facts]);
        connection.receive();
      },
      failed: (failure, facts) => {
        this.#told(['failed', failure, facts]);
        plain.close();
      },
    });
    if (handshake !== undefined) return handshake.start();
    this.#told(["Node's"]);
    plain.close();
  }
  onEnd(plain: Connection): void {
    plain.close();
  }
  onFailed(plain: Connection): void {
    plain.close();
  }
  onSent(): void {}
  onConnected(): void {}
}

class Echo implements ConnectionHandler {
  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    connection.send(buffer, offset, length);
  }
  onSent(connection: Connection): void {
    connection.receive();
  }
  onEnd(connection: Connection): void {
    connection.close();
  }
  onFailed(connection: Connection): void {
    connection.close();
  }
  onConnected(): void {}
}

export interface Server {
  readonly port: number;
  /** What becomes of the next handshake. */
  readonly next: () => Promise<End>;
}

export function serve(t: TestContext, make: () => Engine, listener: TlsListener): Server {
  const engine = make();
  let tell: (end: End) => void = () => undefined;
  const { port } = listenOnLoopback(engine, plain => {
    plain.handler = new Gate(listener, engine, end => tell(end));
    plain.receive();
  });
  t.after(() => engine.destroy());
  const next = (): Promise<End> => new Promise(resolve => (tell = resolve));
  return { port, next };
}

/** A client that has had its first word back, and what the server knows of it. */
export async function meet(
  { port, next }: Server,
  options: ConnectionOptions,
): Promise<{ readonly client: TLSSocket; readonly facts: TlsFacts }> {
  const ended = next();
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  await within(SLOW_MS, 'the handshake', once(client, 'secureConnect'));
  client.write('hello');
  assert.equal(String((await within(SLOW_MS, 'an echo', once(client, 'data')))[0]), 'hello');
  const [kind, facts] = await ended;
  assert.ok(kind === 'connected');
  return { client, facts };
}

/** Once on each engine. */
export function testOnEngines(
  what: string,
  run: (t: TestContext, make: () => Engine) => Promise<void>,
): void {
  for (const [name, make] of ENGINES)
    void test(`${name} engine: ${what}`, async t => {
      if (name === 'uring' && !probeUring().usable) return void requires(t, 'io_uring');
      await run(t, make);
    });
}
