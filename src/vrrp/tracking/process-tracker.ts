/**
 * `vrrp_track_process`: whether enough processes of a name run. The kernel's process events need a netlink socket that
 * Node cannot wait on, so /proc is read twice a second; names only, unless parameters have to be compared.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { VrrpTrackProcess } from '../../model/keepalived.ts';
import type { Clock } from '../clock.ts';
import type { Tracker } from './tracker.ts';

const PERIOD_MS = 500;
/** TASK_COMM_LEN - 1: longer names are cut in /proc/PID/comm. */
const COMM_LENGTH = 15;

export interface ProcessEntry {
  readonly comm: string;
  readonly zombie: boolean;
  /** Read only when it is needed. */
  readonly commandLine: () => readonly string[];
}

export function matches(entry: ProcessEntry, track: VrrpTrackProcess): boolean {
  const [command = '', ...parameters] = track.process;
  if (entry.zombie) return false;
  if (!track.fullCommand) return entry.comm === command.slice(0, COMM_LENGTH);
  const [program, ...given] = entry.commandLine();
  return (
    program === command &&
    (track.paramMatch === undefined || parametersMatch(given, parameters, track.paramMatch))
  );
}

/** `partial`: the first ones are the same. `initial`: the last of these may be longer. More may follow in both. */
function parametersMatch(
  given: readonly string[],
  wanted: readonly string[],
  how: 'exact' | 'initial' | 'partial',
): boolean {
  if (how === 'exact' ? given.length !== wanted.length : given.length < wanted.length) return false;
  return wanted.every((word, index) => {
    const other = given[index] ?? '';
    return how === 'initial' && index === wanted.length - 1 ? other.startsWith(word) : other === word;
  });
}

interface ProcessTrackerPorts {
  readonly clock: Clock;
  readonly list: () => Promise<readonly ProcessEntry[]>;
  onChange(up: boolean): void;
  log(message: string): void;
}

export function trackProcess(track: VrrpTrackProcess, ports: ProcessTrackerPorts): Tracker {
  let up: boolean | undefined;
  /** Since when the quorum says otherwise. */
  let otherwiseSince: number | undefined;
  let count = 0;
  let stopped = false;
  let cancel = (): void => {};
  const judge = (entries: readonly ProcessEntry[]): void => {
    count = entries.filter(entry => matches(entry, track)).length;
    const now = ports.clock.now();
    if ((count >= track.quorum && count <= track.quorumMax) === up) {
      otherwiseSince = undefined;
      return;
    }
    otherwiseSince ??= now;
    const delayMs = up === undefined ? 0 : up ? track.terminateDelayMs : track.forkDelayMs;
    if (now - otherwiseSince < delayMs) return;
    up = up === undefined ? count >= track.quorum && count <= track.quorumMax : !up;
    otherwiseSince = undefined;
    ports.log(`tracked process ${track.name} ${up ? 'runs' : 'does not run'}`);
    ports.onChange(up);
  };
  const look = (): void => {
    void ports.list().then(entries => {
      if (stopped) return;
      judge(entries);
      cancel = ports.clock.after(PERIOD_MS, look);
    });
  };
  look();
  return {
    state: () => up,
    seen: () => ({ count, isWaiting: otherwiseSince !== undefined }),
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}

/** How many processes are read before adverts get their turn. */
const SLICE = 50;

export async function listProcesses(): Promise<ProcessEntry[]> {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  const entries: ProcessEntry[] = [];
  for (let start = 0; start < pids.length; start += SLICE) {
    if (start > 0) await setImmediate();
    for (const pid of pids.slice(start, start + SLICE)) {
      const entry = readProcess(pid);
      if (entry !== undefined) entries.push(entry);
    }
  }
  return entries;
}

function readProcess(pid: string): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    return {
      comm: stat.slice(stat.indexOf('(') + 1, end),
      zombie: stat.charAt(end + 2) === 'Z',
      commandLine: () => commandLineOf(pid),
    };
  } catch {
    return undefined;
  }
}

function commandLineOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/\0$/, '').split('\0');
  } catch {
    return [];
  }
}
