/**
 * What compression may cost a thread: `maxcomprate`, `maxcompcpuusage`, `maxzlibmem` (manual, section 3.2), and the
 * coders that do it. Asked when a message could be compressed; a message that is begun is compressed to its end.
 */
import type { Global } from '../model/global.ts';
import { FIELD } from '../state/counter-fields.ts';
import type { Counters } from '../state/counters.ts';
import type { SharedRates } from '../state/shared-rate.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { CodingName, ContentCoder } from './content-coder.ts';
import { ContentCoders } from './content-coders.ts';
import { CountedCoder } from './counted-coder.ts';
import type { ZlibSettings } from './zlib-coder.ts';

/** Processor time is looked at so often at most. */
const SAMPLE_MS = 250;

interface CompressionLimits {
  /** Of the processors the threads may use, 100: no limit. */
  readonly cpuPercent: number;
  /** Bodies a thread compresses at a time. */
  readonly bodies: number;
}

function numberIn(global: Global, keyword: string, otherwise: number): number {
  const line = global.otherLines.findLast(([word]) => word?.text === keyword);
  return line === undefined ? otherwise : Number(line[1]?.text);
}

function tuned(global: Global, name: string, otherwise: number): number {
  const [word] = global.tune.other.get(`tune.${name}`) ?? [];
  return word === undefined ? otherwise : Number(word);
}

/** Undefined: all is left as it is by default, or said to be, and zlib is not needed. */
function zlibSettings(global: Global): ZlibSettings | undefined {
  const level = tuned(global, 'comp.maxlevel', 1);
  const { other } = global.tune;
  if (level <= 1 && !other.has('tune.zlib.memlevel') && !other.has('tune.zlib.windowsize')) return undefined;
  const memLevel = tuned(global, 'zlib.memlevel', 8);
  const windowBits = tuned(global, 'zlib.windowsize', 15);
  return { level, memLevel, windowBits };
}

/** One at least. */
function bodiesIn(bytes: number, { windowBits, memLevel }: ZlibSettings): number {
  // zlib's own account of what a stream takes (deflateInit2)
  const bytesOfBody = 2 ** (windowBits + 2) + 2 ** (memLevel + 9);
  return Math.max(1, Math.floor(bytes / bytesOfBody));
}

export class Compressors {
  readonly limits: CompressionLimits;
  readonly #coders: ContentCoders;
  readonly #counters: Counters;
  readonly #rates: SharedRates;
  readonly #threads: number;
  #active = 0;
  #sampledAtMs = 0;
  #usedUs = 0;
  #cpuPercent = 0;

  constructor(global: Global, threads: number, { counters, rates }: Pick<SharedState, 'counters' | 'rates'>) {
    this.#rates = rates;
    const zlib = zlibSettings(global);
    this.#coders = new ContentCoders(zlib);
    this.#counters = counters;
    this.#threads = threads;
    const megabytes = numberIn(global, 'maxzlibmem', 0);
    this.limits = {
      cpuPercent: numberIn(global, 'maxcompcpuusage', 100),
      bodies:
        zlib === undefined || megabytes === 0 ? Infinity : bodiesIn((megabytes * 2 ** 20) / threads, zlib),
    };
  }

  /** Whether another body may be compressed. */
  mayStart(nowMs: number): boolean {
    const { cpuPercent, bodies } = this.limits;
    // `set rate-limit http-compression global` changes it
    const bytesPerSecond = this.#rates.limit(this.#rates.processCompression);
    if (this.#active >= bodies) return false;
    if (bytesPerSecond > 0 && this.#rate(nowMs) > bytesPerSecond) return false;
    return cpuPercent >= 100 || this.#usedPercent(nowMs) <= cpuPercent;
  }

  #rate(nowMs: number): number {
    return this.#counters.read(this.#counters.process, 'comp_bps_in', nowMs);
  }

  /** Of all processors the threads can have. */
  #usedPercent(nowMs: number): number {
    const elapsed = nowMs - this.#sampledAtMs;
    if (elapsed < SAMPLE_MS) return this.#cpuPercent;
    const { user, system } = process.cpuUsage();
    const used = user + system;
    this.#cpuPercent = Math.min(100, (used - this.#usedUs) / 10 / elapsed / this.#threads);
    this.#sampledAtMs = nowMs;
    this.#usedUs = used;
    return this.#cpuPercent;
  }

  /** For one body. `rows`: where it is counted. */
  take(coding: CodingName, rows: readonly number[], now: () => number): ContentCoder {
    this.#active++;
    return new CountedCoder(this.#coders.take(coding), (taken, given) => {
      this.#active--;
      this.#count(coding, taken, given, rows, now());
    });
  }

  #count(coding: CodingName, taken: number, given: number, rows: readonly number[], nowMs: number): void {
    const counters = this.#counters;
    if (coding === 'identity') {
      for (const row of rows) counters.add(row, FIELD.comp_byp, taken);
      return;
    }
    counters.event(counters.process, FIELD.comp_bps_in, nowMs, taken);
    counters.event(counters.process, FIELD.comp_bps_out, nowMs, given);
    for (const row of rows) {
      counters.add(row, FIELD.comp_in, taken);
      counters.add(row, FIELD.comp_out, given);
    }
  }

  countResponse(rows: readonly number[]): void {
    for (const row of rows) this.#counters.add(row, FIELD.comp_rsp, 1);
  }
}
