/**
 * Tells when something about interfaces, addresses or routes has changed. Node cannot wait on a netlink socket, so a child
 * `ip monitor` does; what exactly changed is read from the kernel by whoever is told. A monitor that dies is started
 * again after a second, with a call in between, so that nothing is missed for longer than that.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock } from './clock.ts';

const RESTART_MS = 1000;

export interface LinkMonitor {
  stop(): void;
}

/** What ip-monitor(8) is asked for. */
export type Watched = 'link' | 'address' | 'route' | 'rule';

export function watchLinks(
  clock: Clock,
  onChange: () => void,
  onTrouble: (message: string) => void,
  watched: readonly Watched[] = ['link', 'address'],
): LinkMonitor {
  const read = (output: Readable): void => void output.on('data', onChange);
  return runMonitor(clock, watched, { read, missed: onChange, onTrouble });
}

/** Each change as a line; `missed`: there may have been others. */
export function watchLines(
  clock: Clock,
  watched: readonly Watched[],
  events: { line(text: string): void; missed(): void; onTrouble(message: string): void },
): LinkMonitor {
  const read = (output: Readable): void =>
    void createInterface({ input: output }).on('line', line => events.line(line));
  return runMonitor(clock, watched, { ...events, read });
}

interface MonitorEvents {
  readonly read: (output: Readable) => void;
  readonly missed: () => void;
  readonly onTrouble: (message: string) => void;
}

function runMonitor(
  clock: Clock,
  watched: readonly Watched[],
  { read, missed, onTrouble }: MonitorEvents,
): LinkMonitor {
  let child: ChildProcess | undefined;
  let stopped = false;
  let cancel = (): void => {};
  const restart = (reason: string): void => {
    if (stopped || child === undefined) return;
    child = undefined;
    onTrouble(`ip monitor: ${reason}; what it watches is read every second until it runs again`);
    cancel = clock.after(RESTART_MS, () => {
      missed();
      start();
    });
  };
  const start = (): void => {
    child = spawn('ip', ['-o', 'monitor', ...watched], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    if (child.stdout !== null) read(child.stdout);
    child.once('error', error => restart(error.message));
    child.once('exit', code => restart(`ended with ${code ?? 'a signal'}`));
  };
  start();
  return {
    stop: () => {
      stopped = true;
      cancel();
      child?.kill();
    },
  };
}
