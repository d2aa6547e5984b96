/** The files keepalived writes upon SIGUSR1 (state), SIGUSR2 (statistics) and its JSON signal. Called by manager.ts; also the file of virtual servers. */
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import { renderJson } from './render-json.ts';
import { renderData, renderStats } from './render-snapshot.ts';

/** `cleared stats`: written, then counted from zero. */
export type DumpKind = 'state' | 'stats' | 'json' | 'cleared stats';

/** keepalived's, which have no names: SIGRTMIN + 2 and SIGRTMAX - 1 of glibc. */
export const DUMP_SIGNALS: readonly (readonly [signal: number, what: DumpKind])[] = [
  [36, 'json'],
  [63, 'cleared stats'],
];

/** The usual places are in /tmp: a link that somebody put there is not followed. */
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/** The complaint, if there is one. */
export function writeDump(
  kind: DumpKind,
  snapshot: VrrpSnapshot,
  config: KeepalivedConfig,
): string | undefined {
  return writeDumpFile(pathOf(kind, config.globalDefs), render(kind, snapshot, config));
}

/** The same of any text. */
export function writeDumpFile(path: string, text: string): string | undefined {
  try {
    const file = openSync(path, WRITE, 0o644);
    try {
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function pathOf(kind: DumpKind, files: KeepalivedConfig['globalDefs']): string {
  if (kind === 'json') return files.jsonDumpFile;
  return kind === 'state' ? files.stateDumpFile : files.statsDumpFile;
}

function render(kind: DumpKind, snapshot: VrrpSnapshot, config: KeepalivedConfig): string {
  if (kind === 'json') return renderJson(config, snapshot);
  return kind === 'state' ? renderData(snapshot) : renderStats(snapshot);
}
