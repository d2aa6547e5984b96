/** `track_file`: a number in a file, read when the file changes. A file that is not there counts as 0. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { readNumber } from '../../base/number-file.ts';
import type { TrackFile } from '../../model/keepalived.ts';
import type { Clock } from '../clock.ts';
import { watchFile } from '../watch-file.ts';
import type { ValueTracker } from './tracker.ts';

/** Who writes a file empties it first: what is empty is looked at again before it counts as 0. */
const WRITING_MS = 100;

interface FilePorts {
  readonly clock: Clock;
  readonly onChange: () => void;
  readonly log: (message: string) => void;
}

export function trackFile(file: TrackFile, { clock, onChange, log }: FilePorts): ValueTracker {
  initialise(file, log);
  let value = readNumber(file.file);
  let cancel = (): void => {};
  const read = (): void => {
    cancel();
    const before = value;
    value = readNumber(file.file);
    if (value === before) return;
    log(`track file ${file.name}: ${before} -> ${value}`);
    onChange();
  };
  const look = (): void => {
    cancel();
    if (isEmpty(file.file)) cancel = clock.after(WRITING_MS, read);
    else read();
  };
  const watcher = watchFile(file.file, look, message => log(`track file ${file.file}: ${message}`));
  const stop = (): void => {
    cancel();
    watcher?.close();
  };
  return { value: () => value, stop };
}

function isEmpty(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === 0;
}

function initialise({ file, initFile, name }: TrackFile, log: (message: string) => void): void {
  if (initFile === undefined || (existsSync(file) && !initFile.overwrite)) return;
  try {
    writeFileSync(file, `${initFile.value}\n`);
  } catch (error) {
    log(`track file ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
