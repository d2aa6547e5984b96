/** `log <target> [len n] [format f] [sample r:s] [profile p] <facility> [max [min]]` (manual, sections 3.1 and 4.2). */
import type { LogFormatName, LogTarget } from '../../model/log.ts';
import type { Word } from '../../model/word.ts';
import { parseAddress } from '../address.ts';
import type { LineContext } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { parsed, refused, type Parsed } from '../parsed.ts';

const FACILITIES: readonly string[] = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'auth2',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'cron2',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
];

/** In the order of their numbers: emerg is 0. */
export const LOG_LEVELS: readonly string[] = [
  'emerg',
  'alert',
  'crit',
  'err',
  'warning',
  'notice',
  'info',
  'debug',
];

const FORMATS = ['rfc3164', 'rfc5424', 'priority', 'short', 'timed', 'iso', 'raw', 'local'] as const;

const DEFAULT_LENGTH = 1024;
const SYSLOG_PORT = 514;

/** The words still to read. */
class Words {
  readonly #words: readonly Word[];
  #index: number;

  constructor(words: readonly Word[], index: number) {
    this.#words = words;
    this.#index = index;
  }

  peek(): Word | undefined {
    return this.#words[this.#index];
  }

  take(): string | undefined {
    return this.#words[this.#index++]?.text;
  }

  /** Takes the name and answers its value, or undefined when another word stands here. */
  takeOption(name: string): string | undefined {
    if (this.peek()?.text !== name) return undefined;
    this.#index++;
    return this.take() ?? '';
  }
}

function readRange(text: string): Parsed<readonly [number, number]> {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const low = Number(match?.[1]);
  const high = Number(match?.[2] ?? match?.[1]);
  if (match === null || low === 0) return refused(`invalid log sample range '${text}'`);
  return low > high
    ? refused(`invalid log sample range '${text}': the low limit is above the high one`)
    : parsed([low, high]);
}

function readSample(text: string): Parsed<NonNullable<LogTarget['sample']>> {
  const colon = text.indexOf(':');
  if (colon < 0) return refused('Missing sample size');
  const ranges: (readonly [number, number])[] = [];
  for (const part of text.slice(0, colon).split(',')) {
    const range = readRange(part);
    if (range.error !== undefined) return refused(range.error);
    const [low, high] = range.value;
    if (ranges.some(([from, to]) => low <= to && high >= from))
      return refused(`ranges are overlapping in '${text}'`);
    ranges.push(range.value);
  }
  const sizeText = text.slice(colon + 1);
  if (!/^[1-9]\d*$/.test(sizeText))
    return refused(`wrong sample size '${sizeText}' for sample range '${text}'`);
  const size = Number(sizeText);
  const most = Math.max(...ranges.map(([, high]) => high));
  if (size < most)
    return refused(
      `sample size ${size} should be greater or equal to ${most} the maximum of the high ranges limits`,
    );
  return parsed({ ranges: ranges.toSorted(([one], [other]) => one - other), size });
}

function readLength(text: string): Parsed<number> {
  const length = /^\d+$/.test(text) ? Number(text) : 0;
  if (length >= 80 && length <= 65535) return parsed(length);
  return refused(`invalid log length '${text}', must be between 80 and 65535`);
}

function unknown<T>(what: string, text: string, names: readonly string[]): Parsed<T> {
  const hint = didYouMean(text, names);
  return refused(`unknown ${what} '${text}'${hint === undefined ? '' : `; ${hint}`}`);
}

function readFormat(text: string): Parsed<LogFormatName> {
  const format = FORMATS.find(known => known === text);
  return format === undefined ? unknown('log format', text, FORMATS) : parsed(format);
}

function readLevel(text: string, what: string): Parsed<number> {
  const level = LOG_LEVELS.indexOf(text);
  return level < 0 ? unknown(`optional ${what}`, text, LOG_LEVELS) : parsed(level);
}

function readDestination(text: string, context: LineContext): Parsed<LogTarget['target']> {
  if (text === 'stdout' || text === 'stderr') return parsed({ kind: text });
  if (text.startsWith('ring@')) return parsed({ kind: 'ring', name: text.slice(5) });
  if (text.startsWith('backend@')) return parsed({ kind: 'backend', name: text.slice(8) });
  const address = parseAddress(text, {
    port: 'optional',
    transport: 'datagram',
    accepts: ['datagram', 'stream'],
    environment: context.environment,
  });
  if (address.error !== undefined) return refused(address.error);
  const where = address.value.address;
  if (where.kind === 'fd') {
    const names = { 1: 'stdout', 2: 'stderr' } as const;
    const kind = where.fd === 1 || where.fd === 2 ? names[where.fd] : undefined;
    return parsed(kind === undefined ? { kind: 'fd', fd: where.fd } : { kind });
  }
  const transport = address.value.transport === 'stream' ? 'stream' : 'udp';
  const needsPort = (where.kind === 'ip' || where.kind === 'name') && where.port === 0;
  return parsed({ kind: 'syslog', transport, address: needsPort ? { ...where, port: SYSLOG_PORT } : where });
}

interface Options {
  readonly len: number;
  readonly format?: LogFormatName;
  readonly sample?: NonNullable<LogTarget['sample']>;
  readonly profile?: string;
}

/** `len`, `format`, `sample`, `profile`: in this order, each may be left out. */
function readOptions(words: Words): Parsed<Options> {
  const lenText = words.takeOption('len');
  const len = lenText === undefined ? parsed(DEFAULT_LENGTH) : readLength(lenText);
  if (len.error !== undefined) return refused(len.error);
  const formatText = words.takeOption('format');
  const format = formatText === undefined ? undefined : readFormat(formatText);
  if (format?.error !== undefined) return refused(format.error);
  const sampleText = words.takeOption('sample');
  const sample = sampleText === undefined ? undefined : readSample(sampleText);
  if (sample?.error !== undefined) return refused(sample.error);
  const profile = words.takeOption('profile');
  return parsed({
    len: len.value,
    ...(format === undefined ? {} : { format: format.value }),
    ...(sample === undefined ? {} : { sample: sample.value }),
    ...(profile === undefined ? {} : { profile }),
  });
}

interface Levels {
  readonly facility: number;
  readonly maxLevel: number;
  readonly minLevel: number;
}

function readLevels(words: Words): Parsed<Levels> {
  const name = words.take() ?? '';
  const facility = FACILITIES.indexOf(name);
  if (facility < 0) return unknown('log facility', name, FACILITIES);
  const max = words.peek() === undefined ? parsed(7) : readLevel(words.take() ?? '', 'log level');
  if (max.error !== undefined) return refused(max.error);
  const min = words.peek() === undefined ? parsed(0) : readLevel(words.take() ?? '', 'minimum log level');
  if (min.error !== undefined) return refused(min.error);
  const extra = words.peek();
  if (extra !== undefined) return refused(`cannot handle unexpected argument '${extra.text}'`);
  return parsed({ facility, maxLevel: max.value, minLevel: min.value });
}

function readTarget(line: readonly Word[], context: LineContext): Parsed<LogTarget> {
  const [target] = line;
  const expects = context.section === 'global' ? '' : 'or global ';
  if (target === undefined || line.length < 2)
    return refused(`expects <address> and <facility> ${expects}as arguments`);
  const words = new Words(line, 1);
  const options = readOptions(words);
  if (options.error !== undefined) return refused(options.error);
  const levels = readLevels(words);
  if (levels.error !== undefined) return refused(levels.error);
  const destination = readDestination(target.text, context);
  if (destination.error !== undefined) return refused(destination.error);
  return parsed({ position: context.position, target: destination.value, ...options.value, ...levels.value });
}

/** `words` behind `log`; undefined after an error. Serves the global section and proxies. */
export function readLogTarget(words: readonly Word[], context: LineContext): LogTarget | undefined {
  const target = readTarget(words, context);
  if (target.error !== undefined) {
    context.alert(words[0] ?? context.position, `log : ${target.error}`);
    return undefined;
  }
  return target.value;
}
