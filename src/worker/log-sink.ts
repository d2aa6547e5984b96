/**
 * Where a data thread's log lines go. One channel for each frontend: it filters by level and sample, puts the
 * header before the line, cuts it to the target's length and hands it to an outlet, which never waits.
 */
import { hostname } from 'node:os';
import { ByteLine } from '../base/byte-line.ts';
import type { LogTarget } from '../model/log.ts';
import type { LogChannel, LogSink } from '../proxy/runtime.ts';
import type { LogBackends } from './log-backends.ts';
import { openOutlet, type LogOutlet } from './log-outlet.ts';
import { RingOutlet, type RingPlaces } from './log-rings.ts';
import { compileHeader, type SyslogHeader } from './syslog-header.ts';

export class ThreadLogSink implements LogSink {
  readonly #hostname: string | undefined;
  readonly #backends: LogBackends;
  readonly #outlets = new Map<string, LogOutlet>();

  readonly #rings: RingPlaces;

  /** `log-send-hostname`: empty for the system's own name. */
  constructor(sendHostname: string | undefined, rings: RingPlaces, backends: LogBackends) {
    this.#rings = rings;
    this.#backends = backends;
    this.#hostname = sendHostname === '' ? hostname() : sendHostname;
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
      const header = compileHeader(this.#settled(target), facts);
      return new TargetWriter(target, header, this.#outlet(target.target));
    });
    const writeBytes: LogChannel['writeBytes'] = (level, line, structuredData) => {
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
  #settled(target: LogTarget): LogTarget {
    const ring = target.target.kind === 'ring' ? this.#rings.settings.get(target.target.name) : undefined;
    return ring === undefined ? target : { ...target, format: ring.format };
  }

  /** Targets at the same place share a socket. */
  #outlet(target: LogTarget['target']): LogOutlet {
    const key = JSON.stringify(target);
    let outlet = this.#outlets.get(key);
    if (outlet === undefined) this.#outlets.set(key, (outlet = this.#open(target)));
    return outlet;
  }

  #open(target: LogTarget['target']): LogOutlet {
    if (target.kind === 'backend') return this.#backends.outlet(target.name);
    return target.kind === 'ring' ? new RingOutlet(target.name, this.#rings) : openOutlet(target);
  }

  close(): void {
    for (const outlet of this.#outlets.values()) outlet.close();
  }
}

/** A text on its way. */
const single = new ByteLine();

class TargetWriter {
  readonly #target: LogTarget;
  readonly #compose: SyslogHeader;
  readonly #outlet: LogOutlet;
  #sampled = 0;
  /** The header of the line before, mostly that of the next too. */
  #header = '';
  #headerBytes: Uint8Array = new Uint8Array(0);

  constructor(target: LogTarget, header: SyslogHeader, outlet: LogOutlet) {
    this.#target = target;
    this.#compose = header;
    this.#outlet = outlet;
  }

  write(level: number, nowMs: number, line: ByteLine, structuredData: string | undefined): void {
    const { maxLevel, minLevel, len, sample } = this.#target;
    if (level > maxLevel || (sample !== undefined && !this.#isSampled(sample))) return;
    const header = this.#compose(Math.max(level, minLevel), nowMs, structuredData);
    if (header !== this.#header) {
      this.#header = header;
      this.#headerBytes = Buffer.from(header, 'latin1');
    }
    this.#outlet.send(this.#headerBytes, line, len - 1);
  }

  /** The ranges count lines from 1 to the sample's size, then over again. */
  #isSampled({ ranges, size }: NonNullable<LogTarget['sample']>): boolean {
    const number = this.#sampled + 1;
    this.#sampled = number % size;
    return ranges.some(([from, to]) => number >= from && number <= to);
  }
}
