/**
 * The end of a bridge at the thread that has the connections of a `rhttp@` server: another thread sends requests by HTTP/2
 * over a pair of sockets, each is passed on to one of them (relayed-request.ts). The other end is a connection like any to a
 * server there.
 */
import { NO_ERROR, REFUSED_STREAM } from '../../http2/frames.ts';
import type { FieldSink } from '../../http2/hpack/decoder.ts';
import { giveBack } from '../../http2/output.ts';
import { NO_FIELDS, type SessionHandler } from '../../http2/session-handler.ts';
import { Session } from '../../http2/session.ts';
import type { LocalSettings } from '../../http2/settings.ts';
import type { Stream, StreamOwner } from '../../http2/stream.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import { type AfterTurn, afterTurn } from '../after-turn.ts';
import type { Http2ServerLink } from '../http2/server-link.ts';
import { RelayedRequest } from './relayed-request.ts';

/** While so many bytes wait the other thread is not read from. */
const CONGESTED = 65_536;

export class BridgeSession implements SessionHandler, ConnectionHandler, AfterTurn {
  readonly session: Session;
  readonly #socket: Connection;
  /** A connection for one more request; undefined: there is none any more. */
  readonly #pick: () => Http2ServerLink | undefined;
  readonly #ended: (bridge: BridgeSession) => void;
  /** Its fields come, or have just come. */
  #opening: RelayedRequest | undefined;
  #active = 0;
  #isEnding = false;
  #isShut = false;
  #isBusy = false;
  #isDirty = false;
  #underWay: Buffer | undefined;

  constructor(
    socket: Connection,
    settings: LocalSettings,
    pick: () => Http2ServerLink | undefined,
    ended: (bridge: BridgeSession) => void,
  ) {
    this.#socket = socket;
    this.#pick = pick;
    this.#ended = ended;
    this.session = new Session('server', { ...settings, takesConnect: true }, this);
    socket.handler = this;
  }

  start(): void {
    this.session.start();
    this.#receive();
    this.wrote();
  }

  /** There is nowhere to pass requests on to: what is under way ends first. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.session.goaway(NO_ERROR);
    this.wrote();
  }

  // ── streams ──

  streamOpens(): FieldSink {
    const link = this.#isEnding ? undefined : this.#pick();
    this.#opening = link && new RelayedRequest(this, link, () => this.#requestOver());
    return this.#opening?.fieldsBegin() ?? NO_FIELDS;
  }

  streamOpened(stream: Stream, endStream: boolean, tooLarge: boolean): StreamOwner | undefined {
    const request = this.#opening;
    this.#opening = undefined;
    if (request === undefined) {
      this.session.reset(stream, REFUSED_STREAM);
      return undefined;
    }
    this.#active++;
    stream.owner = request.asked;
    request.begin(stream, endStream, tooLarge);
    return request.asked;
  }

  #requestOver(): void {
    this.#active--;
    this.wrote();
  }

  streamClosed(): void {
    this.wrote();
  }

  // ── the socket ──

  onReceived(_socket: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#isBusy = true;
    this.session.feed(buffer, offset, offset + length);
    this.#isBusy = false;
    this.#settle();
  }

  wrote(): void {
    if (this.#isBusy || this.#isDirty) return;
    this.#isDirty = true;
    afterTurn(this);
  }

  turnOver(): void {
    this.#isDirty = false;
    this.#settle();
  }

  #settle(): void {
    this.#flush();
    this.#receive();
    if (this.#isEnding && this.#isIdle()) this.#shutDown();
  }

  #isIdle(): boolean {
    return this.#active === 0 && this.session.output.length === 0 && !this.#socket.sending;
  }

  /** The other thread closes it when it has read all: what is sent to a socket that is closed hides what it has said. */
  #shutDown(): void {
    if (this.#isShut || this.#socket.closed) return;
    this.#isShut = true;
    this.#socket.shutdown();
  }

  #flush(): void {
    const socket = this.#socket;
    const { output } = this.session;
    if (socket.closed || socket.sending || output.length === 0) return;
    const { length } = output;
    this.#underWay = output.take();
    socket.send(this.#underWay, 0, length);
  }

  #receive(): void {
    const socket = this.#socket;
    if (socket.closed || socket.receiving || this.session.output.length > CONGESTED) return;
    socket.receive(true);
  }

  onSent(): void {
    if (this.#underWay !== undefined) giveBack(this.#underWay);
    this.#underWay = undefined;
    const wasBusy = this.#isBusy;
    this.#isBusy = true;
    this.session.resume();
    this.#isBusy = wasBusy;
    this.wrote();
  }

  onEnd(): void {
    this.#close();
  }

  onFailed(): void {
    this.#close();
  }

  failed(): void {
    this.#flush();
    this.#close();
  }

  #close(): void {
    if (this.#socket.closed) return;
    this.#socket.close();
    this.session.lost();
    this.#ended(this);
  }

  onConnected(): void {}
  frameReceived(): void {
    this.session.widenWindow();
  }
  frameSent(): void {}
  settingsReceived(): void {}
  goawayReceived(): void {}
  streamFailed(): void {}
  glitch(): void {}
}
