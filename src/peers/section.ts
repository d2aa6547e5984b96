/**
 * One `peers` section at work: who is connected to whom, who learns from whom, and when that is tried again. A port of
 * what HAProxy's sync task does, with its times; `sync` is called whenever something has happened, or is due.
 *
 *   resync   local (the process before, 5 s) ─▶ remote (any peer, 5 s without one) ─▶ finished
 */
import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Peer, PeersSection } from '../model/peers.ts';
import { PeerSession, type SessionOwner } from './peer-session.ts';
import { NEVER, RemotePeer, type Talk } from './remote-peer.ts';
import type { TaughtTable } from './shared-table.ts';
import { OLD_MINOR_VERSION, STATUS } from './wire.ts';

const RESYNC_MS = 5000;
const RECONNECT_MS = 5000;
const LOCAL_RECONNECT_MS = 500;
const HEARTBEAT_MS = 3000;
const CONNECT_MS = 1000;
/** Both sides say something every 3 seconds. */
const SILENCE_MS = 5000;
/** Connections whose hello is still to come. */
const MOST_STRANGERS = 100;
/** Two that gave their connections up for each other's do not try again at the same moment. */
const LEAST_PAUSE_MS = 50;
const PAUSE_RANGE_MS = 2000;

type Resync = 'local' | 'remote' | 'finished';

/** What has happened so far, as HAProxy's flags tell it (`show peers`). */
const EVENT = {
  localTimeout: 0x00100000,
  remoteTimeout: 0x00200000,
  localAbort: 0x00400000,
  remoteAbort: 0x00800000,
  localFinished: 0x01000000,
  remoteFinished: 0x02000000,
  localPartial: 0x04000000,
  remotePartial: 0x08000000,
  localAssign: 0x10000000,
  remoteAssign: 0x20000000,
} as const;

export interface SectionSurroundings {
  /** Of base/clock.ts. */
  readonly now: () => number;
  readonly mostAtOnce: number;
  readonly longestMessage: number;
  /** A process before this one may have something to teach. */
  readonly hasPredecessor: boolean;
  /** Begins to connect; `ready` is called when messages can be sent. */
  readonly connect: (section: PeersSection, peer: Peer, ready: () => void) => Socket;
  readonly log: (section: PeersSection, level: 'notice' | 'warning', text: string) => void;
  /** There are more connections to peers, or fewer, or one of them may be used now. */
  readonly connectionsChanged: () => void;
}

export class PeersAtWork implements SessionOwner {
  readonly settings: PeersSection;
  readonly peers: readonly RemotePeer[];
  readonly mostAtOnce: number;
  readonly longestMessage: number;
  readonly startedAt = new Date();
  resync: Resync = 'local';
  /** Somebody is learned from. */
  assigned = false;
  events = 0;
  resyncUntil = NEVER;
  turns = 0;
  /** A peer wants to hear of changes from now on. */
  onTalking: () => void = () => undefined;
  readonly #around: SectionSurroundings;
  readonly #local: RemotePeer;
  readonly #sessions = new Set<PeerSession>();
  #timer: NodeJS.Timeout | undefined;
  #stopping: (() => void) | undefined;
  #closed = false;

  constructor(settings: PeersSection, tables: readonly TaughtTable[], around: SectionSurroundings) {
    this.settings = settings;
    this.#around = around;
    this.mostAtOnce = around.mostAtOnce;
    this.longestMessage = around.longestMessage;
    this.peers = settings.peers.map(peer => new RemotePeer(peer, tables));
    this.#local = this.peers.find(peer => peer.settings.local) as RemotePeer;
  }

  get local(): string {
    return this.#local.settings.name;
  }

  get isUpToDate(): boolean {
    return this.resync === 'finished';
  }

  get isTalking(): boolean {
    return this.peers.some(isTalking);
  }

  /** Connections to peers, and how many of them both sides have agreed upon. */
  connections(): { readonly active: number; readonly talking: number } {
    const active = this.peers.filter(({ session }) => session !== undefined);
    return { active: active.length, talking: active.filter(isTalking).length };
  }

  /** Somebody has connected to this node. */
  adopt(socket: Socket): void {
    const isWelcome = !this.#closed && this.#stopping === undefined && this.#strangers() < MOST_STRANGERS;
    if (!isWelcome) return void socket.destroy();
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    this.#sessions.add(new PeerSession(socket, this));
  }

  #strangers(): number {
    return this.#sessions.size - this.peers.filter(({ session }) => session !== undefined).length;
  }

  /** Entries have changed. */
  changed(): void {
    for (const { session, tables } of this.peers)
      if (session !== undefined && tables.some(table => table.lastPushed !== table.lastUpdate))
        session.wake();
  }

  // ── what sessions tell ──

  isKnown(name: string): boolean {
    return this.peers.some(({ settings }) => settings.name === name);
  }

  accept(session: PeerSession, name: string, minorVersion: number): RemotePeer | number {
    const peer = this.peers.find(({ settings }) => settings.name === name) as RemotePeer;
    if (peer.session !== undefined) {
      if (peer.settings.local) return STATUS.tryAgain;
      peer.reconnectAt = this.#pause();
      peer.heartbeatAt = NEVER;
      peer.counts.collisions++;
      peer.session.close();
    }
    peer.speaksOld = minorVersion === OLD_MINOR_VERSION;
    peer.session = session;
    this.#around.connectionsChanged();
    return peer;
  }

  greeted(_session: PeerSession, peer: RemotePeer, status: number): void {
    const isNew = peer.status !== status;
    peer.status = status;
    peer.lastHandshakeAt = this.#around.now();
    if (status === STATUS.badVersion) peer.speaksOld = true;
    if (status !== STATUS.success && isNew)
      this.#log('warning', `peer '${peer.settings.name}' refused the connection with status ${status}`);
  }

  established(session: PeerSession, peer: RemotePeer): void {
    peer.connected(this.#around.now(), HEARTBEAT_MS);
    this.#around.connectionsChanged();
    this.#stopLearning(peer);
    if (peer.settings.local && session.outgoing) peer.beginTeaching();
    else if (peer.settings.local) this.#assignIf(peer, 'local', EVENT.localAssign);
    else this.#assignIf(peer, 'remote', EVENT.remoteAssign);
    this.#log('notice', `peer '${peer.settings.name}' is connected`);
    this.onTalking();
    this.sync();
  }

  #assignIf(peer: RemotePeer, resync: Resync, event: number): void {
    if (this.resync !== resync || this.assigned) return;
    peer.learnState = 'ASSIGNED';
    this.assigned = true;
    this.events |= event;
  }

  lessonOver(peer: RemotePeer, complete: boolean): void {
    const { local } = peer.settings;
    if (!complete) {
      peer.notUpToDate = true;
      this.events |= local ? EVENT.localPartial : EVENT.remotePartial;
      this.resyncUntil = this.#around.now() + RESYNC_MS;
    } else if (this.#hasOtherShards(peer)) this.resyncUntil = this.#around.now() + RESYNC_MS;
    else {
      this.resync = 'finished';
      this.events |= local ? EVENT.localFinished : EVENT.remoteFinished;
    }
    peer.learnState = 'NOTASSIGNED';
    this.assigned = false;
    this.#syncSoon();
  }

  /** Whoever has a part of the tables is asked for that; then somebody for the next part. */
  #hasOtherShards(peer: RemotePeer): boolean {
    const { shard } = peer.settings;
    if (shard === 0) return false;
    this.events |= EVENT.remotePartial;
    for (const other of this.peers) if (other.settings.shard === shard) other.notUpToDate = true;
    return this.peers.some(({ settings, notUpToDate }) => settings.shard !== 0 && !notUpToDate);
  }

  endsWhenTaught(peer: RemotePeer): boolean {
    if (this.#stopping === undefined || !peer.settings.local) return false;
    peer.teachComplete = true;
    return true;
  }

  heard(peer: RemotePeer): void {
    peer.reconnectAt = this.#around.now() + RECONNECT_MS;
  }

  fault(session: PeerSession, peer: RemotePeer | undefined, why: string): void {
    if (peer !== undefined) peer.counts.protocolErrors++;
    const who = peer?.settings.name ?? session.socket.remoteAddress ?? 'unix socket';
    this.#log('warning', `peer '${who}': ${why}, connection closed`);
  }

  closed(session: PeerSession, peer: RemotePeer | undefined): void {
    this.#sessions.delete(session);
    if (peer === undefined || peer.session !== session) return;
    const wasTalking = peer.status === STATUS.success;
    peer.disconnected();
    this.#around.connectionsChanged();
    this.#stopLearning(peer);
    if (wasTalking && this.#stopping === undefined && !this.#closed)
      this.#log('notice', `the connection to peer '${peer.settings.name}' is over`);
    this.#syncSoon();
  }

  /** What was begun with it is begun again, with anybody. */
  #stopLearning(peer: RemotePeer): void {
    if (peer.learnState !== 'NOTASSIGNED') {
      this.assigned = false;
      this.events |= peer.settings.local ? EVENT.localAbort : EVENT.remoteAbort;
      this.resyncUntil = this.#around.now() + RESYNC_MS;
      peer.learnState = 'NOTASSIGNED';
    }
    peer.notUpToDate = false;
  }

  // ── what is due ──

  #syncSoon(): void {
    setImmediate(() => this.sync());
  }

  sync(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.turns++;
    const nowMs = this.#around.now();
    const due = this.#stopping === undefined ? this.#run(nowMs) : this.#runStopping(nowMs);
    if (due === NEVER || this.#closed) return;
    this.#timer = setTimeout(() => this.sync(), Math.max(1, due - nowMs));
    if (this.#stopping === undefined) this.#timer.unref();
  }

  /** When something is due next; NEVER. */
  #run(nowMs: number): number {
    if (this.resyncUntil === NEVER) this.resyncUntil = nowMs + RESYNC_MS;
    const isOver = this.resyncUntil <= nowMs;
    if (this.resync === 'local' && !this.assigned && (isOver || !this.#around.hasPredecessor)) {
      this.resync = 'remote';
      this.events |= EVENT.localTimeout;
      this.resyncUntil = nowMs + RESYNC_MS;
    }
    let due = NEVER;
    for (const peer of this.peers) if (!peer.settings.local) due = earlier(due, this.#follow(peer, nowMs));
    const isAlone = this.peers.length === 1;
    if (this.resync === 'remote' && !this.assigned && (this.resyncUntil <= nowMs || isAlone)) {
      this.resync = 'finished';
      this.events |= EVENT.remoteTimeout;
    }
    return this.resync !== 'finished' && this.resyncUntil > nowMs ? earlier(due, this.resyncUntil) : due;
  }

  #follow(peer: RemotePeer, nowMs: number): number {
    const { session } = peer;
    if (session === undefined) return this.#reconnect(peer, nowMs);
    if (peer.status !== STATUS.success) return NEVER;
    if (this.resync === 'remote' && !this.assigned && !peer.notUpToDate) {
      this.#assignIf(peer, 'remote', EVENT.remoteAssign);
      session.wake();
    }
    this.#keepAlive(peer, session, nowMs);
    return earlier(peer.reconnectAt, peer.heartbeatAt);
  }

  #reconnect(peer: RemotePeer, nowMs: number): number {
    if (peer.status !== STATUS.none && peer.reconnectAt > nowMs) return peer.reconnectAt;
    this.#connect(peer, nowMs, RECONNECT_MS);
    return peer.reconnectAt;
  }

  #connect(peer: RemotePeer, nowMs: number, againAfterMs: number): void {
    peer.counts.connections++;
    peer.reconnectAt = nowMs + againAfterMs;
    peer.heartbeatAt = NEVER;
    peer.lastHandshakeAt = nowMs;
    const hasRefused = peer.status >= STATUS.tryAgain;
    const socket = this.#around.connect(this.settings, peer.settings, () => {
      socket.setTimeout(SILENCE_MS);
      session.sayHello();
    });
    const session = new PeerSession(socket, this, peer);
    if (!hasRefused) peer.status = STATUS.connecting;
    socket.setTimeout(CONNECT_MS, () => socket.destroy());
    peer.session = session;
    this.#sessions.add(session);
    this.#around.connectionsChanged();
  }

  #keepAlive(peer: RemotePeer, session: Talk, nowMs: number): void {
    if (peer.hasNews) {
      peer.heartbeatAt = nowMs + HEARTBEAT_MS;
      if (peer.reconnectAt <= nowMs) peer.reconnectAt = nowMs + RECONNECT_MS;
      session.wake();
    } else if (peer.reconnectAt <= nowMs) this.#checkAlive(peer, session, nowMs);
    else if (peer.heartbeatAt !== NEVER && peer.heartbeatAt <= nowMs) {
      peer.heartbeatAt = nowMs + HEARTBEAT_MS;
      peer.counts.sentHeartbeats++;
      session.sendHeartbeat();
    }
  }

  #checkAlive(peer: RemotePeer, session: Talk, nowMs: number): void {
    if (peer.alive) {
      peer.alive = false;
      peer.reconnectAt = nowMs + RECONNECT_MS;
      return;
    }
    peer.reconnectAt = this.#pause();
    peer.heartbeatAt = NEVER;
    peer.counts.missedHeartbeats++;
    session.close();
  }

  #pause(): number {
    return this.#around.now() + LEAST_PAUSE_MS + randomInt(PAUSE_RANGE_MS);
  }

  // ── the end ──

  /** Soft stop: all connections end; the process that takes over is taught. Calls back when that is over. */
  stop(over: () => void): void {
    if (this.#closed) return over();
    this.#stopping = over;
    for (const session of this.#sessions) session.close();
    this.resyncUntil = this.#around.now() + RESYNC_MS;
    this.#local.status = STATUS.none;
    this.#local.reconnectAt = NEVER;
    this.sync();
  }

  #runStopping(nowMs: number): number {
    const peer = this.#local;
    if (peer.teachComplete) return this.#over();
    if (peer.session !== undefined) {
      if (peer.status === STATUS.success) this.resyncUntil = nowMs + RESYNC_MS;
      return this.resyncUntil;
    }
    if (this.resyncUntil <= nowMs || !this.#canTeachSuccessor(peer)) return this.#over();
    if (peer.reconnectAt <= nowMs) this.#connect(peer, nowMs, LOCAL_RECONNECT_MS);
    return peer.reconnectAt;
  }

  /** It did not say that it is somebody else, and somebody listens there. */
  #canTeachSuccessor({ status }: RemotePeer): boolean {
    if (this.settings.bind === undefined) return false;
    const { none, success, handshake, tryAgain } = STATUS;
    return status === none || status === success || status === handshake || status === tryAgain;
  }

  #over(): number {
    this.close();
    return NEVER;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const session of this.#sessions) session.socket.destroy();
    this.#stopping?.();
  }

  #log(level: 'notice' | 'warning', text: string): void {
    this.#around.log(this.settings, level, text);
  }
}

/** NEVER is later than everything. */
function earlier(one: number, other: number): number {
  if (one === NEVER) return other;
  return other === NEVER ? one : Math.min(one, other);
}

function isTalking({ session, status }: RemotePeer): boolean {
  return session !== undefined && status === STATUS.success;
}
