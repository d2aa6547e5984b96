/** All stick tables of a configuration: the control thread creates them, the data threads attach to their buffers. */
import { randomInt } from 'node:crypto';
import { monotonicMs } from '../../base/clock.ts';
import type { StickTableSettings } from '../../model/stick-table.ts';
import { computeTableLayout } from './layout.ts';
import { StickTable } from './stick-table.ts';

/** What threads are sent. */
export interface SharedStickTable {
  readonly settings: StickTableSettings;
  readonly buffer: SharedArrayBuffer;
  readonly threads: number;
  readonly seed: number;
}

export class StickTables {
  /** The monotonic time of base/clock.ts; a thread that knows it anyway says so. */
  clock: () => number = monotonicMs;
  readonly shared: readonly SharedStickTable[];
  readonly #tables: ReadonlyMap<string, StickTable>;

  private constructor(shared: readonly SharedStickTable[], thread: number) {
    this.shared = shared;
    const now = (): number => Math.floor(this.clock());
    this.#tables = new Map(
      shared.map(({ settings, buffer, threads, seed }) => [
        settings.name,
        new StickTable(settings, computeTableLayout(settings, threads), buffer, { thread, seed, now }),
      ]),
    );
  }

  static create(settings: readonly StickTableSettings[], threads: number): StickTables {
    const shared = settings.map(table => {
      const { byteLength } = computeTableLayout(table, threads);
      const seed = randomInt(2 ** 31);
      return { settings: table, buffer: new SharedArrayBuffer(byteLength), threads, seed };
    });
    return new StickTables(shared, 0);
  }

  static attach(shared: readonly SharedStickTable[], thread: number): StickTables {
    return new StickTables(shared, thread);
  }

  /** To compile rules against where no traffic is: tables with room for one entry. */
  static forChecking(settings: readonly StickTableSettings[]): StickTables {
    return StickTables.create(
      settings.map(table => ({ ...table, size: 1 })),
      1,
    );
  }

  find(name: string): StickTable | undefined {
    return this.#tables.get(name);
  }

  get all(): Iterable<StickTable> {
    return this.#tables.values();
  }

  /** Gives back what a dead data thread held. */
  recover(thread: number): void {
    for (const table of this.#tables.values()) table.recover(thread);
  }
}
