/**
 * What stands in a file of counters that processes share (`shm-stats-file`, manual, section 3.1): who they are, and of each
 * object its totals. Its layout is this program's own; numbers are doubles as the machine has them.
 *
 *   0         8              16        24                    1048
 *   | magic   | fields (crc) | objects | 64 × id, seen       | objects: guid (128 bytes), side, seen, totals          |
 *
 * `seen`: when a process has been there, or an object of one, in milliseconds of the system's monotonic clock.
 */
import { crc32c } from '../base/crc32c.ts';
import { COUNTER_FIELDS, FIELD } from '../state/counter-fields.ts';

export type Side = 'fe' | 'be';

/** Those that only grow, of objects that have a guid: places in a row of counters. */
export const SHARED_PLACES: readonly number[] = COUNTER_FIELDS.filter(
  ({ merge, kinds }) => merge === 'sum' && kinds !== 'P',
).map(({ name }) => FIELD[name]);

const FIELDS_CRC = crc32c(
  COUNTER_FIELDS.filter(({ name }) => SHARED_PLACES.includes(FIELD[name]))
    .map(({ name }) => name)
    .join(),
);

/** Of whoever is not seen for so long nothing is expected any more. */
const GONE_AFTER_MS = 60_000;
const MAGIC = 'lbcount1';
const DOUBLE = 8;
const FIELDS_AT = 1;
const COUNT_AT = 2;
const PROCESSES_AT = 3;
const PROCESSES = 64;
const OBJECTS_AT = PROCESSES_AT + PROCESSES * 2;
const GUID_BYTES = 128;
const SIDE_AT = GUID_BYTES / DOUBLE;
const SEEN_AT = SIDE_AT + 1;
const TOTALS_AT = SEEN_AT + 1;
const OBJECT = TOTALS_AT + SHARED_PLACES.length;
const FE = 0;
const BE = 1;

/** `foreign`: of another program, or of a version that counts other things. */
export type Verdict = 'good' | 'empty' | 'foreign' | 'broken';

export function judgeImage(bytes: Buffer): Verdict {
  if (bytes.length === 0) return 'empty';
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return 'foreign';
  if (bytes.length < OBJECTS_AT * DOUBLE) return 'broken';
  const head = headOf(bytes);
  if (head[FIELDS_AT] !== FIELDS_CRC) return 'foreign';
  const count = head[COUNT_AT] as number;
  return Number.isInteger(count) && count >= 0 && sizeOf(count) <= bytes.length ? 'good' : 'broken';
}

function headOf(bytes: Buffer): Float64Array {
  const head = new Float64Array(PROCESSES_AT);
  bytes.copy(new Uint8Array(head.buffer), 0, 0, head.byteLength);
  return head;
}

function sizeOf(count: number): number {
  return (OBJECTS_AT + count * OBJECT) * DOUBLE;
}

export class CounterImage {
  readonly #room: number;
  readonly #bytes: Buffer;
  readonly #doubles: Float64Array;
  readonly #byName = new Map<string, number>();

  /** With room for so many objects more, but for `most` in all. `from`: that was found to be good; else nothing is in it. */
  constructor(more: number, most: number, from?: Buffer) {
    const found = from === undefined ? 0 : (headOf(from)[COUNT_AT] as number);
    this.#room = Math.max(found, Math.min(found + more, most));
    const memory = new ArrayBuffer(sizeOf(this.#room));
    this.#bytes = Buffer.from(memory);
    this.#doubles = new Float64Array(memory);
    if (from === undefined) this.#bytes.write(MAGIC, 'latin1');
    else from.copy(this.#bytes, 0, 0, sizeOf(found));
    this.#doubles[FIELDS_AT] = FIELDS_CRC;
    for (let index = 0; index < found; index++) this.#byName.set(this.#nameOf(index), index);
  }

  /** As much as there is to be written. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, sizeOf(this.#count()));
  }

  #count(): number {
    return this.#doubles[COUNT_AT] as number;
  }

  /** Another process than `id` has been there lately. */
  hasOthers(id: number, now: number): boolean {
    return this.#processes().some(at => this.#doubles[at] !== id && this.#isSeen(at + 1, now));
  }

  /** False: there are too many. */
  arrive(id: number, now: number): boolean {
    const places = this.#processes();
    const place =
      places.find(at => this.#doubles[at] === id) ?? places.find(at => !this.#isSeen(at + 1, now));
    if (place === undefined) return false;
    this.#doubles[place] = id;
    this.#doubles[place + 1] = now;
    return true;
  }

  leave(id: number): void {
    for (const at of this.#processes()) if (this.#doubles[at] === id) this.#doubles.fill(0, at, at + 2);
  }

  #processes(): number[] {
    return Array.from({ length: PROCESSES }, (_, index) => PROCESSES_AT + index * 2);
  }

  /** What seems to be of a time to come was written before the system was started again. */
  #isSeen(at: number, now: number): boolean {
    const seen = this.#doubles[at] as number;
    return seen > 0 && seen <= now && now - seen < GONE_AFTER_MS;
  }

  /** Counters begin anew. */
  forgetObjects(): void {
    this.#doubles[COUNT_AT] = 0;
    this.#byName.clear();
  }

  forgetUnseen(now: number): void {
    for (let index = this.#count() - 1; index >= 0; index--)
      if (!this.#isSeen(this.#objectAt(index) + SEEN_AT, now)) this.#remove(index);
  }

  forget(side: Side, guid: string): void {
    const index = this.#byName.get(`${side} ${guid}`);
    if (index !== undefined) this.#remove(index);
  }

  /** The last one takes its place. */
  #remove(index: number): void {
    const last = this.#count() - 1;
    const [at, lastAt] = [this.#objectAt(index), this.#objectAt(last)];
    this.#byName.delete(this.#nameOf(index));
    if (index !== last) this.#byName.set(this.#nameOf(last), index);
    this.#doubles.copyWithin(at, lastAt, lastAt + OBJECT);
    this.#doubles[COUNT_AT] = last;
  }

  /** Its totals, in the order of SHARED_PLACES, to be changed in place; undefined: it is not there. */
  find(side: Side, guid: string, now: number): Float64Array | undefined {
    const index = this.#byName.get(`${side} ${guid}`);
    return index === undefined ? undefined : this.#totalsOf(index, now);
  }

  /** One that is not there yet; undefined: there is no room. */
  add(side: Side, guid: string, now: number): Float64Array | undefined {
    const index = this.#count();
    if (index >= this.#room) return undefined;
    const at = this.#objectAt(index);
    this.#doubles.fill(0, at, at + OBJECT);
    this.#bytes.write(guid, at * DOUBLE, GUID_BYTES - 1, 'latin1');
    this.#doubles[at + SIDE_AT] = side === 'fe' ? FE : BE;
    this.#doubles[COUNT_AT] = index + 1;
    this.#byName.set(`${side} ${guid}`, index);
    return this.#totalsOf(index, now);
  }

  #totalsOf(index: number, now: number): Float64Array {
    const at = this.#objectAt(index);
    this.#doubles[at + SEEN_AT] = now;
    return this.#doubles.subarray(at + TOTALS_AT, at + OBJECT);
  }

  #objectAt(index: number): number {
    return OBJECTS_AT + index * OBJECT;
  }

  #nameOf(index: number): string {
    const at = this.#objectAt(index);
    const guid = this.#bytes.toString('latin1', at * DOUBLE, at * DOUBLE + GUID_BYTES).split('\0', 1)[0];
    return `${this.#doubles[at + SIDE_AT] === FE ? 'fe' : 'be'} ${guid}`;
  }
}
