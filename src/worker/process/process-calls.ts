/** System calls about the running process and its threads, through koffi. Each gives 0 or the negative error number. */
import { descriptorLimit } from '../../net/descriptor-limit.ts';
import { loadKoffi } from '../../net/system-calls.ts';

interface Calls {
  readonly errno: () => number;
  readonly setrlimit: (resource: number, limits: Buffer) => number;
  readonly getrlimit: (resource: number, limits: Buffer) => number;
  readonly prctl: (option: number, first: number, second: number, third: number, fourth: number) => number;
  readonly chroot: (path: string) => number;
  readonly setaffinity: (thread: number, size: number, mask: Buffer) => number;
  readonly capget: (header: Buffer, data: Buffer) => number;
  readonly capset: (header: Buffer, data: Buffer) => number;
  readonly exit: (code: number) => unknown;
}

let calls: Calls | undefined;

function system(): Calls {
  if (calls !== undefined) return calls;
  const library = loadKoffi();
  const libc = library.load(null);
  return (calls = {
    errno: () => library.errno(),
    setrlimit: libc.func('int setrlimit(int resource, const void *limits)'),
    getrlimit: libc.func('int getrlimit(int resource, void *limits)'),
    prctl: libc.func(
      'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
    ),
    chroot: libc.func('int chroot(const char *path)'),
    setaffinity: libc.func('int sched_setaffinity(int thread, unsigned long size, const void *mask)'),
    capget: libc.func('int capget(void *header, void *data)'),
    capset: libc.func('int capset(void *header, const void *data)'),
    exit: libc.func('void _exit(int status)'),
  });
}

function outcome(result: number): number {
  return result < 0 ? -system().errno() : result;
}

const RLIMIT_NOFILE = 7;
const PR_SET_DUMPABLE = 4;
const PR_SET_KEEPCAPS = 8;
const PR_SET_NO_NEW_PRIVS = 38;

export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

export function openFilesLimit(): ResourceLimit {
  const limits = Buffer.alloc(16);
  // filters of system calls forbid it here and there
  if (system().getrlimit(RLIMIT_NOFILE, limits) < 0)
    return { soft: descriptorLimit(), hard: descriptorLimit() };
  return { soft: Number(limits.readBigUInt64LE(0)), hard: Number(limits.readBigUInt64LE(8)) };
}

export function setOpenFilesLimit({ soft, hard }: ResourceLimit): number {
  const limits = Buffer.alloc(16);
  limits.writeBigUInt64LE(BigInt(soft), 0);
  limits.writeBigUInt64LE(BigInt(hard), 8);
  return outcome(system().setrlimit(RLIMIT_NOFILE, limits));
}

/** This thread, and what it starts from now on, gains no rights by running setuid programs. */
export function renounceNewPrivileges(): number {
  return outcome(system().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

export function allowCoreDumps(): number {
  return outcome(system().prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

/** What is permitted to the calling thread outlives a change of user; nothing stays in effect. */
export function keepCapabilities(): number {
  return outcome(system().prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
}

/** _LINUX_CAPABILITY_VERSION_3, and the calling thread. */
const CAPABILITY_HEADER = [0x20080522, 0] as const;
/** Two of { effective, permitted, inheritable }: the lower halves of the sets, then the upper ones. */
const CAPABILITY_BYTES = 24;

function capabilityHeader(): Buffer {
  const header = Buffer.alloc(8);
  for (const [index, value] of CAPABILITY_HEADER.entries()) header.writeUInt32LE(value, index * 4);
  return header;
}

/** Those of the calling thread, as bits. */
export function capabilities(): { readonly effective: bigint; readonly permitted: bigint } {
  const data = Buffer.alloc(CAPABILITY_BYTES);
  system().capget(capabilityHeader(), data);
  const setAt = (at: number): bigint =>
    (BigInt(data.readUInt32LE(at + 12)) << 32n) | BigInt(data.readUInt32LE(at));
  return { effective: setAt(0), permitted: setAt(4) };
}

/** Permitted to the calling thread, and in effect. */
export function setCapabilities(bits: bigint): number {
  const data = Buffer.alloc(CAPABILITY_BYTES);
  for (const at of [0, 4]) {
    data.writeUInt32LE(Number(bits & 0xffffffffn), at);
    data.writeUInt32LE(Number(bits >> 32n), at + 12);
  }
  return outcome(system().capset(capabilityHeader(), data));
}

/** All threads of the process. */
export function enterRoot(path: string): number {
  return outcome(system().chroot(path));
}

/** The calling thread runs on these processors only. */
export function runOn(processors: readonly number[]): number {
  const mask = Buffer.alloc(128);
  for (const cpu of processors)
    if (cpu < mask.length * 8) mask[cpu >>> 3] = (mask[cpu >>> 3] as number) | (1 << (cpu & 7));
  return outcome(system().setaffinity(0, mask.length, mask));
}

/**
 * Ends the process at once, whatever its threads are doing. Node would interrupt them first, and one that is inside a
 * native library cannot take that: the process would abort. Returns where no file can be opened any more: then threads
 * have no native library either.
 */
export function exitAtOnce(code: number): void {
  try {
    system().exit(code);
  } catch {
    // the library could not be loaded
  }
}
