/**
 * Telling a peer of entries: those that have changed since it was told last, or, when it asked for a lesson, all of
 * them. Each entry is copied under the table's lock and encoded from the copy, so that nobody waits for it.
 */
import { COPY } from '../state/stick-table/stick-table.ts';
import type { UpdateLog } from '../state/stick-table/update-log.ts';
import type { SentNames } from './dictionary.ts';
import { definitionRoom, writeDefinition } from './definition.ts';
import type { MessageWriter } from './message-writer.ts';
import type { SharedTable } from './shared-table.ts';
import { shardOf } from './shard.ts';
import { writeEntry } from './updates.ts';
import { writeVarint } from './varint.ts';
import { CLASS, TABLE } from './wire.ts';

/** What a peer is told through. */
export interface Voice {
  readonly writer: MessageWriter;
  readonly names: SentNames;
  /** The table the last messages were about. */
  current: SharedTable | undefined;
  /** It understands how long entries live. */
  readonly timed: boolean;
  /** The part of each table it gets; 0: all. */
  readonly shard: number;
}

/** Changes that are looked at under one lock: most of them may be of entries that changed again. */
const AT_ONCE = 64;
const NOTHING = -1;
const NOBODY = 0;

/** Tells of at most so many entries; how many of those are left. What is over `most` is told next time. */
export function tellChanges(shared: SharedTable, voice: Voice, most: number): number {
  const updates = shared.table.updates as UpdateLog;
  if (shared.walk === undefined && updates.isLost(shared.lastPushed))
    shared.walk = { at: 1, all: false, from: updates.last };
  let left = most;
  if (shared.walk !== undefined) {
    left = walk(shared, voice, most);
    if (left === 0) return 0;
    shared.lastPushed = shared.walk.from;
    shared.walk = undefined;
  }
  for (; left > 0; left--) {
    const entry = takeChange(shared, updates);
    if (entry === NOTHING) return left;
    if (entry !== NOBODY && isWanted(shared, voice)) tell(shared, voice, shared.lastPushed, false);
  }
  return 0;
}

/** Copies the entry of the next change; NOBODY: nobody's so far, NOTHING: there are no more changes. */
function takeChange(shared: SharedTable, updates: UpdateLog): number {
  const { table, taught } = shared;
  const nowMs = table.now;
  table.enterEntry();
  const { last } = updates;
  let entry = shared.lastPushed === last ? NOTHING : NOBODY;
  for (let looked = 0; looked < AT_ONCE && shared.lastPushed !== last && entry <= 0; looked++) {
    shared.lastPushed = (shared.lastPushed + 1) >>> 0;
    entry = updates.entryOf(shared.lastPushed);
    if (entry !== 0 && !table.isUsed(entry, nowMs)) entry = NOBODY;
  }
  if (entry > 0) {
    table.copyTo(taught.copy, entry);
    updates.told(shared.lastPushed);
  }
  table.leave();
  return entry;
}

/** Goes on with the lesson; how many of the entries that may be told are left: 0, it is not over. */
export function tellAll(shared: SharedTable, voice: Voice, most: number): number {
  if (shared.isTaught) return most;
  const left = walk(shared, voice, most);
  if (left > 0) shared.isTaught = true;
  return left;
}

function walk(shared: SharedTable, voice: Voice, most: number): number {
  const { walk: way, table } = shared;
  if (way === undefined) return most;
  let left = most;
  for (const last = table.lastEntry; way.at <= last; way.at++) {
    if (left === 0) return 0;
    left--;
    const number = takeEntry(shared, way.at, way.all);
    if (number !== NOTHING && isWanted(shared, voice)) tell(shared, voice, number, voice.timed);
  }
  return left;
}

/** The number of its last change here, 0: there was none; NOTHING: nobody's. */
function takeEntry({ table, taught }: SharedTable, entry: number, all: boolean): number {
  table.enterEntry();
  const number = table.updates?.of(entry) ?? 0;
  const isTold = table.isUsed(entry, table.now) && (all || number !== 0);
  if (isTold) table.copyTo(taught.copy, entry);
  if (isTold && number !== 0) table.updates?.told(number);
  table.leave();
  return isTold ? number : NOTHING;
}

function isWanted({ taught }: SharedTable, { shard }: Voice): boolean {
  return shard === 0 || shardOf(taught.copy, COPY) === shard;
}

/**
 * The number is always told: HAProxy 3.4 takes one of its own that it counts up for one of the other byte order, and
 * acknowledges that.
 */
function tell(shared: SharedTable, voice: Voice, number: number, timed: boolean): void {
  const { taught, table } = shared;
  if (voice.current !== shared) define(shared, voice);
  const type = timed ? TABLE.timedUpdate : TABLE.update;
  const nowMs = table.now;
  voice.writer.message(CLASS.table, type, taught.room, (target, start) => {
    let at = target.writeUInt32BE(number, start);
    if (timed) at = target.writeUInt32BE(lifeOf(shared, nowMs), at);
    return writeEntry(target, at, taught.copy, COPY, voice.names, nowMs);
  });
}

function lifeOf({ taught: { copy } }: SharedTable, nowMs: number): number {
  if (copy.settings.expireMs === 0) return 0;
  return Math.min(Math.max(0, Math.floor(copy.expiresAt(COPY) - nowMs)), copy.settings.expireMs);
}

function define(shared: SharedTable, voice: Voice): void {
  const definition = shared.definition();
  voice.writer.message(CLASS.table, TABLE.definition, definitionRoom(definition.name), (target, at) =>
    writeDefinition(target, at, definition),
  );
  voice.current = shared;
}

export function acknowledge(shared: SharedTable, writer: MessageWriter): void {
  shared.lastAcked = shared.lastGet;
  writer.message(CLASS.table, TABLE.acknowledgement, 16, (target, start) =>
    target.writeUInt32BE(shared.lastAcked, writeVarint(target, start, shared.remoteId)),
  );
}
