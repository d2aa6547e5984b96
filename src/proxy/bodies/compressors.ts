/**
 * What compression may cost a thread: `maxcomprate`, `maxcompcpuusage`, `maxzlibmem` (manual, section 3.2), and the
 * coders that do it. Asked when a message could be compressed; a message that is begun is compressed to its end.
 */
import type { Global } from '../../model/global.ts';
import { FIELD } from '../../state/counter-fields.ts';
import type { ConnectionLimits } from '../../state/connection-limits.ts';
import type { Counters } from '../../state/counters.ts';
import type { SharedRates } from '../../state/shared-rate.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { zlibSettings } from '../../state/zlib-memory.ts';
import type { CodingName, ContentCoder } from './content-coder.ts';
import { ContentCoders } from './content-coders.ts';
import { CountedCoder } from './counted-coder.ts';

/** Processor time is looked at so often at most. */
const SAMPLE_MS = 250;

/** Of the processors the threads may use, 100: no limit. */
function mostCpuPercent({ otherLines }: Global): number {
  const line = otherLines.findLast(([word]) => word?.text === 'maxcompcpuusage');
  return Number(line?.[1]?.text ?? 100);
}

export class Compressors {
  readonly #coders: ContentCoders;
  readonly #counters: Counters;
  readonly #rates: SharedRates;
  /** Of bodies that zlib compresses; undefined: none are. */
  readonly #zlibLimits: ConnectionLimits | undefined;
  readonly #threads: number;
  readonly #mostCpuPercent: number;
  #sampledAtMs = 0;
  #usedUs = 0;
  #cpuPercent = 0;

  constructor(
    global: Global,
    threads: number,
    { counters, rates, limits }: Pick<SharedState, 'counters' | 'rates' | 'limits'>,
  ) {
    const zlib = zlibSettings(global);
    this.#coders = new ContentCoders(zlib);
    this.#counters = counters;
    this.#rates = rates;
    this.#zlibLimits = zlib === undefined ? undefined : limits;
    this.#threads = threads;
    this.#mostCpuPercent = mostCpuPercent(global);
  }

  /** Whether another body may be compressed. */
  mayStart(nowMs: number): boolean {
    const zlib = this.#zlibLimits;
    if (zlib?.full(zlib.zlib) === true) return false;
    // `set rate-limit http-compression global` changes it
    const bytesPerSecond = this.#rates.limit(this.#rates.processCompression);
    if (bytesPerSecond > 0 && this.#rate(nowMs) > bytesPerSecond) return false;
    return this.#mostCpuPercent >= 100 || this.#usedPercent(nowMs) <= this.#mostCpuPercent;
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
    const zlib = coding === 'identity' ? undefined : this.#zlibLimits;
    zlib?.enter(zlib.zlib);
    return new CountedCoder(this.#coders.take(coding), (taken, given) => {
      zlib?.leave(zlib.zlib);
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
