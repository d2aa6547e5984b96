/**
 * The exchange of stick tables with other nodes: all `peers` sections of a configuration. It runs in the control thread
 * (docs/decisions/0012-peers-in-the-control-thread.md) and looks at tables where the data threads have left them.
 */
import type { PeersSection } from '../model/peers.ts';
import type { StickTable } from '../state/stick-table/stick-table.ts';
import type { StickTables } from '../state/stick-table/stick-tables.ts';
import { PeersAtWork, type SectionSurroundings } from './section.ts';
import { taughtTable, type TaughtTable } from './shared-table.ts';

/** Peers are told at once of the first change, and of those that follow together. */
const TOGETHER_MS = 10;
/** Whoever connected while this process was starting is heard first: connecting to him would break that connection. */
const ACCEPT_FIRST_MS = 50;

export class PeersExchange {
  readonly sections: readonly PeersAtWork[];
  readonly #watches: readonly SectionWatch[];

  constructor(settings: readonly PeersSection[], tables: StickTables, around: SectionSurroundings) {
    this.#watches = settings.map(section => {
      const taught = tablesOf(section, tables);
      const atWork = new PeersAtWork(section, taught, around);
      return new SectionWatch(atWork, taught);
    });
    this.sections = this.#watches.map(({ section }) => section);
  }

  begin(): void {
    for (const watch of this.#watches) watch.begin();
  }

  /** Soft stop: resolves when the process that takes over knows everything, or cannot be reached. */
  async stop(): Promise<void> {
    await Promise.all(this.#watches.map(watch => watch.stop()));
  }

  /** Now. */
  close(): void {
    for (const watch of this.#watches) watch.close();
  }
}

function tablesOf({ name }: PeersSection, tables: StickTables): readonly TaughtTable[] {
  const own = [...tables.all].filter(({ settings }) => settings.exchange?.peers === name);
  return own.flatMap((table, index) => taughtTable(table, tables, index + 1) ?? []);
}

/** Wakes a section when entries of its tables change. */
class SectionWatch {
  readonly section: PeersAtWork;
  readonly #tables: readonly StickTable[];
  /** Tables whose next change will be told of. */
  readonly #awaited = new Set<StickTable>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(section: PeersAtWork, tables: readonly TaughtTable[]) {
    this.section = section;
    this.#tables = tables.map(({ table }) => table);
  }

  begin(): void {
    this.section.onTalking = () => this.#await();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.section.sync();
    }, ACCEPT_FIRST_MS);
    this.#timer.unref();
  }

  /** Asks to be woken at the next change of each table. While nobody listens there is nothing to be woken for. */
  #await(): void {
    if (this.#closed || !this.section.isTalking) return;
    for (const table of this.#tables) {
      const { updates } = table;
      if (updates === undefined || this.#awaited.has(table)) continue;
      table.enterEntry();
      const change = updates.next();
      table.leave();
      this.#awaited.add(table);
      void change.then(() => this.#changed(table));
    }
  }

  #changed(table: StickTable): void {
    this.#awaited.delete(table);
    if (this.#closed) return;
    this.section.changed();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // what changes from here on wakes it again
      this.#await();
      this.section.changed();
    }, TOGETHER_MS);
    this.#timer.unref();
  }

  stop(): Promise<void> {
    return new Promise(resolve =>
      this.section.stop(() => {
        this.close();
        resolve();
      }),
    );
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.section.close();
  }
}
