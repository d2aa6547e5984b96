/** The files keepalived writes upon SIGUSR1 (state), SIGUSR2 (statistics) and its JSON signal. Called by manager.ts. */
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import type { KeepalivedGlobal } from '../model/keepalived.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import { renderData, renderStats } from './render-snapshot.ts';

export type DumpKind = 'state' | 'stats' | 'json';

type DumpFiles = Pick<KeepalivedGlobal, 'stateDumpFile' | 'statsDumpFile' | 'jsonDumpFile'>;

/** The usual places are in /tmp: a link that somebody put there is not followed. */
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/** The complaint, if there is one. */
export function writeDump(kind: DumpKind, snapshot: VrrpSnapshot, files: DumpFiles): string | undefined {
  const path = { state: files.stateDumpFile, stats: files.statsDumpFile, json: files.jsonDumpFile }[kind];
  try {
    const file = openSync(path, WRITE, 0o644);
    try {
      writeFileSync(file, render(kind, snapshot));
    } finally {
      closeSync(file);
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function render(kind: DumpKind, snapshot: VrrpSnapshot): string {
  if (kind === 'json') return `${JSON.stringify(snapshot, undefined, 2)}\n`;
  return kind === 'state' ? renderData(snapshot) : renderStats(snapshot);
}
