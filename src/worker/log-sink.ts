/**
 * Where a data thread's log lines go. One channel for each frontend: it filters by level and sample, puts the
 * header before the line, cuts it to the target's length and hands it to an outlet, which never waits.
 */
import { hostname } from 'node:os';
import { ByteLine } from '../base/byte-line.ts';
import { parseSize } from '../config-parser/units.ts';
import type { Global } from '../model/global.ts';
import type { LogFormatName, LogTarget } from '../model/log.ts';
import type { LogChannel, LogSink } from '../proxy/runtime.ts';
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

  constructor(
    { logSendHostname, tune }: Pick<Global, 'logSendHostname' | 'tune'>,
    rings: RingPlaces,
    backends: LogBackends,
  ) {
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
    const writeBytes: LogChannel['writeBytes'] = (level, line, structuredData) => {
      if (line.length === 0) return;
      cutLineEnd(line);
      const nowMs = Date.now();
      for (const writer of writers) writer.write(level, nowMs, line, structuredData);
    };
    return {
      open: writers.length > 0,
      write: (level, text, structuredData) => {
        single.length = 0;
        single.add(text);
        writeBytes(level, single, structuredData);
      },
      writeBytes,
    };
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

/** Every line ends with one LF: those it has are taken off. */
export function cutLineEnd(line: ByteLine): void {
  const { bytes } = line;
  while (line.length > 0 && (bytes[line.length - 1] === LF || bytes[line.length - 1] === 0)) line.length--;
}

const LF = 10;

/** A text on its way. */
const single = new ByteLine();

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
    const { minLevel, len } = this.#target;
    if (!this.#filter.passes(level)) return;
    const header = this.#compose(Math.max(level, minLevel), nowMs, structuredData);
    if (header !== this.#header) {
      this.#header = header;
      this.#headerBytes = Buffer.from(header, 'latin1');
    }
    this.#outlet.send(this.#headerBytes, line, len - 1);
  }
}
