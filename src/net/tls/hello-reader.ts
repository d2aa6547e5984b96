/**
 * The ClientHello in front of a handshake that Node does: TLSSocket never shows it, so its bytes are read from the plain
 * connection first and put back before the socket is handed over. Only for listeners of configurations with
 * `tune.ssl.capture-buffer-size`: nothing else asks for what it tells.
 */
import { parseClientHello } from './client-hello.ts';
import { captureHello } from './hello-capture.ts';
import type { HelloFacts } from './tls-facts.ts';

/** More than a record; longer hellos are left to OpenSSL, uncaptured. */
const MOST_BYTES = 16384 + 256;
const NOTHING = Buffer.alloc(0);

export class HelloReader {
  readonly #captureSize: number;
  #bytes: Buffer = NOTHING;
  #hello: HelloFacts | undefined;

  constructor(captureSize: number) {
    this.#captureSize = captureSize;
  }

  /** Takes a received slice (it is copied). True: the handshake can begin, there is a hello or there will be none. */
  push(buffer: Buffer, offset: number, length: number): boolean {
    this.#bytes = Buffer.concat([this.#bytes, buffer.subarray(offset, offset + length)]);
    const hello = parseClientHello({ buffer: this.#bytes, offset: 0, length: this.#bytes.length });
    if (hello === 'short') return this.#bytes.length >= MOST_BYTES;
    if (hello !== 'other') this.#hello = captureHello(this.#bytes, hello, this.#captureSize);
    return true;
  }

  /** All that came, to be unshifted to the socket of the handshake. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get hello(): HelloFacts | undefined {
    return this.#hello;
  }
}
