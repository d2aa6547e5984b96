/** Learning from a peer: what its messages about tables change here. */
import type { StickTable } from '../state/stick-table/stick-table.ts';
import { readDefinition } from './definition.ts';
import type { HeardNames } from './dictionary.ts';
import type { SharedTable } from './shared-table.ts';
import { HeardUpdate, learnData, loadKey, readUpdate, type Lessons } from './updates.ts';
import type { WireReader } from './varint.ts';
import { TABLE } from './wire.ts';

/** What is read is learned before the next message is read, whoever sent it. */
const heard = new HeardUpdate();

export class Learner {
  readonly #tables: readonly SharedTable[];
  readonly #names: HeardNames;
  /** The table that updates are about; undefined: none of ours. */
  current: SharedTable | undefined;

  constructor(tables: readonly SharedTable[], names: HeardNames) {
    this.#tables = tables;
    this.#names = names;
  }

  /** `keepsNumbers`: updates of a lesson are not acknowledged. False: malformed. */
  take(type: number, body: WireReader, keepsNumbers: boolean): boolean {
    switch (type) {
      case TABLE.definition:
        return this.#define(body);
      case TABLE.switch:
        return this.#switch(body);
      case TABLE.update:
      case TABLE.incrementalUpdate:
      case TABLE.timedUpdate:
      case TABLE.incrementalTimedUpdate:
        return this.#update(type, body, keepsNumbers);
      case TABLE.acknowledgement:
        return this.#acknowledged(body);
      default:
        // of a later version of the protocol
        return true;
    }
  }

  #define(body: WireReader): boolean {
    const definition = readDefinition(body);
    this.current = undefined;
    if (definition === 'malformed') return false;
    if ('useless' in definition) return true;
    for (const table of this.#tables) if (table.remoteId === definition.id) table.remoteId = 0;
    const known = this.#tables.find(({ taught }) => taught.wireName === definition.name);
    if (known?.defined(definition) === true) this.current = known;
    return true;
  }

  #switch(body: WireReader): boolean {
    const id = body.varint();
    if (body.failed) return false;
    this.current = this.#tables.find(({ remoteId }) => remoteId === id);
    return true;
  }

  #acknowledged(body: WireReader): boolean {
    const id = body.varint();
    const update = body.uint32();
    if (body.failed) return false;
    this.#tables.find(({ taught }) => taught.id === id)?.acknowledged(update);
    return true;
  }

  #update(type: number, body: WireReader, keepsNumbers: boolean): boolean {
    const shared = this.current;
    if (shared?.lessons === undefined) return true;
    if (!readUpdate(type, body, shared.sender, this.#names, heard)) return false;
    if (!keepsNumbers) shared.lastGet = heard.number ?? (shared.lastGet + 1) >>> 0;
    learn(shared.lessons, body.bytes);
    if (shared.copied !== undefined) learn(shared.copied, body.bytes);
    return true;
  }
}

/** Where there is no room nothing is learned. */
function learn(lessons: Lessons, bytes: Buffer): void {
  const table: StickTable = lessons.table;
  const nowMs = table.now;
  loadKey(table, bytes, heard);
  const entry = table.enterNew(nowMs);
  if (entry !== 0) {
    learnData(lessons, entry, heard, nowMs);
    table.learn(entry, heard.lifeMs ?? table.settings.expireMs, nowMs);
  }
  table.leave();
}
