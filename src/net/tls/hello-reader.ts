/**
 * The ClientHello in front of a handshake that Node does: TLSSocket never shows it, so its bytes are read from the plain
 * connection first, for what of it is captured (`tune.ssl.capture-buffer-size`), and to see whether it offers protocols none
 * of which is spoken: Node would end that handshake, HAProxy goes on without a protocol.
 */
import { findExtension, parseClientHello, readProtocolNames } from './client-hello.ts';
import { captureHello } from './hello-capture.ts';
import type { HelloFacts } from './tls-facts.ts';

/** More than a record; longer hellos are left to OpenSSL, uncaptured. */
const MOST_BYTES = 16384 + 256;
const ALPN = 16;
const NOTHING = Buffer.alloc(0);

export class HelloReader {
  readonly #captureSize: number;
  #bytes: Buffer = NOTHING;
  #hello: HelloFacts | undefined;
  #protocols: readonly string[] | undefined;

  constructor(captureSize: number) {
    this.#captureSize = captureSize;
  }

  /** Takes a received slice (it is copied). True: the handshake can begin, there is a hello or there will be none. */
  push(buffer: Buffer, offset: number, length: number): boolean {
    this.#bytes = Buffer.concat([this.#bytes, buffer.subarray(offset, offset + length)]);
    const hello = parseClientHello({ buffer: this.#bytes, offset: 0, length: this.#bytes.length });
    if (hello === 'short') return this.#bytes.length >= MOST_BYTES;
    if (hello === 'other') return true;
    if (this.#captureSize > 0) this.#hello = captureHello(this.#bytes, hello, this.#captureSize);
    const alpn = findExtension(this.#bytes, hello.extensions, ALPN);
    this.#protocols = alpn && readProtocolNames(this.#bytes, alpn)?.split(',');
    return true;
  }

  /** All that came, for the handshake. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** What ALPN offers; undefined: it does not, or there is no hello. */
  get protocols(): readonly string[] | undefined {
    return this.#protocols;
  }

  get hello(): HelloFacts | undefined {
    return this.#hello;
  }
}
