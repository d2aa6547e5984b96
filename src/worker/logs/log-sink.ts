/**
 * Where a data thread's log lines go. One channel for each frontend: it filters by level and sample, puts the
 * header before the line, cuts it to the target's length and hands it to an outlet, which never waits.
 */
import { hostname } from 'node:os';
import { ByteLine } from '../../base/byte-line.ts';
import { parseSize } from '../../config-parser/units.ts';
import type { Global } from '../../model/global.ts';
import type { LogFormatName, LogTarget } from '../../model/log.ts';
import type { LogChannel, LogSink } from '../../proxy/runtime/runtime.ts';
import type { LogBackends } from './log-backends.ts';
import { openOutlet, type LogOutlet } from './log-outlet.ts';
import { RingOutlet, type RingPlaces } from './log-rings.ts';
import { compileHeader, type SyslogHeader } from './syslog-header.ts';
import { TargetFilter } from './target-filter.ts';

interface OpenedTarget {
  readonly format: LogFormatName | undefined;
  readonly outlet: LogOutlet;
}

export class ThreadLogSink implements LogSink {
  readonly #hostname: string | undefined;
  readonly #backends: LogBackends;
  readonly #outlets = new Map<string, LogOutlet>();

  readonly #rings: RingPlaces;
  readonly #sendBuffer: number;
  readonly #nowMs: () => number;

  constructor(
    { logSendHostname, tune }: Pick<Global, 'logSendHostname' | 'tune'>,
    rings: RingPlaces,
    backends: LogBackends,
    nowMs: () => number = Date.now,
  ) {
    this.#nowMs = nowMs;
    this.#rings = rings;
    this.#backends = backends;
    // empty: the system's own name
    this.#hostname = logSendHostname === '' ? hostname() : logSendHostname;
    this.#sendBuffer = parseSize(tune.other.get('tune.sndbuf.backend')?.[0] ?? '').value ?? 0;
  }

  /** Lines that could not be sent. */
  get lost(): number {
    let lost = 0;
    for (const outlet of this.#outlets.values()) lost += outlet.lost;
    return lost;
  }

  channel(targets: readonly LogTarget[], tag: string): LogChannel {
    const facts = { tag, pid: process.pid, hostname: this.#hostname };
    const writers = targets.map(target => {
      const { format, outlet } = this.open(target);
      const header = compileHeader({ ...target, format }, facts);
      return new TargetWriter(target, header, outlet);
    });
    const [writer] = writers;
    return writers.length === 1 && writer?.writesInPlace === true
      ? new PlaceChannel(writer, this.#nowMs)
      : new SharedChannel(writers, this.#nowMs);
  }

  /** A ring has its own format, whatever the line that logs to it says. */
  open({ target, format }: LogTarget): OpenedTarget {
    const ring = target.kind === 'ring' ? this.#rings.settings.get(target.name) : undefined;
    return { format: ring?.format ?? format, outlet: this.#outlet(target) };
  }

  /** Targets at the same place share a socket. */
  #outlet(target: LogTarget['target']): LogOutlet {
    const key = JSON.stringify(target);
    let outlet = this.#outlets.get(key);
    if (outlet === undefined) this.#outlets.set(key, (outlet = this.#openOutlet(target)));
    return outlet;
  }

  #openOutlet(target: LogTarget['target']): LogOutlet {
    if (target.kind === 'backend') return this.#backends.outlet(target.name);
    if (target.kind === 'ring') return new RingOutlet(target.name, this.#rings);
    return openOutlet(target, this.#sendBuffer);
  }

  close(): void {
    for (const outlet of this.#outlets.values()) outlet.close();
  }
}

/** Lines are written once and copied for each target. */
class SharedChannel implements LogChannel {
  readonly open: boolean;
  readonly #writers: readonly TargetWriter[];
  readonly #nowMs: () => number;
  #level = 0;
  #structuredData: string | undefined;

  constructor(writers: readonly TargetWriter[], nowMs: () => number) {
    this.#writers = writers;
    this.#nowMs = nowMs;
    this.open = writers.length > 0;
  }

  write(level: number, text: string, structuredData?: string): void {
    this.begin(level, structuredData).add(text);
    this.end();
  }

  begin(level: number, structuredData: string | undefined): ByteLine {
    this.#level = level;
    this.#structuredData = structuredData;
    shared.length = 0;
    return shared;
  }

  end(): void {
    shared.cutEnd(0);
    if (shared.length === 0) return;
    const nowMs = this.#nowMs();
    for (const writer of this.#writers) writer.write(this.#level, nowMs, shared, this.#structuredData);
  }
}

/** The one that is being written. */
const shared = new ByteLine();

/** Lines are written where their only target will send them from. */
class PlaceChannel implements LogChannel {
  readonly open = true;
  readonly #writer: TargetWriter;
  readonly #nowMs: () => number;

  constructor(writer: TargetWriter, nowMs: () => number) {
    this.#writer = writer;
    this.#nowMs = nowMs;
  }

  write(level: number, text: string, structuredData?: string): void {
    const line = this.begin(level, structuredData);
    if (line === undefined) return;
    line.add(text);
    this.end();
  }

  begin(level: number, structuredData: string | undefined): ByteLine | undefined {
    return this.#writer.begin(level, this.#nowMs(), structuredData);
  }

  end(): void {
    this.#writer.end();
  }
}

class TargetWriter {
  readonly #target: LogTarget;
  readonly #filter: TargetFilter;
  readonly #compose: SyslogHeader;
  readonly #outlet: LogOutlet;
  /** The header of the line before, mostly that of the next too. */
  #header = '';
  #headerBytes: Uint8Array = new Uint8Array(0);

  constructor(target: LogTarget, header: SyslogHeader, outlet: LogOutlet) {
    this.#target = target;
    this.#filter = new TargetFilter(target);
    this.#compose = header;
    this.#outlet = outlet;
  }

  write(level: number, nowMs: number, line: ByteLine, structuredData: string | undefined): void {
    if (!this.#filter.passes(level)) return;
    this.#outlet.send(this.#headerOf(level, nowMs, structuredData), line, this.#target.len - 1);
  }

  /** A sample counts lines that are not empty: it has to wait for their end. */
  get writesInPlace(): boolean {
    return this.#outlet.begin !== undefined && this.#target.sample === undefined;
  }

  /** Undefined: the target does not take it. */
  begin(level: number, nowMs: number, structuredData: string | undefined): ByteLine | undefined {
    if (!this.#filter.passes(level)) return undefined;
    return this.#outlet.begin?.(this.#headerOf(level, nowMs, structuredData));
  }

  end(): void {
    this.#outlet.end?.(this.#target.len - 1);
  }

  #headerOf(level: number, nowMs: number, structuredData: string | undefined): Uint8Array {
    const header = this.#compose(Math.max(level, this.#target.minLevel), nowMs, structuredData);
    if (header !== this.#header) {
      this.#header = header;
      this.#headerBytes = Buffer.from(header, 'latin1');
    }
    return this.#headerBytes;
  }
}
