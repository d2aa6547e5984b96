/**
 * Memory the kernel may write to or read from at any time: mapped by ourselves, outside the collector, and never
 * unmapped while the process lives (a thread that ends abruptly must not leave the kernel with a dangling address).
 * What an orderly end gives back is used by the next ring of the thread.
 */
import { loadKoffi } from '../../system-calls.ts';

interface Mapping {
  readonly address: number;
  readonly bytes: ArrayBuffer;
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const MAP_POPULATE = 0x8000;
const MADV_DONTNEED = 4;
const PAGE = 4096;

type Mmap = (
  at: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => unknown;

interface Calls {
  readonly mmap: Mmap;
  readonly munmap: (at: unknown, length: number) => number;
  readonly madvise: (at: number, length: number, advice: number) => number;
}

let calls: Calls | undefined;

function system(): Calls {
  if (calls !== undefined) return calls;
  const libc = loadKoffi().load(null);
  calls = {
    mmap: libc.func('void *mmap(void *, size_t, int, int, int, int64_t)') as unknown as Mmap,
    munmap: libc.func('int munmap(void *, size_t)'),
    madvise: libc.func('int madvise(uint64_t, size_t, int)'),
  };
  return calls;
}

function view(pointer: unknown, length: number): Mapping | undefined {
  const koffi = loadKoffi();
  const address = Number(koffi.address(pointer));
  // mmap's MAP_FAILED is -1.
  if (address <= 0 || address >= 2 ** 48) return undefined;
  return { address, bytes: koffi.view(pointer, length) };
}

/** Part of a ring: gone with munmapRing(). */
export function mapRing(
  fd: number,
  length: number,
  offset: number,
): { mapping: Mapping; unmap(): void } | undefined {
  const { mmap, munmap } = system();
  const pointer = mmap(null, length, PROT_READ_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
  const mapping = view(pointer, length);
  return mapping && { mapping, unmap: () => void munmap(pointer, length) };
}

/** Given back by an engine that has ended in order, by size. */
const spare = new Map<number, Arena[]>();

/** Anonymous memory; its pages exist once they are touched. */
export class Arena implements Mapping {
  readonly address: number;
  readonly bytes: ArrayBuffer;

  private constructor(mapping: Mapping) {
    this.address = mapping.address;
    this.bytes = mapping.bytes;
  }

  static take(length: number): Arena | undefined {
    const used = spare.get(length)?.pop();
    if (used !== undefined) return used;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    const pointer = system().mmap(null, length, PROT_READ_WRITE, flags, -1, 0);
    const mapping = view(pointer, length);
    return mapping && new Arena(mapping);
  }

  /** The whole pages between two places go: nobody needs what is written there, and it may be written again. */
  drop(from: number, to: number): void {
    const first = Math.ceil(from / PAGE) * PAGE;
    const end = Math.floor(to / PAGE) * PAGE;
    if (end > first) system().madvise(this.address + first, end - first, MADV_DONTNEED);
  }

  /** Nothing of the kernel's refers to it any more: its pages go, its addresses stay reserved. */
  release(): void {
    const length = this.bytes.byteLength;
    system().madvise(this.address, length, MADV_DONTNEED);
    const list = spare.get(length);
    if (list === undefined) spare.set(length, [this]);
    else list.push(this);
  }
}
