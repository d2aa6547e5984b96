/**
 * The server's side of an HTTP stream: reads response heads (interim ones too), decodes response bodies and
 * sends them to the client, and keeps the server's timeout. What a response means is the stream's.
 *
 *   IDLE ──begin──▶ HEAD ──final head──▶ BODY ──last byte sent──▶ IDLE
 *                   └─1xx─┘                └ slices: decode ▶ client.send ▶ onSent ▶ receive
 */
import type { BodyFacts } from '../../acl/context.ts';
import type { Cause } from '../../base/failure.ts';
import { BodyDecoder } from '../../http/body-decoder.ts';
import { maySwitch } from '../../http/switching.ts';
import { parseResponseHead } from '../../http/response-parser.ts';
import type { Connection, ConnectionHandler, MoveSink } from '../../net/connection.ts';
import { Timer } from '../../net/timer-wheel.ts';
import { BodyPreview } from '../bodies/body-ahead.ts';
import type { BodyPipe, BodyPipeOwner } from '../bodies/body-pipe.ts';
import { forgivesResponse } from '../client/http1-glitches.ts';
import { Inbox } from '../client/inbox.ts';
import { LARGE_BODY } from '../request/request-body.ts';
import type { ServerHalfOwner } from './server-half-owner.ts';

const IDLE = 0;
const HEAD = 1;
const BODY = 2;

export class ServerHalf implements ConnectionHandler, BodyPipeOwner, MoveSink {
  readonly inbox = new Inbox();
  readonly decoder = new BodyDecoder();
  connection: Connection | undefined;
  reused = false;
  /** The client asked with HEAD, whatever the server was asked: the body is read and dropped. */
  bodyUnwanted = false;
  /** FIN received: nothing more will come. */
  ended = false;
  /** FIN sent: the client has sent one. */
  requestEnded = false;
  /** Something of a response has arrived. */
  answered = false;
  /** The connection serves no other request: it has misbehaved too often. */
  leaving = false;
  /** Rules look at the body: nothing is sent on. */
  held = false;
  #preview: BodyPreview | undefined;
  /** What the body goes through on its way to the client; undefined: it goes as it comes. */
  pipe: BodyPipe | undefined;
  readonly #stream: ServerHalfOwner;
  readonly timer: Timer;
  #state = IDLE;

  constructor(stream: ServerHalfOwner) {
    this.#stream = stream;
    this.timer = new Timer(() => this.#expired());
  }

  /** A connection is ready: the answer is expected on it. */
  begin(connection: Connection, reused: boolean): void {
    this.connection = connection;
    this.reused = reused;
    this.ended = this.requestEnded = this.answered = this.leaving = false;
    this.#state = HEAD;
    this.receive();
  }

  /** The response's last byte has been decoded. */
  get responseRead(): boolean {
    return this.#state === BODY && this.decoder.done;
  }

  get inBody(): boolean {
    return this.#state === BODY;
  }

  // ── the head ──

  readHead(): void {
    const stream = this.#stream;
    const { inbox } = this;
    while (this.#state === HEAD && inbox.length > 0) {
      const { buffer, start, end } = inbox;
      const consumed = parseResponseHead(buffer, start, end, stream.responseHead, stream.responseLimits);
      if (consumed < 0) return stream.serverTrouble.responseInvalid();
      if (consumed === 0) return this.#wantMoreHead();
      if (!forgivesResponse(stream, this)) return stream.serverTrouble.responseInvalid();
      stream.responseHead.headers.headroom = inbox.headroom;
      inbox.consume(consumed);
      stream.transaction.bytes.fromServer += consumed;
      const { status } = stream.responseHead;
      if (status >= 200 || status === 101) return this.#finalHead();
      if (!stream.interimArrived()) return;
    }
    if (this.#state === HEAD) this.#wantMoreHead();
  }

  #wantMoreHead(): void {
    if (this.ended) this.#stream.serverTrouble.gone('ended');
    else if (this.inbox.length >= this.#stream.responseLimits.maxHeadBytes)
      this.#stream.serverTrouble.responseInvalid();
    else this.receive();
  }

  #finalHead(): void {
    const { responseHead: head, requestHead, body, responseLimits } = this.#stream;
    if (head.status === 101 && !maySwitch(requestHead, head, body.read, responseLimits.relaxed === true)) {
      this.#stream.transaction.counts.response(head.status);
      return this.#stream.serverTrouble.responseInvalid();
    }
    this.#state = BODY;
    this.#stream.transaction.bytes.fromServer += this.inbox.length;
    // it has answered in time: from here on the client may be the one who is slow
    this.clearTimer();
    const { method, version } = requestHead;
    head.resolveFraming(method, version);
    this.decoder.start(head.framing, head.contentLength, head.endsWithConnection ? 'content' : 'chunks');
    this.#preview = undefined;
    this.#stream.responseArrived();
  }

  // ── the body ──

  /** Sends the next piece to the client; the next read is armed when it has been sent. */
  pump(client: Connection): void {
    const { inbox, decoder, pipe } = this;
    if (pipe !== undefined) return this.#pumpThrough(pipe, client);
    while (!client.sending && !decoder.done) {
      if (inbox.length === 0) return this.#wantMoreBody();
      const { buffer } = inbox;
      inbox.consume(decoder.decode(buffer, inbox.start, inbox.end));
      if (decoder.error !== 0) return this.#stream.serverTrouble.bodyInvalid();
      const length = decoder.outEnd - decoder.outStart;
      if (decoder.done) this.clearTimer();
      if (length > 0 && !this.bodyUnwanted)
        this.#stream.sendBody(buffer, decoder.outStart, length, decoder.done);
      else if (!decoder.done) return this.#wantMoreBody();
      // what was sent may have completed at once, and with it the whole exchange
      if (this.#state !== BODY) return;
    }
    if (decoder.done && !client.sending) this.#stream.responseForwarded();
  }

  /** The pipe has room for another slice only when all of the one before has been sent. */
  #pumpThrough(pipe: BodyPipe, client: Connection): void {
    while (this.pipe === pipe && !client.sending && !pipe.busy) {
      if (!pipe.empty) {
        const piece = pipe.next();
        if (piece !== undefined) this.#stream.sendBody(piece.buffer, piece.offset, piece.length);
        continue;
      }
      if (pipe.finished()) return this.#stream.responseForwarded();
      if (!this.#push(pipe))
        return this.decoder.error !== 0 ? this.#stream.serverTrouble.bodyInvalid() : this.#wantMoreBody();
    }
  }

  /** False: there is nothing to push, or it is no body. */
  #push(pipe: BodyPipe): boolean {
    const { inbox, decoder } = this;
    if (inbox.length === 0) return false;
    const { buffer } = inbox;
    inbox.consume(decoder.decode(buffer, inbox.start, inbox.end));
    if (decoder.error !== 0) return false;
    const length = decoder.outEnd - decoder.outStart;
    if (decoder.done) this.clearTimer();
    if (length === 0 && !decoder.done) return false;
    pipe.push(buffer, decoder.outStart, length, decoder.done);
    return true;
  }

  pipeReady(): void {
    if (!this.#stream.clientConnection.sending) this.pump(this.#stream.clientConnection);
  }

  pipeFailed(): void {
    this.#stream.serverTrouble.pipeFailed();
  }

  /** Decodes body bytes that are here where they lie, behind the head that ends at `headEnd`; gives their end. */
  takeBodyInPlace(headEnd: number): number {
    const { inbox, decoder } = this;
    if (decoder.done || inbox.length === 0) return headEnd;
    inbox.consume(decoder.decode(inbox.buffer, inbox.start, inbox.end));
    return this.bodyUnwanted ? headEnd : decoder.outEnd;
  }

  /** Decodes body bytes that are here into `target`, through the pipe if there is one; gives how many were written. */
  takeBody(target: Buffer, offset: number): number {
    const { inbox, decoder, pipe } = this;
    if (decoder.done || inbox.length === 0) return 0;
    if (pipe !== undefined) return this.#push(pipe) ? pipe.copyTo(target, offset) : 0;
    const end = Math.min(inbox.end, inbox.start + target.length - offset);
    const { buffer } = inbox;
    inbox.consume(decoder.decode(buffer, inbox.start, end));
    if (this.bodyUnwanted) return 0;
    buffer.copy(target, offset, decoder.outStart, decoder.outEnd);
    return decoder.outEnd - decoder.outStart;
  }

  #wantMoreBody(): void {
    if (this.ended) return this.#bodyEnded();
    if (this.#moves()) return;
    this.#expectResponse();
    this.receive(true);
  }

  /** The rest of a large body goes from socket to socket in the kernel, where nobody wants to see it. */
  #moves(): boolean {
    const { connection, decoder } = this;
    if (decoder.plainLeft < LARGE_BODY || this.pipe !== undefined || this.bodyUnwanted) return false;
    return connection?.moveTo?.(this.#stream.clientConnection, decoder.plainLeft, this) === true;
  }

  taken(bytes: number): void {
    this.decoder.skip(bytes);
    this.#stream.transaction.bytes.fromServer += bytes;
  }

  passed(bytes: number): void {
    const { bytes: counted, counts } = this.#stream.transaction;
    counted.toClient += bytes;
    counts.spliced('response', bytes);
  }

  waitsFor(side: 'source' | 'target'): void {
    if (side === 'source') {
      this.#expectResponse();
      this.#stream.body.clientTook();
    } else {
      this.clearTimer();
      this.#stream.expectToSend();
    }
  }

  done(): void {
    this.clearTimer();
    this.#stream.body.clientTook();
    this.pump(this.#stream.clientConnection);
  }

  sourceEnded(): void {
    this.receive();
  }

  /** FIN is the end of a body without a length, and a truncation of any other. */
  #bodyEnded(): void {
    const { pipe } = this;
    if (!this.decoder.endOfStream()) return this.#stream.serverTrouble.gone('ended');
    this.clearTimer();
    if (pipe === undefined) return this.#stream.responseForwarded();
    pipe.push(this.inbox.buffer, 0, 0, true);
    this.#pumpThrough(pipe, this.#stream.clientConnection);
  }

  /** The response's bytes pile up from now on, or no more. */
  hold(held: boolean): void {
    this.held = held;
    this.clearTimer();
    this.#stream.responseHead.headers.leaveSource();
  }

  /** Looks at what has come of the body so far, without taking it. */
  inspect(): BodyFacts {
    const { transaction } = this.#stream;
    const { contentLength } = this.decoder;
    const framing = this.decoder.done ? 'none' : this.decoder.framing;
    const shape = { framing, contentLength, ended: this.ended, room: transaction.bodyRoom };
    this.#preview = this.decoder.untouched ? (this.#preview ?? new BodyPreview()) : undefined;
    return (this.#preview ?? new BodyPreview()).look(this.inbox, shape);
  }

  receive(inBody = false): void {
    const connection = this.connection as Connection;
    if (connection.receiving || connection.closed || this.ended) return;
    this.inbox.detach();
    connection.receive(inBody);
  }

  // ── events ──

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.inbox.add(buffer, offset, length, connection.headroom);
    if (this.#state === HEAD) {
      this.answered = true;
      return this.readHead();
    }
    this.#stream.transaction.bytes.fromServer += length;
    if (this.held) this.#stream.heldBytesArrived();
    else this.#bodyArrived();
  }

  /** The server is not waited for while the client takes what has come. */
  #bodyArrived(): void {
    this.clearTimer();
    this.pump(this.#stream.clientConnection);
  }

  /** The server's socket has taken what was sent: the next piece of the request's body, if there is one. */
  onSent(connection: Connection): void {
    this.#stream.body.pump(connection);
  }

  onEnd(): void {
    this.ended = true;
    if (this.#state === HEAD) this.#stream.serverTrouble.gone('ended');
    else if (this.held) this.#stream.heldBytesArrived();
    else if (!this.#stream.clientConnection.sending) this.pump(this.#stream.clientConnection);
  }

  onFailed(_connection: Connection, cause: Cause): void {
    this.#stream.serverTrouble.gone(cause);
  }

  onConnected(): void {
    throw new Error('connected twice');
  }

  /** The client has closed its side behind the request: the server decides what that means. */
  endRequest(): void {
    if (this.requestEnded || this.connection === undefined) return;
    this.requestEnded = true;
    this.connection.shutdown();
  }

  /** All of the response is here, and the server takes no more of the request. */
  lost(): void {
    this.ended = true;
    this.clearTimer();
    if (!this.#stream.clientConnection.sending) this.pump(this.#stream.clientConnection);
  }

  // ── time ──

  /** The server has to go on within its timeout. */
  expectBytes(): void {
    this.#stream.thread.wheel.set(this.timer, this.#stream.transaction.timeout('server'));
  }

  /** A client that owes some of its request is waited for instead (manual, `timeout server`). */
  #expectResponse(): void {
    if (this.#stream.body.read) this.expectBytes();
  }

  clearTimer(): void {
    this.#stream.thread.wheel.clear(this.timer);
  }

  #expired(): void {
    this.#stream.serverTrouble.stalled();
  }

  // ── the end ──

  /** Gives the connection up, open: for the pool. */
  detach(): Connection {
    const connection = this.connection as Connection;
    this.#reset();
    return connection;
  }

  close(): void {
    const connection = this.connection;
    this.#reset();
    connection?.close();
  }

  #reset(): void {
    this.clearTimer();
    this.held = false;
    this.pipe?.close();
    this.pipe = undefined;
    this.#state = IDLE;
    this.inbox.clear();
    this.connection = undefined;
  }
}
