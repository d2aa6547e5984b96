/** One table as one peer knows it: how far each side has told the other, and what the other one stores in it. */
import type { StickTable } from '../state/stick-table/stick-table.ts';
import { StickTables } from '../state/stick-table/stick-tables.ts';
import { typeBits, wireKeyLength, wireKeyType, type TableDefinition } from './definition.ts';
import { planLessons, updateRoom, type Lessons, type SenderTable } from './updates.ts';

export interface TaughtTable {
  readonly table: StickTable;
  /** One entry of it, for what is being told. */
  readonly copy: StickTable;
  /** `write-to` */
  readonly writeTo: StickTable | undefined;
  readonly id: number;
  readonly wireName: string;
  readonly room: number;
}

/** Undefined: nobody else is told of that table. */
export function taughtTable(table: StickTable, tables: StickTables, id: number): TaughtTable | undefined {
  const { settings } = table;
  const { exchange } = settings;
  if (exchange === undefined) return undefined;
  const copy = StickTables.forChecking([settings]).find(settings.name) as StickTable;
  const writeTo = exchange.writeTo === undefined ? undefined : tables.find(exchange.writeTo);
  return { table, copy, writeTo, id, wireName: exchange.wireName, room: updateRoom(table) };
}

/** A walk through all entries. */
interface Walk {
  /** The next entry. */
  at: number;
  /** Those that peers told of as well. */
  readonly all: boolean;
  /** The last change when it began: what came before is told when it is over. */
  readonly from: number;
}

export class SharedTable {
  readonly taught: TaughtTable;
  /** The other side's number for it; 0: it has not told. */
  remoteId = 0;
  remoteTypes = 0;
  sender: SenderTable = { stores: [], keyLength: undefined };
  lessons: Lessons | undefined;
  copied: Lessons | undefined;
  /** Numbers of updates: of theirs that were heard, and acknowledged; of ours that were told, and acknowledged. */
  lastGet = 0;
  lastAcked = 0;
  lastPushed = 0;
  update = 0;
  teachingOrigin = 0;
  /** The lesson on this table is over. */
  isTaught = false;
  walk: Walk | undefined;

  constructor(taught: TaughtTable) {
    this.taught = taught;
  }

  get table(): StickTable {
    return this.taught.table;
  }

  /** The number of the last change here. */
  get lastUpdate(): number {
    return this.table.updates?.last ?? 0;
  }

  /** A connection begins: whatever was not acknowledged on the one before is told again. */
  connected(): void {
    this.lastGet = this.lastAcked = 0;
    this.lastPushed = this.teachingOrigin = this.update;
    this.isTaught = false;
    this.walk = undefined;
  }

  /** All there is has to be told. */
  beginLesson(): void {
    this.teachingOrigin = this.lastUpdate;
    this.walk = { at: 1, all: true, from: this.teachingOrigin };
    this.isTaught = false;
  }

  /** The other side has learned all there was when the lesson began. */
  lessonConfirmed(): void {
    this.update = this.lastPushed = this.teachingOrigin;
    this.isTaught = false;
    this.walk = undefined;
  }

  /** Numbers that were never told are none of ours. */
  acknowledged(update: number): void {
    const told = (this.lastPushed - this.update) >>> 0;
    if ((update - this.update) >>> 0 <= told) this.update = update;
  }

  /** False: their keys are others. */
  defined({ id, keyType, keyLength, types, stores }: TableDefinition): boolean {
    const { settings } = this.table;
    if (keyType !== wireKeyType(settings.keyType) || keyLength !== wireKeyLength(settings)) return false;
    this.remoteId = id;
    if (this.lessons !== undefined && this.remoteTypes === types && sameCounts(this.sender.stores, stores))
      return true;
    this.remoteTypes = types;
    this.sender = { stores, keyLength: settings.keyType === 'string' ? undefined : settings.keyLength };
    this.lessons = planLessons(stores, this.table, false);
    this.copied = this.taught.writeTo && planLessons(stores, this.taught.writeTo, true);
    return true;
  }

  definition(): TableDefinition {
    const { settings } = this.table;
    const { keyType, expireMs, stores } = settings;
    return {
      id: this.taught.id,
      name: this.taught.wireName,
      keyType: wireKeyType(keyType),
      keyLength: wireKeyLength(settings),
      expireMs,
      types: typeBits(stores),
      stores,
    };
  }
}

function sameCounts(known: SenderTable['stores'], said: SenderTable['stores']): boolean {
  return known.every(({ count }, index) => said[index]?.count === count);
}
