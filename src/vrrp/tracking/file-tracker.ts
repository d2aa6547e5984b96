/** `track_file`: a number in a file, read when the file changes. A file that is not there counts as 0. */
import { existsSync, watch, writeFileSync, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { readNumber } from '../../base/number-file.ts';
import type { TrackFile } from '../../model/keepalived.ts';
import type { ValueTracker } from './tracker.ts';

export function trackFile(
  file: TrackFile,
  onChange: () => void,
  log: (message: string) => void,
): ValueTracker {
  initialise(file, log);
  let value = readNumber(file.file);
  const read = (): void => {
    const before = value;
    value = readNumber(file.file);
    if (value === before) return;
    log(`track file ${file.name}: ${before} -> ${value}`);
    onChange();
  };
  const watcher = watchFolder(file.file, read, log);
  return { value: () => value, stop: () => watcher?.close() };
}

function initialise({ file, initFile, name }: TrackFile, log: (message: string) => void): void {
  if (initFile === undefined || (existsSync(file) && !initFile.overwrite)) return;
  try {
    writeFileSync(file, `${initFile.value}\n`);
  } catch (error) {
    log(`track file ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The folder is watched, not the file: it may be replaced or not exist yet. */
function watchFolder(
  path: string,
  onEvent: () => void,
  log: (message: string) => void,
): FSWatcher | undefined {
  try {
    return watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) onEvent();
    });
  } catch (error) {
    log(`track file ${path}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
