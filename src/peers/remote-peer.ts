/** One node of a section as this process sees it, with or without a connection to it. `show peers` tells all of it. */
import type { Socket } from 'node:net';
import type { Peer } from '../model/peers.ts';
import { HeardNames, SentNames } from './dictionary.ts';
import { SharedTable, type TaughtTable } from './shared-table.ts';
import { STATUS } from './wire.ts';

/** What this process wants to learn from it. */
type LearnState = 'NOTASSIGNED' | 'ASSIGNED' | 'PROCESSING' | 'FINISHED';

/** Not this moment. */
export const NEVER = 0;

/** The connection to it (peer-session.ts). */
export interface Talk {
  readonly socket: Socket;
  /** This process has connected, the other one accepted. */
  readonly outgoing: boolean;
  readonly state: number;
  /** The refusal that was sent. */
  readonly status: number;
  /** How often it was busy. */
  readonly turns: number;
  /** The table updates come for, and the one that was told of last. */
  readonly tables: { readonly heard: SharedTable | undefined; readonly told: SharedTable | undefined };
  /** Has something to say, as soon as others had their turn. */
  wake(): void;
  sendHeartbeat(): void;
  /** What was said goes out; nothing more is heard. */
  close(): void;
}

export class RemotePeer {
  readonly settings: Peer;
  readonly tables: readonly SharedTable[];
  readonly sentNames = new SentNames();
  readonly heardNames = new HeardNames();
  session: Talk | undefined;
  status: number = STATUS.none;
  learnState: LearnState = 'NOTASSIGNED';
  /** Its lesson was that of somebody who has not learned everything: others are asked first. */
  notUpToDate = false;
  /** It is being told everything; `taught`: all of it was sent, and a confirmation is waited for. */
  teaching = false;
  taught = false;
  /** It knows all this process did: the reload is over. */
  teachComplete = false;
  /** Something was heard of it since that was last asked. */
  alive = false;
  /** It refused version 2.1. */
  speaksOld = false;
  wasAsked = false;
  /** Moments; NEVER. */
  reconnectAt = NEVER;
  heartbeatAt = NEVER;
  lastHandshakeAt = NEVER;
  /** Confirmations it is still to get. */
  confirmations = 0;
  readonly counts = {
    sentHeartbeats: 0,
    heardHeartbeats: 0,
    missedHeartbeats: 0,
    connections: 0,
    protocolErrors: 0,
    collisions: 0,
  };

  constructor(settings: Peer, tables: readonly TaughtTable[]) {
    this.settings = settings;
    this.tables = tables.map(taught => new SharedTable(taught));
  }

  /** A handshake succeeded. */
  connected(nowMs: number, heartbeatMs: number): void {
    this.status = STATUS.success;
    this.lastHandshakeAt = nowMs;
    this.heartbeatAt = nowMs + heartbeatMs;
    this.alive = true;
    this.confirmations = 0;
    this.stopTeaching();
    for (const table of this.tables) table.connected();
  }

  /** The connection is gone. */
  disconnected(): void {
    this.session = undefined;
    this.stopTeaching();
    this.sentNames.clear();
    this.heardNames.clear();
    this.alive = false;
  }

  /** It asked for a lesson, or is this process's successor. */
  beginTeaching(): void {
    this.teaching = true;
    this.taught = false;
    for (const table of this.tables) table.beginLesson();
  }

  stopTeaching(): void {
    this.teaching = this.taught = false;
  }

  /** It has learned all it was told. */
  confirmed(): void {
    if (this.teaching) for (const table of this.tables) table.lessonConfirmed();
    this.stopTeaching();
  }

  /** Something has changed that it was not told of. */
  get hasNews(): boolean {
    return this.tables.some(table => table.lastPushed !== table.lastUpdate);
  }
}
