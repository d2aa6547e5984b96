/**
 * A check's connection over TLS: node:tls behind the connection interface, as far as checks use it. Slow and simple:
 * a check is a few bytes.
 */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { ServerTls } from '../model/server.ts';
import { causeOfCode } from '../net/cause.ts';
import type { Connection, ConnectionHandler, ConnectTarget, Endpoint } from '../net/connection.ts';
import type { CheckHeader } from './ruleset-check.ts';

/** The part of node's options that follows from the server's settings. */
export type TlsSettings = Pick<
  ConnectionOptions,
  'rejectUnauthorized' | 'ca' | 'cert' | 'key' | 'ciphers' | 'minVersion' | 'maxVersion'
>;

interface TlsOptions extends TlsSettings {
  readonly sni: string | undefined;
  readonly alpn: readonly string[] | undefined;
  /** Sent before the handshake. */
  readonly header: CheckHeader | undefined;
}

/** Files are read at the start; a text says what is wrong. */
export function readTlsSettings(tls: ServerTls | undefined): TlsSettings | string {
  const settings: { -readonly [K in keyof TlsSettings]: TlsSettings[K] } = {
    rejectUnauthorized: tls?.verify === 'required',
  };
  try {
    if (tls?.caFile !== undefined && tls.caFile !== '@system-ca') settings.ca = readFileSync(tls.caFile);
    if (tls?.crt !== undefined) settings.cert = settings.key = readFileSync(tls.crt);
  } catch (error) {
    return (error as Error).message;
  }
  const ciphers = [tls?.ciphersuites, tls?.ciphers].filter(text => text !== undefined).join(':');
  if (ciphers !== '') settings.ciphers = ciphers;
  return settings;
}

const NOWHERE: Endpoint = { family: 0, host: '', port: 0 };
let lastId = 0;

/** Local and remote. */
function endsOf(socket: Socket): [Endpoint, Endpoint] {
  const family = socket.remoteFamily === 'IPv6' ? 6 : 4;
  if (socket.remotePort === undefined) return [NOWHERE, NOWHERE];
  return [
    { family, host: socket.localAddress ?? '', port: socket.localPort ?? 0 },
    { family, host: socket.remoteAddress ?? '', port: socket.remotePort },
  ];
}

export class TlsCheckConnection implements Connection {
  readonly id = --lastId;
  handler: ConnectionHandler;
  remote = NOWHERE;
  local = NOWHERE;
  bytesIn = 0;
  bytesOut = 0;
  readonly fd = -1;
  receiving = false;
  sending = false;
  closed = false;
  layer: 'tcp' | 'tls' = 'tcp';
  readonly #tcp: Socket;
  #tls: TLSSocket | undefined;
  #ended = false;
  #failure: NodeJS.ErrnoException | undefined;

  constructor(target: ConnectTarget, options: TlsOptions, handler: ConnectionHandler) {
    this.handler = handler;
    this.#tcp = connectTcp(netOptions(target));
    this.#tcp.on('error', error => this.#fail(error));
    this.#tcp.once('connect', () => this.#handshake(options));
  }

  #handshake({ sni, alpn, header, ...settings }: TlsOptions): void {
    if (this.closed) return;
    this.layer = 'tls';
    if (header !== undefined) this.#tcp.write(header(...endsOf(this.#tcp)));
    const tls = connectTls({
      ...settings,
      socket: this.#tcp,
      ...(sni !== undefined && { servername: sni }),
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
      // without a name to check, the certificate alone is verified
      ...(sni === undefined && { checkServerIdentity: () => undefined }),
    });
    this.#tls = tls;
    tls.pause();
    tls.on('error', error => this.#fail(error));
    tls.once('secureConnect', () => this.handler.onConnected(this));
    tls.on('data', (chunk: Buffer) => this.#onData(chunk));
    tls.on('end', () => this.#onEnd());
    tls.pause();
  }

  #onData(chunk: Buffer): void {
    this.#tls?.pause();
    if (this.closed) return;
    this.receiving = false;
    this.bytesIn += chunk.length;
    this.handler.onReceived(this, chunk, 0, chunk.length);
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.closed || !this.receiving) return;
    this.receiving = false;
    this.handler.onEnd(this);
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.closed || this.#failure !== undefined) return;
    this.#failure = error;
    this.receiving = false;
    this.sending = false;
    this.handler.onFailed(this, causeOfCode(error.code), error.code);
  }

  receive(): void {
    if (this.closed) return;
    this.receiving = true;
    if (this.#ended) setImmediate(() => this.#onEnd());
    else this.#tls?.resume();
  }

  send(buffer: Buffer, offset: number, length: number): void {
    if (this.closed) return;
    this.sending = true;
    this.#tls?.write(Buffer.from(buffer.subarray(offset, offset + length)), error => {
      if (this.closed || (error !== undefined && error !== null)) return;
      this.sending = false;
      this.bytesOut += length;
      this.handler.onSent(this);
    });
  }

  shutdown(): void {
    this.#tls?.end();
  }

  close(): void {
    this.closed = true;
    this.#tls?.destroy();
    this.#tcp.destroy();
  }

  reset(): void {
    this.closed = true;
    this.#tls?.destroy();
    if (!this.#tcp.destroyed) this.#tcp.resetAndDestroy();
  }
}

function netOptions(target: ConnectTarget): NetConnectOpts {
  if (target.kind === 'unix') return { path: target.path };
  const { host, port, family, source } = target;
  return {
    host,
    port,
    family,
    ...(source !== undefined && { localAddress: source.host, localPort: source.port }),
  };
}
