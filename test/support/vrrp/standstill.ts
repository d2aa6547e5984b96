/**
 * How long each processor of this machine stands still, as a virtual one does when its host looks elsewhere: nobody who
 * runs on it can be blamed for that. A process on each, of a realtime policy that nothing here outranks (root only),
 * wakes every few milliseconds.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { claimPriority } from '../../../src/vrrp/scheduling.ts';

const PERIOD_MS = 5;
/** Above what a program under test gives itself. */
const PRIORITY = 90;
const NOTICEABLE_MS = 5;

/** A machine that stands still for so long changes masters, keepalived's too: such a round may end in any way. */
export const FROZEN_MS = 150;

interface Standing {
  /** The longest. */
  readonly worstMs: number;
  /** How often it was more than NOTICEABLE_MS, on all processors together. */
  readonly times: number;
}

export class Standstill {
  readonly #probes: readonly ChildProcess[] = processors().map(number =>
    spawn(
      'taskset',
      ['-c', number, process.execPath, '--single-threaded', fileURLToPath(import.meta.url), 'measure'],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    ),
  );

  /** Since this was asked last. */
  async take(): Promise<Standing> {
    const parts = await Promise.all(
      this.#probes.map(async probe => {
        const answer = once(probe, 'message') as Promise<[Standing]>;
        probe.send('take');
        const [part] = await answer;
        return part;
      }),
    );
    return {
      worstMs: Math.round(Math.max(...parts.map(part => part.worstMs))),
      times: parts.reduce((sum, part) => sum + part.times, 0),
    };
  }

  stop(): void {
    for (const probe of this.#probes) probe.kill('SIGKILL');
  }
}

/** `0-2,5`: those that this process may use. */
function processors(): string[] {
  const [, list = '0'] =
    /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return list.split(',').flatMap(part => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  });
}

function measure(): void {
  claimPriority({ realtime: PRIORITY }, (_level, message) => console.error(message));
  let due = performance.now() + PERIOD_MS;
  let worstMs = 0;
  let times = 0;
  setInterval(() => {
    const now = performance.now();
    worstMs = Math.max(worstMs, now - due);
    if (now - due > NOTICEABLE_MS) times++;
    due = now + PERIOD_MS;
  }, PERIOD_MS);
  process.on('message', () => {
    process.send?.({ worstMs, times } satisfies Standing);
    worstMs = 0;
    times = 0;
  });
  process.on('disconnect', () => process.exit());
}

if (process.argv[2] === 'measure') measure();
