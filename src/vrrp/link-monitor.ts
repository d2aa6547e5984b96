/**
 * Tells when something about interfaces, addresses or routes has changed. Node cannot wait on a netlink socket, so a child
 * `ip monitor` does; what exactly changed is read from the kernel by whoever is told. A monitor that dies is started
 * again after a second, with a call in between, so that nothing is missed for longer than that.
 */
import { spawn, type ChildProcess } from 'node:child_process';
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
  let child: ChildProcess | undefined;
  let stopped = false;
  let cancel = (): void => {};
  const restart = (reason: string): void => {
    if (stopped || child === undefined) return;
    child = undefined;
    onTrouble(`ip monitor: ${reason}; what it watches is read every second until it runs again`);
    cancel = clock.after(RESTART_MS, () => {
      onChange();
      start();
    });
  };
  const start = (): void => {
    child = spawn('ip', ['-o', 'monitor', ...watched], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    child.stdout?.on('data', onChange);
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
