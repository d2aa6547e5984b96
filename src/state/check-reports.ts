/**
 * What is known of the servers' checks, readable by every thread: one row for the health check and one for the
 * agent of each server. Written by the control thread only (ServerWriter.publishCheck), read by stats/ and acl/.
 *
 *   row  0 FLAGS  1 STATUS  2 CODE  3 DURATION_MS  4 HEALTH  5 RISE  6 FALL  7 TEXT_LENGTH   then 128 bytes of text
 *
 * A reader may see half of a report that is being written: each number is whole, and the next reading is right.
 */
import { CHECK_STATUSES, type CheckStatus, type CheckStatusRow } from '../model/check-status.ts';
import { CHECK_ROW, type StateLayout } from './layout.ts';

export type CheckKind = 'check' | 'agent';

const CHECK_ENABLED = 1;
/** Configured, but stopped for now: `disable health`, maintenance. */
const CHECK_PAUSED = 2;
const CHECK_IN_PROGRESS = 4;

const FLAGS = 0;
const STATUS = 1;
const CODE = 2;
const DURATION = 3;
const HEALTH = 4;
const RISE = 5;
const FALL = 6;
const TEXT_LENGTH = 7;
const TEXT = 8;
const TEXT_BYTES = 128;

const STATUS_BY_NAME = new Map(CHECK_STATUSES.map(({ name }, index) => [name, index]));

/** What of a check may be published; what is left out stays as it was. */
export interface CheckUpdate {
  readonly enabled?: boolean;
  readonly paused?: boolean;
  readonly inProgress?: boolean;
  readonly status?: CheckStatus;
  readonly code?: number;
  readonly durationMs?: number;
  /** 0..rise+fall-1 */
  readonly health?: number;
  readonly rise?: number;
  readonly fall?: number;
  /** `last_chk`, `last_agt`: what the check said, at most 128 bytes of it. */
  readonly text?: string;
}

export class CheckReports {
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #start: number;

  constructor(words: Int32Array, layout: StateLayout) {
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
    this.#start = layout.checks;
  }

  enabled(server: number, kind: CheckKind): boolean {
    return (this.#word(server, kind, FLAGS) & CHECK_ENABLED) !== 0;
  }

  /** Enabled and not paused: its fields are shown. */
  active(server: number, kind: CheckKind): boolean {
    return (this.#word(server, kind, FLAGS) & (CHECK_ENABLED | CHECK_PAUSED)) === CHECK_ENABLED;
  }

  inProgress(server: number, kind: CheckKind): boolean {
    return (this.#word(server, kind, FLAGS) & CHECK_IN_PROGRESS) !== 0;
  }

  status(server: number, kind: CheckKind): CheckStatusRow {
    return CHECK_STATUSES[this.#word(server, kind, STATUS)] as CheckStatusRow;
  }

  code(server: number, kind: CheckKind): number {
    return this.#word(server, kind, CODE);
  }

  durationMs(server: number, kind: CheckKind): number {
    return this.#word(server, kind, DURATION);
  }

  health(server: number, kind: CheckKind): number {
    return this.#word(server, kind, HEALTH);
  }

  rise(server: number, kind: CheckKind): number {
    return this.#word(server, kind, RISE);
  }

  fall(server: number, kind: CheckKind): number {
    return this.#word(server, kind, FALL);
  }

  text(server: number, kind: CheckKind): string {
    const at = this.#row(server, kind);
    const length = Math.min(this.#words[at + TEXT_LENGTH] as number, TEXT_BYTES);
    return this.#bytes.toString('latin1', (at + TEXT) * 4, (at + TEXT) * 4 + length);
  }

  /** Control thread only. */
  publish(server: number, kind: CheckKind, update: CheckUpdate): void {
    const at = this.#row(server, kind);
    this.#flag(at, CHECK_ENABLED, update.enabled);
    this.#flag(at, CHECK_PAUSED, update.paused);
    this.#flag(at, CHECK_IN_PROGRESS, update.inProgress);
    if (update.status !== undefined) this.#words[at + STATUS] = STATUS_BY_NAME.get(update.status) ?? 0;
    this.#store(at + CODE, update.code);
    this.#store(at + DURATION, update.durationMs);
    this.#store(at + HEALTH, update.health);
    this.#store(at + RISE, update.rise);
    this.#store(at + FALL, update.fall);
    if (update.text === undefined) return;
    this.#words[at + TEXT_LENGTH] =
      update.text === '' ? 0 : this.#bytes.write(update.text, (at + TEXT) * 4, TEXT_BYTES, 'latin1');
  }

  /** A server leaves its row. */
  clear(server: number): void {
    const at = this.#row(server, 'check');
    this.#words.fill(0, at, at + CHECK_ROW);
  }

  #flag(at: number, flag: number, on: boolean | undefined): void {
    if (on === undefined) return;
    const flags = this.#words[at + FLAGS] as number;
    this.#words[at + FLAGS] = on ? flags | flag : flags & ~flag;
  }

  #store(at: number, value: number | undefined): void {
    if (value !== undefined) this.#words[at] = Math.round(value);
  }

  #word(server: number, kind: CheckKind, word: number): number {
    return this.#words[this.#row(server, kind) + word] as number;
  }

  #row(server: number, kind: CheckKind): number {
    return this.#start + server * CHECK_ROW + (kind === 'check' ? 0 : CHECK_ROW / 2);
  }
}
