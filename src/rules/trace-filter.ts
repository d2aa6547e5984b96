/**
 * `filter trace` (manual, section 9.1): tells on standard error what passes a proxy, and lets bytes go on in pieces where
 * it is told to. Every byte goes on, sooner or later.
 */
import type { TraceFilterSettings } from '../config-parser/haproxy/trace-filter.ts';
import type { Proxy } from '../model/proxy.ts';
import type { ChannelBytes } from './channel-bytes.ts';
import type { RuleContext } from './context.ts';
import {
  FILTER_CONTINUE,
  type FilterAnswer,
  type FilteredMessage,
  type ScriptFilter,
  type StreamFilter,
} from './script-filter.ts';

/** Until what was held back is looked at again; milliseconds. */
const AGAIN_MS = 1;
const TITLE_WIDTH = 20;
const STATION_WIDTH = 24;
const DUMP_ROW = 16;
const DUMP_HALF = 8;

export class TraceFilter implements ScriptFilter {
  readonly filtersHttp = true;
  readonly #settings: TraceFilterSettings;
  readonly #title: string;
  readonly #mode: string;

  constructor(settings: TraceFilterSettings, { name, mode }: Pick<Proxy, 'name' | 'mode'>) {
    this.#settings = settings;
    this.#mode = mode.toUpperCase();
    this.#title = `[${`${settings.name}/${name}`.padEnd(TITLE_WIDTH)}]`;
  }

  attach(ctx: RuleContext): StreamFilter {
    return new StreamTrace(this.#settings, this.#title, this.#mode, ctx);
  }
}

class StreamTrace implements StreamFilter {
  readonly #settings: TraceFilterSettings;
  readonly #title: string;
  readonly #mode: string;
  readonly #ctx: RuleContext;
  readonly #id: string;
  /** Whose filter it is. */
  readonly #side: string;
  /** Bytes that have gone on: of requests, and of responses. */
  readonly #passed = { request: 0, response: 0 };
  #wakeMs = 0;

  constructor(settings: TraceFilterSettings, title: string, mode: string, ctx: RuleContext) {
    this.#mode = mode;
    this.#settings = settings;
    this.#title = title;
    this.#ctx = ctx;
    this.#id = ctx.id32.toString(16).padStart(8, '0');
    this.#side = this.#isIn();
    this.#tell('trace_attach', `filter-type=${this.#side}`);
  }

  startAnalyze(isResponse: boolean): FilterAnswer {
    this.#pass('trace_chn_start_analyze', isResponse);
    return FILTER_CONTINUE;
  }

  endAnalyze(isResponse: boolean): void {
    this.#pass('trace_chn_end_analyze', isResponse);
  }

  httpHeaders(isResponse: boolean): FilterAnswer {
    const { request, response } = this.#ctx;
    const head = isResponse ? response : request;
    if (head === undefined || this.#settings.isQuiet) return FILTER_CONTINUE;
    const version = `HTTP/${Math.floor(head.version / 10)}.${head.version % 10}`;
    const line =
      'status' in head
        ? `${version} ${head.status} ${printable(head.reason)}`
        : `${head.method} ${printable(head.target)} ${version}`;
    this.#pass('trace_http_headers', isResponse, `\t${line}`);
    for (let at = 0; at < head.headers.count; at++)
      this.#write(`\t${head.headers.lowerNameAt(at)}: ${printable(head.headers.valueAt(at))}`);
    return FILTER_CONTINUE;
  }

  httpEnd(isResponse: boolean): FilterAnswer {
    this.#pass('trace_http_end', isResponse);
    return FILTER_CONTINUE;
  }

  payload(isResponse: boolean, { input }: ChannelBytes, message: FilteredMessage | undefined): number {
    const going = this.#share(input.length);
    const way = isResponse ? 'response' : 'request';
    const station = message === undefined ? 'trace_tcp_payload' : 'trace_http_payload';
    const counts = ` - offset=${this.#passed[way]} - len=${input.length} - forward=${going}`;
    this.#pass(station, isResponse, counts);
    this.#passed[way] += going;
    if (this.#settings.dumps) for (const row of dumpOf(input.subarray(0, going))) this.#say(row);
    if (going < input.length) this.#wakeMs = AGAIN_MS;
    return going;
  }

  /** At least one byte: what is held back gets less each time. */
  #share(bytes: number): number {
    const { isRandom, mostBytes } = this.#settings;
    const some = isRandom && bytes > 0 ? 1 + Math.floor(Math.random() * bytes) : bytes;
    return mostBytes > 0 ? Math.min(some, mostBytes) : some;
  }

  /** One that neither tells nor holds up lets bytes pass by. */
  wantsData(): boolean {
    const { isQuiet, isRandom, mostBytes } = this.#settings;
    return !isQuiet || isRandom || mostBytes > 0;
  }

  takeWakeMs(): number {
    const wakeMs = this.#wakeMs;
    this.#wakeMs = 0;
    return wakeMs;
  }

  complain(): void {}

  release(): void {
    this.#tell('trace_detach', `filter-type=${this.#side}`);
  }

  #isIn(): string {
    return this.#ctx.backend === undefined ? 'frontend' : 'backend';
  }

  #pass(station: string, isResponse: boolean, more = ''): void {
    const channel = (isResponse ? 'RESPONSE' : 'REQUEST').padEnd(10);
    const mode = this.#mode.padEnd(5);
    this.#tell(station, `channel=${channel} - mode=${mode} (${this.#isIn()})${more}`);
  }

  #tell(station: string, text: string): void {
    this.#write(`${station.padEnd(STATION_WIDTH)} : ${text}`);
  }

  #write(text: string): void {
    const seconds = (this.#ctx.process.nowMs() / 1000).toFixed(6);
    this.#say(`${seconds} ${this.#title} [strm 0x${this.#id}] ${text}`);
  }

  #say(line: string): void {
    if (!this.#settings.isQuiet) this.#ctx.process.writeEvent('stderr', line);
  }
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '.');
}

/** `	0x000000: 68 65 6c 6c 6f                                     |hello|` */
function* dumpOf(bytes: Buffer): Iterable<string> {
  for (let at = 0; at < bytes.length; at += DUMP_ROW) {
    const row = bytes.subarray(at, at + DUMP_ROW);
    const digits = Array.from({ length: DUMP_ROW }, (_, index) => digitsOf(row[index], index));
    yield `\t0x${at.toString(16).padStart(6, '0')}: ${digits.join('')}  |${printable(row.toString('latin1'))}|`;
  }
}

function digitsOf(byte: number | undefined, index: number): string {
  const digits = byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');
  return `${digits} ${index === DUMP_HALF - 1 ? '  ' : ''}`;
}
