/**
 * `notify_fifo`: a named pipe that gets a line for every event, and the program that reads it. Opened for reading too,
 * so that opening and writing never block; when nobody reads and the pipe is full, lines are dropped and said so once.
 */
import { chownSync, closeSync, constants, openSync, rmSync, statSync, writeSync } from 'node:fs';
import type { NotifyFifo } from '../model/keepalived.ts';
import { loadKoffi } from '../net/system-calls.ts';
import type { ScriptAccounts } from '../model/script-command.ts';
import { accountOf } from './account.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { runScript, type RunningScript } from './run-script.ts';

export interface Fifo {
  readonly path: string;
  write(line: string): void;
  /** Removes the pipe as well if this process has made it, unless it is opened again. */
  close(isOpenedAgain?: boolean): void;
}

const MODE = 0o600;
/** Paths of pipes that were not there before. */
const made = new Set<string>();

export function openFifo(
  fifo: NotifyFifo,
  settings: ScriptAccounts,
  clock: Clock,
  log: Log,
): Fifo | undefined {
  const fd = open(fifo, settings, log);
  if (fd === undefined) return undefined;
  let script: RunningScript | undefined;
  if (fifo.script !== undefined) {
    script = runScript(fifo.script, [fifo.path], settings, clock);
    void script.result.then(result => {
      if (result.kind === 'refused') log('error', `notify_fifo_script: ${result.reason}`);
    });
  }
  let full = false;
  return {
    path: fifo.path,
    write: line => {
      try {
        writeSync(fd, `${line}\n`);
        full = false;
      } catch {
        if (!full) log('warning', `${fifo.path} is full: nobody reads it, events are dropped`);
        full = true;
      }
    },
    close: (isOpenedAgain = false) => {
      // before its reader ends, which might open it again
      if (!isOpenedAgain && made.delete(fifo.path)) rmSync(fifo.path, { force: true });
      script?.stop();
      closeSync(fd);
    },
  };
}

function open(fifo: NotifyFifo, settings: ScriptAccounts, log: Log): number | undefined {
  try {
    if (!isFifo(fifo.path)) makeFifo(fifo.path);
    if (fifo.user !== undefined) {
      const account = accountOf(
        {
          position: NOWHERE,
          argv: [],
          user: fifo.user,
          ...(fifo.group === undefined ? {} : { group: fifo.group }),
        },
        settings,
      );
      if (account !== undefined && !('unknown' in account)) chownSync(fifo.path, account.uid, account.gid);
    }
    return openSync(fifo.path, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    log('error', `notify_fifo ${fifo.path}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

const NOWHERE = { file: '', line: 0, column: 0 };

function isFifo(path: string): boolean {
  try {
    return statSync(path).isFIFO();
  } catch {
    return false;
  }
}

function makeFifo(path: string): void {
  const mkfifo = loadKoffi().load(null).func('int mkfifo(const char *path, uint32_t mode)') as (
    path: string,
    mode: number,
  ) => number;
  if (mkfifo(path, MODE) < 0) throw new Error(`mkfifo fails with error ${loadKoffi().errno()}`);
  made.add(path);
}
