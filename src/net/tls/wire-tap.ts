/**
 * A stream between a TLSSocket and its net.Socket that sees what passes. Node never tells the random numbers of a
 * handshake, and its TLS reads and writes the socket natively; so listeners and servers of a configuration that asks for
 * them (`ssl_fc_server_random`, …) have this in between, and pay for it: nobody else does.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { latin1Slice } from '../../base/latin1.ts';

/** Random numbers of both hellos, one char a byte. Undefined until that hello has passed. */
export interface HelloRandoms {
  readonly client: string | undefined;
  readonly server: string | undefined;
}

const HANDSHAKE = 22;
const RECORD_HEADER = 5;
/** Record header, message header, version. */
const RANDOM_AT = RECORD_HEADER + 4 + 2;
const RANDOM_BYTES = 32;
/** The random of a HelloRetryRequest (RFC 8446, section 4.1.3): the real ServerHello is still to come. */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex').toString(
  'latin1',
);
const NOTHING = Buffer.alloc(0);

/** Looks for the random number of a hello in the records of one direction. */
export class HelloWatch {
  #bytes: Buffer = NOTHING;
  #over = false;
  random: string | undefined;

  push(chunk: Buffer): void {
    if (this.#over) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (!this.#over && this.#takeRecord());
    if (this.#over) this.#bytes = NOTHING;
  }

  /** True: there may be another one behind it. */
  #takeRecord(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < RECORD_HEADER) return false;
    const end = RECORD_HEADER + bytes.readUInt16BE(3);
    const isHello = bytes.readUInt8(0) === HANDSHAKE && end >= RANDOM_AT + RANDOM_BYTES;
    if (bytes.length < (isHello ? RANDOM_AT + RANDOM_BYTES : end)) return false;
    if (isHello) this.#readHello();
    else this.#over = bytes.readUInt8(0) !== 20;
    if (this.#over || bytes.length < end) return false;
    this.#bytes = bytes.subarray(end);
    return true;
  }

  #readHello(): void {
    const type = this.#bytes.readUInt8(RECORD_HEADER);
    if (type !== 1 && type !== 2) {
      this.#over = true;
      return;
    }
    const random = latin1Slice(this.#bytes, RANDOM_AT, RANDOM_AT + RANDOM_BYTES);
    if (random !== RETRY) {
      this.random = random;
      this.#over = true;
    }
  }
}

export class WireTap extends Duplex {
  readonly #socket: Socket;
  readonly #incoming = new HelloWatch();
  readonly #outgoing = new HelloWatch();

  constructor(socket: Socket) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#incoming.push(chunk);
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', error => this.destroy(error));
    socket.on('close', () => this.destroy());
    socket.pause();
  }

  /** `side`: which end of the connection this is. */
  randoms(side: 'server' | 'client'): HelloRandoms {
    const [client, server] =
      side === 'server' ? [this.#incoming, this.#outgoing] : [this.#outgoing, this.#incoming];
    return {
      get client() {
        return client.random;
      },
      get server() {
        return server.random;
      },
    };
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#outgoing.push(chunk);
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
