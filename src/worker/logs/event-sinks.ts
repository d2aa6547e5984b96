/** Where lines about samples (the `debug` converter) and of traces go: rings and the standard streams. One a thread. */
import { ByteLine } from '../../base/byte-line.ts';
import { STREAM_SINKS } from '../../config-parser/event-sinks.ts';
import type { LogTarget } from '../../model/log.ts';
import { openOutlet, type LogOutlet } from './log-outlet.ts';
import { RingOutlet, type RingPlaces } from './log-rings.ts';
import { compileHeader, type SyslogHeader } from './syslog-header.ts';

/** Such lines have no importance of their own; headers that tell one tell 0, as HAProxy's. */
const LEVEL = 0;
const FACILITY = 0;
const ROOM = 65_535;

interface Sink {
  readonly outlet: LogOutlet;
  readonly header: SyslogHeader;
}

export class EventSinks {
  readonly #rings: RingPlaces;
  readonly #sinks = new Map<string, Sink>();
  readonly #line = new ByteLine();

  constructor(rings: RingPlaces) {
    this.#rings = rings;
  }

  /** False: it was lost. */
  write(name: string, line: string): boolean {
    let sink = this.#sinks.get(name);
    if (sink === undefined) this.#sinks.set(name, (sink = this.#open(name)));
    this.#line.length = 0;
    this.#line.add(line);
    const { lost } = sink.outlet;
    sink.outlet.send(Buffer.from(sink.header(LEVEL, Date.now(), undefined), 'latin1'), this.#line, ROOM);
    return sink.outlet.lost === lost;
  }

  #open(name: string): Sink {
    const stream = STREAM_SINKS.find(one => one === name);
    if (stream !== undefined) return { outlet: openOutlet({ kind: stream }), header: headerOf('raw') };
    const format = this.#rings.settings.get(name)?.format ?? 'raw';
    return { outlet: new RingOutlet(name, this.#rings), header: headerOf(format) };
  }
}

function headerOf(format: LogTarget['format']): SyslogHeader {
  return compileHeader(
    { format, facility: FACILITY },
    { tag: 'haproxy', pid: process.pid, hostname: undefined },
  );
}
