/**
 * `shm-stats-file` (manual, section 3.1): totals of objects that have a guid go on over reloads, and are those of all processes
 * that share the file. Each adds to it once a second what it has counted since, and shows what the others have. Counting
 * costs nothing more for it: what comes from elsewhere goes into the counters of the control thread, which this runs in.
 *
 *   counters ──counted since──▶ totals of the file ──those of others──▶ counters
 */
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { describeSystemError } from '../../base/system-error.ts';
import { CounterImage, judgeImage, SHARED_PLACES } from '../../stats/counter-image.ts';
import { objectsWithGuid, type ObjectWithGuid } from '../../stats/stats-file.ts';
import type { StatsView } from '../../stats/view.ts';
import type { CounterFile } from './counter-file.ts';

const AGAIN_AFTER_MS = 1000;
/** Another process has the file for a moment only. */
const TRIES_AT_THE_END = 50;
const TRY_AGAIN_MS = 10;
const IDS = 2 ** 47;

export interface CounterSharingParts {
  readonly file: CounterFile;
  /** `shm-stats-file-max-objects` */
  readonly maxObjects: number;
  /** As commands have changed the servers. */
  readonly view: StatsView;
  readonly warn: (text: string) => void;
  /** Milliseconds of a clock that all processes of the system have. */
  readonly now: () => number;
}

/** What was shown of an object last: all of it stands in the file. */
interface Shown {
  readonly object: ObjectWithGuid;
  readonly totals: Float64Array;
}

export class CounterSharing {
  readonly #parts: CounterSharingParts;
  readonly #id = randomInt(1, IDS);
  readonly #told = new Set<string>();
  /** By side and guid. */
  #shown: ReadonlyMap<string, Shown>;
  #timer: NodeJS.Timeout | undefined;
  #hasBegun = false;

  /** What is counted already (`stats-file`) gives way to what the file has. */
  constructor(parts: CounterSharingParts) {
    this.#parts = parts;
    this.#shown = new Map(
      objectsWithGuid(parts.view).map(object => [keyOf(object), { object, totals: this.#totalsOf(object) }]),
    );
    this.#again();
  }

  /** False: another process has the file now. */
  exchange(): boolean {
    return this.#attempt(bytes => this.#exchanged(bytes)?.bytes);
  }

  #again(): void {
    const isDone = this.exchange();
    this.#timer = setTimeout(() => this.#again(), isDone ? AGAIN_AFTER_MS : TRY_AGAIN_MS).unref();
  }

  /** What was counted last is for processes that are there now; where there is none, those to come begin anew. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    const leave = (bytes: Buffer): Buffer | undefined => {
      const image = this.#exchanged(bytes);
      image?.leave(this.#id);
      return image?.bytes;
    };
    for (let tries = TRIES_AT_THE_END; tries > 0 && !this.#attempt(leave); tries--) await pause(TRY_AGAIN_MS);
    this.#parts.file.close();
  }

  #attempt(edit: (bytes: Buffer) => Buffer | undefined): boolean {
    try {
      return this.#parts.file.change(edit);
    } catch (error) {
      this.#tell(`cannot be used: ${describeSystemError(error)}.`);
      return true;
    }
  }

  /** Undefined: the file is not for this process. */
  #exchanged(bytes: Buffer): CounterImage | undefined {
    const now = this.#parts.now();
    const objects = objectsWithGuid(this.#parts.view);
    const image = this.#open(bytes, objects.length);
    if (image === undefined) return undefined;
    if (!this.#hasBegun && !image.hasOthers(this.#id, now)) image.forgetObjects();
    if (!image.arrive(this.#id, now)) {
      this.#tell('is shared by as many processes as there may be: counters of this one are its own.');
      return undefined;
    }
    this.#hasBegun = true;
    this.#share(objects, image, now);
    image.forgetUnseen(now);
    return image;
  }

  #open(bytes: Buffer, more: number): CounterImage | undefined {
    const { maxObjects } = this.#parts;
    const verdict = judgeImage(bytes);
    if (verdict === 'good') return new CounterImage(more, maxObjects, bytes);
    if (verdict === 'foreign')
      this.#tell(
        'was written by another program or version: it is left as it is, and counters are not kept.',
      );
    if (verdict === 'broken') this.#tell('is broken: it is written anew.');
    return verdict === 'foreign' ? undefined : new CounterImage(more, maxObjects);
  }

  #share(objects: readonly ObjectWithGuid[], image: CounterImage, now: number): void {
    const before = this.#shown;
    const after = new Map<string, Shown>();
    for (const object of objects) {
      const key = keyOf(object);
      const totals = this.#merge(object, before.get(key), image, now);
      if (totals !== undefined) after.set(key, { object, totals });
    }
    for (const [key, { object }] of before) if (!after.has(key)) image.forget(object.side, object.guid);
    this.#shown = after;
  }

  /** Gives what is shown from now on. */
  #merge(
    object: ObjectWithGuid,
    before: Shown | undefined,
    image: CounterImage,
    now: number,
  ): Float64Array | undefined {
    const { side, guid, row } = object;
    const own = this.#totalsOf(object);
    const known = image.find(side, guid, now);
    const totals = known ?? image.add(side, guid, now);
    if (totals === undefined) {
      this.#tell(`is full: raise 'shm-stats-file-max-objects' (${this.#parts.maxObjects}).`);
      return undefined;
    }
    if (known === undefined) totals.set(own);
    else addSince(totals, own, before?.totals);
    this.#show(row, own, totals);
    return totals.slice();
  }

  #show(row: number, own: Float64Array, totals: Float64Array): void {
    const { counters } = this.#parts.view.state;
    for (let index = 0; index < totals.length; index++)
      counters.add(row, SHARED_PLACES[index] as number, (totals[index] as number) - (own[index] as number));
  }

  #totalsOf({ row }: ObjectWithGuid): Float64Array {
    const { counters } = this.#parts.view.state;
    const totals = new Float64Array(SHARED_PLACES.length);
    for (let index = 0; index < totals.length; index++)
      totals[index] = counters.total(row + (SHARED_PLACES[index] as number));
    return totals;
  }

  /** Once: it will be so the next time, too. */
  #tell(what: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#parts.warn(`shm-stats-file '${this.#parts.file.path}' ${what}`);
  }
}

/** Counters that were cleared since, or are of another object of that guid by now, take away what they had. */
function addSince(totals: Float64Array, own: Float64Array, before: Float64Array | undefined): void {
  for (let index = 0; index < own.length; index++) {
    const since = (own[index] as number) - (before?.[index] ?? 0);
    totals[index] = Math.max(0, usable(totals[index] as number) + since);
  }
}

/** Whatever stands in the file, it is shown as a number that counts something. */
function usable(total: number): number {
  return Number.isFinite(total) && total >= 0 ? total : 0;
}

function keyOf({ side, guid }: ObjectWithGuid): string {
  return `${side} ${guid}`;
}
