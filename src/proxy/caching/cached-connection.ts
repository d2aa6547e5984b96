/**
 * A stored response in the place of a server's connection: it delivers head and body as a server would, so that
 * rules, compression and limits treat both alike. Nothing is ever sent to it. One of a stream serves all its hits.
 *
 *   open() ─▶ receive() ─▶ head, Age, [chunk size,] what fits of the body ─▶ receive() ─▶ more … ─▶ end ─▶ close()
 *
 *   [room for Age …| head | body …]  as it is copied
 *   [… head | Age, empty line | body …]  as it is delivered
 */
import { latin1Write } from '../../base/latin1.ts';
import { currentAge } from '../../http-cache/response-caching.ts';
import { BufferPool } from '../../net/buffer-pool.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../../net/connection.ts';
import type { CacheReader } from '../../state/http-cache/cache-reader.ts';

const NOWHERE: Endpoint = { family: 0, host: '', port: 0 };
/** In front of the fields of a 304, behind the version. */
const NOT_MODIFIED = ' 304 Not Modified\r\n';
const VERSION_LENGTH = 'HTTP/1.1'.length;
const LF = 0x0a;
/** For another status line, Age, and the size of the only chunk. */
export const HEAD_ROOM = 96;

/** For answers that do not fit a buffer of `tune.bufsize`: each piece costs a turn of the loop, and calls of the kernel. */
const largeBuffers = new BufferPool(65_536);
/** Of a thread: more clients than that get it in small pieces. */
const MOST_LARGE = 256;

/** What of it the client is to get. */
interface CachedAnswer {
  /** Seconds since it was last known to be valid are told from now on. */
  readonly now: number;
  /** 304: the client has it already. */
  readonly notModified: boolean;
  /** The head alone is asked for (HEAD), or all there is to say (304). */
  readonly headOnly: boolean;
}

/** Of the age told last: most are told many times. */
let toldAge = -1;
let toldLines = '';

function ageLines(age: number): string {
  if (age === toldAge) return toldLines;
  toldAge = age;
  return (toldLines = `age: ${age}\r\n\r\n`);
}

/** Age (RFC 9111 section 5.1), the end of the head, the size of the only chunk. */
function lastLines(reader: CacheReader, now: number, headOnly: boolean): string {
  const lines = ageLines(currentAge(reader.age, reader.validated, now));
  if (headOnly || !reader.chunked || reader.bodyLength === 0) return lines;
  return `${lines}${reader.bodyLength.toString(16)}\r\n`;
}

/** From the begin of the buffer, all of it or nothing (-1); gives the bytes written. */
export function renderWhole(buffer: Buffer, reader: CacheReader, now: number, headOnly: boolean): number {
  const lines = lastLines(reader, now, headOnly);
  const { headLength } = reader;
  const wanted = headOnly ? headLength : reader.left;
  if (lines.length + wanted > buffer.length) return -1;
  reader.read(buffer, lines.length, wanted);
  buffer.copyWithin(0, lines.length, lines.length + headLength);
  latin1Write(buffer, lines, headLength);
  return lines.length + wanted;
}

export class CachedConnection implements Connection {
  readonly id = 0;
  readonly bytesIn = 0;
  readonly bytesOut = 0;
  readonly fd = -1;
  readonly sending = false;
  readonly remote = NOWHERE;
  readonly local = NOWHERE;
  receiving = false;
  closed = true;
  handler: ConnectionHandler;
  readonly #buffers: BufferPool;
  readonly #reader: CacheReader;
  /** Its socket takes what is delivered here. */
  #client: Connection | undefined;
  #answer: CachedAnswer;
  /** Whose `#buffer` is. */
  #pool: BufferPool;
  #buffer: Buffer | undefined;
  /** Counts the responses: what was to follow an earlier one does not. */
  #turn = 0;

  constructor(handler: ConnectionHandler, buffers: BufferPool, reader: CacheReader) {
    this.handler = handler;
    this.#buffers = this.#pool = buffers;
    this.#reader = reader;
    this.#answer = { now: 0, notModified: false, headOnly: false };
  }

  /** The reader has begun. */
  open(handler: ConnectionHandler, client: Connection, answer: CachedAnswer): void {
    this.handler = handler;
    this.#client = client;
    this.#answer = answer;
    this.closed = this.receiving = false;
    this.#turn++;
  }

  /** What follows the head comes in a turn of the loop of its own, so that a long body delays nobody. */
  receive(): void {
    if (this.#buffer === undefined) return this.#deliverHead(this.#takeBuffer());
    const turn = this.#turn;
    this.receiving = true;
    setImmediate(() => {
      if (this.closed || this.#turn !== turn) return;
      this.receiving = false;
      this.#deliverMore(this.#buffer as Buffer);
    });
  }

  #takeBuffer(): Buffer {
    const isLong = !this.#answer.headOnly && this.#reader.left + HEAD_ROOM > this.#buffers.size;
    this.#pool = isLong && largeBuffers.taken < MOST_LARGE ? largeBuffers : this.#buffers;
    return (this.#buffer = this.#pool.take());
  }

  #deliverHead(buffer: Buffer): void {
    const reader = this.#reader;
    const { now, notModified, headOnly } = this.#answer;
    const { headLength } = reader;
    const lines = lastLines(reader, now, headOnly);
    const wanted = headOnly ? headLength : buffer.length - HEAD_ROOM;
    const end = HEAD_ROOM + reader.read(buffer, HEAD_ROOM, wanted);
    let start = HEAD_ROOM - lines.length;
    buffer.copyWithin(start, HEAD_ROOM, HEAD_ROOM + headLength);
    latin1Write(buffer, lines, start + headLength);
    if (notModified) start = sayNotModified(buffer, start);
    if (reader.left === 0) reader.release();
    this.handler.onReceived(this, buffer, start, end - start);
  }

  #deliverMore(buffer: Buffer): void {
    const reader = this.#reader;
    const length = reader.read(buffer, 0, buffer.length);
    if (length === 0) return this.handler.onEnd(this);
    if (reader.left === 0) reader.release();
    this.handler.onReceived(this, buffer, 0, length);
  }

  send(): void {
    throw new Error('nothing is sent to a stored response');
  }

  shutdown(): void {}

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.receiving = false;
    this.#reader.release();
    // what is being sent from it stays with whoever sends it
    if (this.#buffer !== undefined && this.#client?.sending !== true) this.#pool.give(this.#buffer);
    else if (this.#buffer !== undefined) this.#pool.taken--;
    this.#buffer = this.#client = undefined;
  }

  reset(): void {
    this.close();
  }
}

/** Puts another status in front of the fields of the head that begins at `head`; gives where it starts now. */
function sayNotModified(buffer: Buffer, head: number): number {
  const lineEnd = buffer.indexOf(LF, head) + 1;
  const start = lineEnd - NOT_MODIFIED.length - VERSION_LENGTH;
  buffer.copyWithin(start, head, head + VERSION_LENGTH);
  latin1Write(buffer, NOT_MODIFIED, start + VERSION_LENGTH);
  return start;
}
