/**
 * The body of the request being served: decoded from the client's inbox, sent on to the server slice by slice.
 *
 *   inbox ─decode▶ slice ─▶ server.send ─▶ onSent ─▶ the client's next receive
 */
import type { BodyFacts } from '../../acl/context.ts';
import { BodyDecoder } from '../../http/body-decoder.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Connection, MoveSink } from '../../net/connection.ts';
import { BodyPreview } from '../bodies/body-ahead.ts';
import type { BodyPipe, BodyPipeOwner } from '../bodies/body-pipe.ts';
import type { ClientTrouble } from '../client/client-trouble.ts';
import type { StreamClient } from '../client/stream-client.ts';
import type { Inbox } from '../client/inbox.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { Phase } from '../accounts/termination.ts';
import type { Transaction } from '../transaction.ts';

/** Less than that of a body, either way, is sooner received and sent. */
export const LARGE_BODY = 65_536;

/** What the body tells its stream, and asks of it. */
export interface RequestBodyOwner {
  readonly thread: Pick<DataThread, 'buffers'>;
  readonly session: StreamClient;
  readonly transaction: Transaction;
  readonly requestHead: Http1RequestHead;
  readonly clientTrouble: ClientTrouble;
  /** More of it can be sent on. */
  requestBodyReady(): void;
  /** The server's timeout runs while it takes what has come of it. */
  readonly server: { expectBytes(): void; clearTimer(): void };
  fail(status: number, letter: string, phase: Phase): void;
  /** The request's last byte is with the server. */
  requestForwarded(): void;
}

export class RequestBody implements BodyPipeOwner, MoveSink {
  readonly decoder = new BodyDecoder();
  /** The last byte has been decoded (not necessarily sent on). */
  read = true;
  /** Bytes that nobody has wanted, framing included. */
  dropped = 0;
  /** What it goes through on its way to the server; undefined: it goes as it comes. */
  pipe: BodyPipe | undefined;
  /** It is the client's turn: the server has all that has come. */
  #isAwaited = false;
  readonly #stream: RequestBodyOwner;
  #preview: BodyPreview | undefined;
  /** What had come of it when it was taken to be sent. */
  #seen: BodyFacts | undefined;
  /** Where its bytes lie. */
  #memory: Buffer | undefined;
  /** Bodies that were done with. */
  #stopped = 0;

  constructor(stream: RequestBodyOwner) {
    this.#stream = stream;
  }

  start(): void {
    const { framing, contentLength } = this.#stream.requestHead;
    this.decoder.start(framing, contentLength);
    this.#preview = undefined;
    this.forget();
    this.dropped = 0;
    this.#isAwaited = false;
    this.read = this.decoder.done;
  }

  /**
   * Sends the next piece to the server: one slice at a time, the next read armed when it has been sent. Called
   * when the server half is ready for more.
   */
  pump(server: Connection): void {
    const { decoder, pipe } = this;
    if (pipe !== undefined) return this.#pumpThrough(pipe, server);
    const { inbox } = this.#stream.session;
    const stopped = this.#stopped;
    while (!this.read && !server.sending) {
      if (inbox.length === 0) return this.#wantMore(server);
      const { buffer } = inbox;
      this.#decode(inbox, inbox.end);
      if (decoder.error !== 0) return this.#stream.clientTrouble.bodyInvalid();
      const length = decoder.outEnd - decoder.outStart;
      if (length > 0) this.#send(server, buffer, decoder.outStart, length);
      else if (!decoder.done) return this.#wantMore(server);
      // what was sent may have completed at once, and with it the exchange: what is here now is the next one's
      if (this.#stopped !== stopped) return;
    }
    if (this.read && !server.sending) this.#stream.requestForwarded();
  }

  /** The pipe has room for another slice only when all of the one before has been sent. */
  #pumpThrough(pipe: BodyPipe, server: Connection): void {
    const { decoder } = this;
    const { inbox } = this.#stream.session;
    while (this.pipe === pipe && !server.sending && !pipe.busy) {
      if (!pipe.empty) {
        const piece = pipe.next();
        if (piece !== undefined) this.#send(server, piece.buffer, piece.offset, piece.length);
        continue;
      }
      if (pipe.finished()) return this.#stream.requestForwarded();
      if (inbox.length === 0) return this.#wantMore(server);
      const { buffer } = inbox;
      this.#decode(inbox, inbox.end);
      if (decoder.error !== 0) return this.#stream.clientTrouble.bodyInvalid();
      const length = decoder.outEnd - decoder.outStart;
      if (length > 0 || decoder.done) pipe.push(buffer, decoder.outStart, length, decoder.done);
      else return this.#wantMore(server);
    }
  }

  #send(server: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#isAwaited = false;
    this.#stream.transaction.bytes.toServer += length;
    this.#stream.server.expectBytes();
    server.send(buffer, offset, length);
  }

  pipeReady(): void {
    this.#stream.requestBodyReady();
  }

  pipeFailed(): void {
    this.#stream.transaction.flaw = 'internal error';
    this.#stream.fail(500, 'I', 'D');
  }

  /** The exchange is over. */
  stop(): void {
    this.#stopped++;
    this.pipe?.close();
    this.pipe = undefined;
    this.forget();
  }

  /** Decodes body bytes that are here into `target`; gives how many were written. */
  takeInto(target: Buffer, offset: number): number {
    const { decoder } = this;
    const { inbox } = this.#stream.session;
    if (this.read || inbox.length === 0 || this.pipe !== undefined) return 0;
    const { buffer } = inbox;
    this.#decode(inbox, Math.min(inbox.end, inbox.start + target.length - offset));
    buffer.copy(target, offset, decoder.outStart, decoder.outEnd);
    return decoder.outEnd - decoder.outStart;
  }

  /** Drops what is here of it: nobody wants it any more. True: that was all, and a next request can follow. */
  drop(): boolean {
    const { inbox } = this.#stream.session;
    for (let before = 0; !this.read && inbox.length !== before; this.dropped += before - inbox.length) {
      before = inbox.length;
      this.#decode(inbox, inbox.end);
    }
    return this.read;
  }

  #decode(inbox: Inbox, end: number): void {
    const consumed = this.decoder.decode(inbox.buffer, inbox.start, end);
    this.#stream.transaction.bytes.fromClient += consumed;
    inbox.consume(consumed);
    if (this.decoder.done && this.decoder.error === 0) this.#allRead();
  }

  #allRead(): void {
    this.read = true;
    this.#isAwaited = false;
    this.#stream.session.clearTimer();
  }

  #wantMore(server: Connection): void {
    const { session } = this.#stream;
    if (session.ended) return this.#stream.clientTrouble.gone('ended');
    if (this.#moves(server)) return;
    this.expectBytes();
    session.receive(true);
  }

  /** The client is waited for, and not the server, which may want all of it before it answers. */
  expectBytes(): void {
    const { session, transaction, server } = this.#stream;
    this.#isAwaited = true;
    server.clearTimer();
    session.expect(transaction.timeout('client'));
  }

  /** The client has taken what was sent to it: a sign of life, where some of this is still to come. */
  clientTook(): void {
    const { session, transaction } = this.#stream;
    if (this.#isAwaited) session.expect(transaction.timeout('client'));
    else session.clearTimer();
  }

  // ── bytes that move inside the kernel ──

  /** The rest of a large body, where nobody wants to see it. */
  #moves(server: Connection): boolean {
    const { decoder, pipe } = this;
    if (decoder.plainLeft < LARGE_BODY || pipe !== undefined) return false;
    return this.#stream.session.connection.moveTo?.(server, decoder.plainLeft, this) === true;
  }

  taken(bytes: number): void {
    this.decoder.skip(bytes);
    this.#stream.transaction.bytes.fromClient += bytes;
    if (this.decoder.done) this.#allRead();
  }

  passed(bytes: number): void {
    const { bytes: counted, counts } = this.#stream.transaction;
    counted.toServer += bytes;
    counts.spliced('request', bytes);
  }

  waitsFor(side: 'source' | 'target'): void {
    this.#stream.server.expectBytes();
    this.#isAwaited = side === 'source';
    if (this.#isAwaited) this.expectBytes();
    else this.#stream.session.clearTimer();
  }

  done(): void {
    this.#stream.requestBodyReady();
  }

  sourceEnded(): void {
    this.#stream.session.receive();
  }

  /**
   * A body that somebody has waited for or looked at can be looked at until the server has it: it may decide which one. As
   * much of it as there would be room for.
   */
  remember(): void {
    if (this.read || this.#preview === undefined || this.#seen !== undefined) return;
    const { thread, transaction } = this.#stream;
    const { buffer, offset, length, complete, broken, announced, trailers } = this.inspect();
    const kept = Math.min(length, transaction.bodyRoom, thread.buffers.size);
    this.#memory = thread.buffers.take();
    buffer.copy(this.#memory, 0, offset, offset + kept);
    const isWhole = complete && kept === length;
    this.#seen = {
      buffer: this.#memory,
      offset: 0,
      length: kept,
      complete: isWhole,
      broken,
      announced,
      trailers,
    };
  }

  forget(): void {
    this.#seen = undefined;
    if (this.#memory !== undefined) this.#stream.thread.buffers.give(this.#memory);
    this.#memory = undefined;
  }

  /** Looks at what has come so far, without taking it. */
  inspect(): BodyFacts {
    if (this.#seen !== undefined) return this.#seen;
    const { session, transaction } = this.#stream;
    const { contentLength } = this.decoder;
    const framing = this.read ? 'none' : this.decoder.framing;
    const shape = { framing, contentLength, ended: session.ended, room: transaction.bodyRoom };
    this.#preview = this.decoder.untouched ? (this.#preview ?? new BodyPreview()) : undefined;
    return (this.#preview ?? new BodyPreview()).look(session.inbox, shape);
  }
}
