/** Whether the ring engine can run here, and if not, in words for `lb -vv` and `show info`, why. */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { findNestedLoop } from '../nested/nested-loop.ts';
import { Ring, type RingFailure } from './ring.ts';
import { Slots } from './slots.ts';

type UringProbe = { readonly usable: true } | { readonly usable: false; readonly reason: string };

let known: UringProbe | undefined;

/** Asks the kernel once for each thread. */
export function probeUring(): UringProbe {
  known ??= probe();
  return known;
}

function probe(): UringProbe {
  const reason = firstObstacle();
  return reason === undefined ? { usable: true } : { usable: false, reason };
}

function firstObstacle(): string | undefined {
  if (process.platform !== 'linux') return `io_uring exists on Linux only, this is ${process.platform}`;
  if (endianness() !== 'LE' || process.arch.endsWith('32')) return `not supported on ${process.arch}`;
  try {
    const loop = findNestedLoop();
    return typeof loop === 'string' ? loop : tryRing();
  } catch (error) {
    return `koffi cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function tryRing(): string | undefined {
  const ring = Ring.open(8, 16);
  if (!(ring instanceof Ring)) return explain(ring);
  const { refusal } = ring;
  if (refusal !== undefined) {
    ring.close();
    return explain(refusal);
  }
  const slots = Slots.open(ring, 4096, 1, false);
  ring.close();
  slots?.destroy();
  return slots === undefined ? 'the kernel has no provided buffer rings (Linux 5.19)' : undefined;
}

function explain({ step, code }: RingFailure): string {
  if (code === 'ENOSYS') return 'the kernel has no io_uring';
  if (code === 'EINVAL') return 'the kernel is too old for the ring this program uses (Linux 6.1)';
  if (code === 'ENOMEM') return `${step}: not enough memory allowed (ulimit -l, cgroup)`;
  if (code !== 'EPERM' && code !== 'EACCES') return `${step}: ${code}`;
  const disabled = sysctl('kernel/io_uring_disabled');
  return disabled === '1' || disabled === '2'
    ? `io_uring is disabled on this system (kernel.io_uring_disabled=${disabled})`
    : 'io_uring is forbidden here (seccomp or another security policy)';
}

function sysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'latin1').trim();
  } catch {
    return undefined;
  }
}
