/** When zlib compresses, and what it may take of memory (manual, section 3.2: `tune.comp.maxlevel` and its kin, `maxzlibmem`). */
import type { Global } from '../model/global.ts';

export interface ZlibSettings {
  /** `tune.comp.maxlevel`, `tune.zlib.memlevel`, `tune.zlib.windowsize` */
  readonly level: number;
  readonly memLevel: number;
  readonly windowBits: number;
}

const LEVEL = 'tune.comp.maxlevel';
const MEMORY = 'tune.zlib.memlevel';
const WINDOW = 'tune.zlib.windowsize';

/** Undefined: no more than the lowest level is asked for, and zlib is not needed. */
export function zlibSettings({ tune }: Global): ZlibSettings | undefined {
  const tuned = (name: string, otherwise: number): number => Number(tune.other.get(name)?.[0] ?? otherwise);
  const level = tuned(LEVEL, 1);
  if (level <= 1 && !tune.other.has(MEMORY) && !tune.other.has(WINDOW)) return undefined;
  return { level, memLevel: tuned(MEMORY, 8), windowBits: tuned(WINDOW, 15) };
}

/** Bytes, by zlib's own account (deflateInit2). */
export function bytesOfStream({ windowBits, memLevel }: ZlibSettings): number {
  return 2 ** (windowBits + 2) + 2 ** (memLevel + 9);
}

/** Bytes of the whole process; 0: no limit. */
export function mostZlibMemory({ otherLines }: Global): number {
  const line = otherLines.findLast(([word]) => word?.text === 'maxzlibmem');
  return Number(line?.[1]?.text ?? 0) * 2 ** 20;
}

/** Bodies that zlib may compress at a time, one at least; 0: no limit. */
export function mostZlibStreams(global: Global): number {
  const zlib = zlibSettings(global);
  const memory = mostZlibMemory(global);
  if (zlib === undefined || memory === 0) return 0;
  return Math.max(1, Math.floor(memory / bytesOfStream(zlib)));
}
