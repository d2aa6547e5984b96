/** `stats-file`: counters of an earlier process, taken over at the start. */
import { readFileSync } from 'node:fs';
import type { Config } from '../model/config.ts';
import { loadStatsFile } from '../stats/stats-file.ts';
import { ConfiguredView } from '../stats/view.ts';
import type { SharedState } from '../state/shared-state.ts';

export function preloadCounters(config: Config, state: SharedState, warn: (text: string) => void): void {
  const { statsFile } = config.global;
  if (statsFile === undefined) return;
  try {
    loadStatsFile(readFileSync(statsFile, 'utf8'), new ConfiguredView(config, state));
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    warn(`config: Can't load stats file '${statsFile}': ${code}.`);
  }
}
