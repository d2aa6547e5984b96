/**
 * One connection to a peer: the handshake, then messages both ways, a limited number at a time, so that everything
 * else in this thread goes on. What happens to the section is its owner's to decide.
 *
 *   accepted   hello lines ─▶ owner.accept ─▶ status ─▶ messages
 *   connected  hello ─▶ status line ─▶ owner.greeted ─▶ messages
 */
import type { Socket } from 'node:net';
import { FrameReader } from './frames.ts';
import { HelloReader, LineTaker, readStatus, renderHello, renderStatus } from './hello.ts';
import { Learner } from './learning.ts';
import { MessageWriter } from './message-writer.ts';
import type { RemotePeer, Talk } from './remote-peer.ts';
import { acknowledge, tellAll, tellChanges, type Voice } from './teaching.ts';
import { CLASS, CONTROL, ERROR, MINOR_VERSION, OLD_MINOR_VERSION, STATUS } from './wire.ts';

export interface SessionOwner {
  /** Name of this node. */
  readonly local: string;
  /** Messages that are read, and entries that are told, before others may go on. */
  readonly mostAtOnce: number;
  /** Bytes of the longest message. */
  readonly longestMessage: number;
  isKnown(name: string): boolean;
  /** Somebody says who he is: the peer, or why not now. */
  accept(session: PeerSession, name: string, minorVersion: number): RemotePeer | number;
  /** The other side has answered the hello. */
  greeted(session: PeerSession, peer: RemotePeer, status: number): void;
  /** Messages go both ways from now on. */
  established(session: PeerSession, peer: RemotePeer): void;
  /** Told of a lesson: it is over, and its giver knew everything or not. */
  lessonOver(peer: RemotePeer, complete: boolean): void;
  /** The peer has learned what it was told: true, and the session ends. */
  endsWhenTaught(peer: RemotePeer): boolean;
  /** Whether this node has learned everything it can. */
  readonly isUpToDate: boolean;
  heard(peer: RemotePeer): void;
  fault(session: PeerSession, peer: RemotePeer | undefined, why: string): void;
  closed(session: PeerSession, peer: RemotePeer | undefined): void;
}

/** As `show peers` numbers them. */
export const SESSION_STATE = {
  hello: 1,
  connect: 5,
  getStatus: 6,
  messages: 7,
  end: 11,
} as const;

export class PeerSession implements Talk {
  readonly socket: Socket;
  readonly outgoing: boolean;
  state: number;
  status: number = STATUS.none;
  turns = 0;
  readonly #owner: SessionOwner;
  readonly #lines = new LineTaker();
  readonly #hello: HelloReader;
  readonly #frames: FrameReader;
  readonly #writer = new MessageWriter();
  #peer: RemotePeer | undefined;
  #voice: Voice | undefined;
  #learner: Learner | undefined;
  /** The other side takes no more for now. */
  #blocked = false;
  #scheduled = false;
  /** The table that is looked at first: the one after the last that was told of. */
  #next = 0;

  /** `peer`: whom this process connects to. */
  constructor(socket: Socket, owner: SessionOwner, peer?: RemotePeer) {
    this.socket = socket;
    this.#owner = owner;
    this.#peer = peer;
    this.outgoing = peer !== undefined;
    this.state = this.outgoing ? SESSION_STATE.connect : SESSION_STATE.hello;
    this.#hello = new HelloReader(owner.local, name => owner.isKnown(name));
    this.#frames = new FrameReader(owner.longestMessage);
    socket.on('data', bytes => this.#received(bytes));
    socket.on('drain', () => {
      this.#blocked = false;
      this.wake();
    });
    socket.on('end', () => this.close());
    // told by close
    socket.on('error', () => undefined);
    socket.on('close', () => this.#closed());
  }

  get peer(): RemotePeer | undefined {
    return this.#peer;
  }

  get tables(): Talk['tables'] {
    return { heard: this.#learner?.current, told: this.#voice?.current };
  }

  // ── the handshake ──

  /** The connection is made, and safe where it has to be. */
  sayHello(): void {
    const peer = this.#peer as RemotePeer;
    const minorVersion = peer.speaksOld ? OLD_MINOR_VERSION : MINOR_VERSION;
    const to = peer.settings.name;
    this.#writer.text(renderHello({ to, from: this.#owner.local, pid: process.pid, minorVersion }));
    this.state = SESSION_STATE.getStatus;
    peer.status = STATUS.handshake;
    this.#flush();
  }

  #received(bytes: Buffer): void {
    if (this.#isIn('end')) return;
    if (this.#isIn('messages')) this.#frames.add(bytes);
    else {
      this.#lines.add(bytes);
      while (this.#takeLine());
      if (this.#isIn('messages')) this.#frames.add(this.#lines.rest);
    }
    this.#turn();
  }

  #isIn(state: keyof typeof SESSION_STATE): boolean {
    return this.state === SESSION_STATE[state];
  }

  /** False: there is no further line. */
  #takeLine(): boolean {
    const line = this.#lines.line();
    if (line === undefined) return false;
    if (line !== false && this.#isIn('hello')) this.#heardHello(line);
    else if (line !== false && this.#isIn('getStatus')) this.#heardStatus(line);
    else this.close();
    return this.#isIn('hello') || this.#isIn('getStatus');
  }

  #heardHello(line: string): void {
    const said = this.#hello.take(line);
    if (said === undefined) return;
    const peer = typeof said === 'number' ? said : this.#owner.accept(this, said.from, said.minorVersion);
    if (typeof peer === 'number') return this.#refuse(peer);
    this.#peer = peer;
    this.#writer.text(renderStatus(STATUS.success));
    this.#establish(peer);
  }

  #refuse(status: number): void {
    this.status = status;
    this.#owner.fault(this, undefined, `refused with status ${status}`);
    this.#writer.text(renderStatus(status));
    this.#flush();
    this.close();
  }

  #heardStatus(line: string): void {
    const peer = this.#peer as RemotePeer;
    const status = readStatus(line);
    this.#owner.greeted(this, peer, status);
    if (status === STATUS.success) this.#establish(peer);
    else this.close();
  }

  #establish(peer: RemotePeer): void {
    this.state = SESSION_STATE.messages;
    this.#learner = new Learner(peer.tables, peer.heardNames);
    this.#voice = {
      writer: this.#writer,
      names: peer.sentNames,
      current: undefined,
      timed: !peer.speaksOld,
      shard: peer.settings.shard,
    };
    this.#owner.established(this, peer);
    this.wake();
  }

  // ── messages ──

  wake(): void {
    if (this.#scheduled || this.state !== SESSION_STATE.messages) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  sendHeartbeat(): void {
    this.#writer.plain(CLASS.control, CONTROL.heartbeat);
    this.#flush();
  }

  #turn(): void {
    if (!this.#isIn('messages')) return;
    this.turns++;
    const isMoreToHear = this.#hear();
    if (!this.#isIn('messages')) return;
    const isMoreToTell = !this.#blocked && this.#speak();
    this.#flush();
    if (isMoreToHear) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
    if (isMoreToHear || (isMoreToTell && !this.#blocked)) this.wake();
  }

  /** True: there is more. */
  #hear(): boolean {
    const frames = this.#frames;
    for (let count = 0; count < this.#owner.mostAtOnce; count++) {
      const state = frames.next();
      if (state === 'none') return false;
      if (state !== 'message') return this.#fault(state);
      const isGood = this.#take(frames.class, frames.type);
      if (!isGood) return this.#fault('malformed');
      if (!this.#isIn('messages')) return false;
    }
    return frames.waiting > 0;
  }

  /** False: malformed. */
  #take(messageClass: number, type: number): boolean {
    const peer = this.#peer as RemotePeer;
    if (messageClass === CLASS.reserved) return false;
    peer.alive = true;
    if (messageClass === CLASS.control) this.#control(type, peer);
    else if (messageClass === CLASS.table)
      return (this.#learner as Learner).take(type, this.#frames.body, peer.learnState === 'PROCESSING');
    return true;
  }

  #control(type: number, peer: RemotePeer): void {
    switch (type) {
      case CONTROL.resyncRequest:
        peer.wasAsked = true;
        return peer.beginTeaching();
      case CONTROL.resyncFinished:
      case CONTROL.resyncPartial:
        peer.confirmations++;
        if (peer.learnState === 'PROCESSING') this.#owner.lessonOver(peer, type === CONTROL.resyncFinished);
        return;
      case CONTROL.resyncConfirm:
        if (this.#owner.endsWhenTaught(peer)) this.close();
        else peer.confirmed();
        return;
      case CONTROL.heartbeat:
        peer.counts.heardHeartbeats++;
        return this.#owner.heard(peer);
      default:
    }
  }

  /** True: there is more to tell. */
  #speak(): boolean {
    const peer = this.#peer as RemotePeer;
    const writer = this.#writer;
    if (peer.learnState === 'ASSIGNED') {
      if (!peer.settings.local) writer.plain(CLASS.control, CONTROL.resyncRequest);
      peer.learnState = 'PROCESSING';
    }
    if (this.#tell(peer, this.#voice as Voice)) return true;
    if (peer.teaching && !peer.taught) {
      const isComplete = this.#owner.isUpToDate;
      writer.plain(CLASS.control, isComplete ? CONTROL.resyncFinished : CONTROL.resyncPartial);
      peer.taught = true;
    }
    for (; peer.confirmations > 0; peer.confirmations--) writer.plain(CLASS.control, CONTROL.resyncConfirm);
    return false;
  }

  /** Table by table, from where it ended last time. */
  #tell(peer: RemotePeer, voice: Voice): boolean {
    const { tables } = peer;
    let left = this.#owner.mostAtOnce;
    for (const shared of tables) if (shared.lastGet !== shared.lastAcked) acknowledge(shared, voice.writer);
    for (let count = 0; count < tables.length; count++) {
      const shared = tables[this.#next % tables.length] as RemotePeer['tables'][number];
      if (peer.teaching) {
        if (!peer.taught) left = tellAll(shared, voice, left);
      } else if (peer.learnState === 'NOTASSIGNED') left = tellChanges(shared, voice, left);
      this.#next++;
      if (left === 0) return true;
    }
    return false;
  }

  #flush(): void {
    if (this.#writer.length === 0 || this.socket.destroyed) return;
    if (!this.socket.write(this.#writer.take())) this.#blocked = true;
  }

  // ── the end ──

  /** The other side does not keep to the protocol: it is told so, and left. Always false. */
  #fault(what: 'malformed' | 'outsized'): false {
    this.#owner.fault(this, this.#peer, `${what} message`);
    this.#writer.plain(CLASS.error, what === 'outsized' ? ERROR.sizeLimit : ERROR.protocol);
    this.#flush();
    this.close();
    return false;
  }

  close(): void {
    if (this.state === SESSION_STATE.end) return;
    this.state = SESSION_STATE.end;
    this.#owner.closed(this, this.#peer);
    this.socket.destroySoon();
    this.socket.resume();
  }

  #closed(): void {
    if (this.state === SESSION_STATE.end) return;
    this.state = SESSION_STATE.end;
    this.#owner.closed(this, this.#peer);
  }
}
