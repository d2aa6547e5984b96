/**
 * Counters of earlier processes: `stats-file` is taken over at the start, `shm-stats-file` shared with those that are still
 * there (manual, section 3.1).
 */
import { readFileSync } from 'node:fs';
import type { Config } from '../../model/config.ts';
import type { Notice } from '../../model/notice.ts';
import type { ServerDirectory } from '../../state/server-directory.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { loadStatsFile } from '../../stats/stats-file.ts';
import { ConfiguredView } from '../../stats/view.ts';
import { sharedCountersOf } from '../../config-parser/shared-counters.ts';
import { CounterFile } from './counter-file.ts';
import { CounterSharing } from './counter-sharing.ts';

/** Without a file where none is asked for. */
export interface CounterMemory {
  readonly file?: CounterFile;
}

/** While it is within reach; undefined: it cannot be had, which was reported. */
export function openCounterMemory({ global }: Config, notice: Notice): CounterMemory | undefined {
  const { path } = sharedCountersOf(global);
  if (path === undefined) return {};
  const file = CounterFile.open(path);
  if (typeof file !== 'string') return { file };
  notice('alert', `config: cannot open shm stats file '${path}': ${file}.`);
  return undefined;
}

export class KeptCounters {
  readonly #sharing: CounterSharing | undefined;

  constructor(
    config: Config,
    state: SharedState,
    directory: ServerDirectory,
    { file }: CounterMemory,
    notice: Notice,
  ) {
    const view = new ConfiguredView(config, state);
    const warn = (text: string): void => notice('warning', text);
    preload(config.global.statsFile, view, warn);
    if (file === undefined) return;
    directory.watch((row, _backend, server) => view.setServer(row, server?.config));
    const { maxObjects } = sharedCountersOf(config.global);
    this.#sharing = new CounterSharing({ file, maxObjects, view, warn, now: systemMs });
  }

  async end(): Promise<void> {
    await this.#sharing?.end();
  }
}

function preload(path: string | undefined, view: ConfiguredView, warn: (text: string) => void): void {
  if (path === undefined) return;
  try {
    loadStatsFile(readFileSync(path, 'utf8'), view);
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    warn(`config: Can't load stats file '${path}': ${code}.`);
  }
}

function systemMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
