/**
 * The ClientHello in front of a handshake: Node never shows it, so its bytes are read from the plain connection first, for
 * what of it is captured (`tune.ssl.capture-buffer-size`), and for what a handshake needs to know before it begins: the name
 * and the protocols that the client asks for, and whether it wants a stapled response.
 */
import {
  type ClientHello,
  findExtension,
  parseClientHello,
  readFirstBinder,
  readProtocols,
  readServerName,
  type Span,
} from './client-hello.ts';
import { captureHello } from './hello-capture.ts';
import type { HelloFacts } from './tls-facts.ts';

/** More than a record; longer hellos are left to OpenSSL, uncaptured. */
const MOST_BYTES = 16384 + 256;
/** OpenSSL takes none that is longer. */
const MOST_HELLO = 131_396;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
const HANDSHAKE = 22;
const SERVER_NAME = 0;
const ALPN = 16;
const PRE_SHARED_KEY = 41;
const EARLY_DATA = 42;
const NOTHING = Buffer.alloc(0);

export class HelloReader {
  readonly #captureSize: number;
  #bytes: Buffer = NOTHING;
  #hello: HelloFacts | undefined;
  #protocols: readonly string[] | undefined;
  #servername: string | undefined;
  #hasBrokenName = false;
  #extensions: Span | undefined;
  #isPlain = false;

  constructor(captureSize: number) {
    this.#captureSize = captureSize;
  }

  /** Takes a received slice (it is copied). True: the handshake can begin, there is a hello or there will be none. */
  push(buffer: Buffer, offset: number, length: number): boolean {
    this.#bytes = Buffer.concat([this.#bytes, buffer.subarray(offset, offset + length)]);
    const hello = parseClientHello({ buffer: this.#bytes, offset: 0, length: this.#bytes.length });
    if (hello === 'short') return this.#bytes.length >= MOST_BYTES || this.isTooLong || this.#saysTooMuch();
    if (hello !== 'other') this.#read(this.#bytes, hello);
    return true;
  }

  #read(bytes: Buffer, hello: ClientHello): void {
    if (this.#captureSize > 0) this.#hello = captureHello(bytes, hello, this.#captureSize);
    this.#extensions = hello.extensions;
    const extension = (type: number) => findExtension(bytes, hello.extensions, type);
    const alpn = extension(ALPN);
    this.#protocols = alpn && readProtocols(bytes, alpn);
    const name = extension(SERVER_NAME);
    this.#servername = name && readServerName(bytes, name);
    this.#hasBrokenName = name !== undefined && this.#servername === undefined;
    this.#isPlain = hello.extensions.end <= RECORD_HEADER + bytes.readUInt16BE(3);
  }

  /** Its own length says that it will be refused: nobody has to wait for more of it. */
  #saysTooMuch(): boolean {
    const bytes = this.#bytes;
    return (
      bytes.length >= RECORD_HEADER + MESSAGE_HEADER && bytes.readUIntBE(RECORD_HEADER + 1, 3) > MOST_HELLO
    );
  }

  /** Its first record says that it is longer than any may be (RFC 8446, section 5.1; sealed ones are a little longer). */
  get isTooLong(): boolean {
    const bytes = this.#bytes;
    return bytes.length >= RECORD_HEADER && bytes[0] === HANDSHAKE && bytes.readUInt16BE(3) > MOST_BYTES;
  }

  /** There is a hello, in however many records. */
  get isRead(): boolean {
    return this.#extensions !== undefined;
  }

  /** All that came, for the handshake. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** There is a hello, and it lies in one record: what was read of it is what OpenSSL will read. */
  get isPlain(): boolean {
    return this.#isPlain;
  }

  /** SNI, as it was sent. */
  get servername(): string | undefined {
    return this.#servername;
  }

  /** It asks by SNI for something that is no name of a host (RFC 6066, section 3). */
  get hasBrokenName(): boolean {
    return this.#hasBrokenName;
  }

  /** What ALPN offers; undefined: it does not, or there is no hello. */
  get protocols(): readonly string[] | undefined {
    return this.#protocols;
  }

  /** Of a hello that early data follows; a copy. Undefined: none does. */
  earlyBinder(): Buffer | undefined {
    const extensions = this.#extensions;
    if (extensions === undefined || findExtension(this.#bytes, extensions, EARLY_DATA) === undefined)
      return undefined;
    const keys = findExtension(this.#bytes, extensions, PRE_SHARED_KEY);
    const binder = keys && readFirstBinder(this.#bytes, keys);
    return binder && Buffer.from(this.#bytes.subarray(binder.start, binder.end));
  }

  get hello(): HelloFacts | undefined {
    return this.#hello;
  }
}
