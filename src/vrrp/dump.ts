/** The files keepalived writes upon SIGUSR1 (state), SIGUSR2 (statistics) and its JSON signal. Called by manager.ts. */
import { writeFileSync } from 'node:fs';
import type { KeepalivedGlobal } from '../model/keepalived.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import { renderData, renderStats } from './render-snapshot.ts';

export type DumpKind = 'state' | 'stats' | 'json';

type DumpFiles = Pick<KeepalivedGlobal, 'stateDumpFile' | 'statsDumpFile' | 'jsonDumpFile'>;

/** The complaint, if there is one. */
export function writeDump(kind: DumpKind, snapshot: VrrpSnapshot, files: DumpFiles): string | undefined {
  const path = { state: files.stateDumpFile, stats: files.statsDumpFile, json: files.jsonDumpFile }[kind];
  try {
    writeFileSync(path, render(kind, snapshot));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function render(kind: DumpKind, snapshot: VrrpSnapshot): string {
  if (kind === 'json') return `${JSON.stringify(snapshot, undefined, 2)}\n`;
  return kind === 'state' ? renderData(snapshot) : renderStats(snapshot);
}
