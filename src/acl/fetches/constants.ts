/** Constants and what the process knows of itself (manual, section 7.3.1 and 7.3.2). */
import { parseIpv4, parseIpv6 } from '../../base/ip-address.ts';
import type { Arguments } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import { normalInt } from '../integer.ts';
import type { FetchRow, Fetched } from '../row.ts';
import type { Value } from '../sample.ts';

const constant = (value: Value): Fetched => ({ get: () => value, constant: true });

function parseBool(text: string): boolean | undefined {
  const number = /^[-+]?[0-9]+/.exec(text);
  if (number !== null && number[0] === text) return Number(text) !== 0;
  if (/^(true|yes|on)$/i.test(text)) return true;
  return /^(false|no|off)$/i.test(text) ? false : undefined;
}

function textOf(args: Arguments): string {
  return args[0]?.text ?? '';
}

/** Offset in seconds, or in the unit named (manual, fetch `date`). */
function compileDate(args: Arguments): FetchRowResult {
  const offset = Number(args[0]?.int ?? 0);
  const unit = args[1]?.text ?? 's';
  if (unit === 's') return ctx => Math.floor(ctx.process.nowMs() / 1000) + offset;
  if (unit === 'ms') return ctx => Math.floor(ctx.process.nowMs()) + offset;
  if (unit === 'us')
    return ctx => Math.floor(ctx.process.nowMs() / 1000) * 1000000 + ctx.process.nowUs() + offset;
  return { error: `'s', 'ms' or 'us' expected, got '${unit}'` };
}

type FetchRowResult = ReturnType<NonNullable<FetchRow['compile']>>;

/** RFC 9562: version 4 is random, version 7 starts with the time. */
function compileUuid(args: Arguments): FetchRowResult {
  const version = Number(args[0]?.int ?? 4);
  if (version === 4) return ctx => renderUuid(randomWords(ctx), 4);
  if (version === 7)
    return ctx => {
      const words = randomWords(ctx);
      const now = Math.floor(ctx.process.nowMs());
      // 48 bits of milliseconds come first
      words[0] = Math.floor(now / 0x10000) >>> 0;
      words[1] = (((now % 0x10000) << 16) | ((words[1] as number) & 0xffff)) >>> 0;
      return renderUuid(words, 7);
    };
  return { error: 'Unsupported UUID version: expected 4 or 7' };
}

function randomWords(ctx: SampleContext): number[] {
  return [ctx.process.random32(), ctx.process.random32(), ctx.process.random32(), ctx.process.random32()];
}

function renderUuid(words: readonly number[], version: number): string {
  const hex = words.map(word => (word >>> 0).toString(16).padStart(8, '0')).join('');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `${version}${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-');
}

function compileHexBytes(args: Arguments): FetchRowResult {
  const text = textOf(args);
  if (text === '' || text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text))
    return { error: 'an hexadecimal string is expected' };
  return constant(Buffer.from(text, 'hex').toString('latin1'));
}

export const CONSTANT_FETCHES: readonly FetchRow[] = [
  {
    name: 'always_true',
    out: 'bool',
    sources: ['constant'],
    summary: 'constant true',
    compile: () => constant(true),
  },
  {
    name: 'always_false',
    out: 'bool',
    sources: ['constant'],
    summary: 'constant false',
    compile: () => constant(false),
  },
  {
    name: 'bool',
    args: ['bool:str'],
    out: 'bool',
    sources: ['constant'],
    summary: 'constant boolean: true, false, yes, no, on, off or a number',
    compile: args => {
      const value = parseBool(textOf(args));
      return value === undefined
        ? { error: 'expects true, false, yes, no, on, off, 0 or 1' }
        : constant(value);
    },
  },
  {
    name: 'int',
    args: ['integer:int'],
    out: 'int',
    sources: ['constant'],
    summary: 'constant integer',
    compile: args => constant(args[0]?.int ?? 0),
  },
  {
    name: 'str',
    args: ['string:str'],
    out: 'str',
    sources: ['constant'],
    summary: 'constant string',
    compile: args => constant(textOf(args)),
  },
  {
    name: 'bin',
    args: ['hex:str'],
    out: 'bin',
    sources: ['constant'],
    summary: 'constant bytes written in hexadecimal',
    compile: compileHexBytes,
  },
  {
    name: 'ipv4',
    args: ['ipv4:ipv4'],
    out: 'ipv4',
    sources: ['constant'],
    summary: 'constant IPv4 address',
    compile: args => constant(args[0]?.ip ?? (parseIpv4('0.0.0.0') as Value)),
  },
  {
    name: 'ipv6',
    args: ['ipv6:ipv6'],
    out: 'ipv6',
    sources: ['constant'],
    summary: 'constant IPv6 address',
    compile: args => constant(args[0]?.ip ?? (parseIpv6('::') as Value)),
  },
  {
    name: 'meth',
    args: ['method:str'],
    out: 'meth',
    sources: ['constant'],
    summary: 'constant HTTP method',
    compile: args => constant(textOf(args)),
  },
  {
    name: 'env',
    args: ['name:str'],
    out: 'str',
    sources: ['constant'],
    summary: 'environment variable as it was at load',
    compile: (args, scope) => {
      const value = scope.env.environment(textOf(args));
      return value === undefined ? () => undefined : constant(value);
    },
  },
  {
    name: 'date',
    args: ['offset:int?', 'unit:str?'],
    out: 'int',
    sources: ['constant'],
    summary: 'current time since the epoch, shifted by an offset',
    compile: compileDate,
  },
  {
    name: 'date_us',
    out: 'int',
    sources: ['constant'],
    summary: 'microseconds within the current second',
    compile: () => ctx => ctx.process.nowUs(),
  },
  {
    name: 'hostname',
    out: 'str',
    sources: ['constant'],
    summary: 'name of this host',
    compile: () => ctx => ctx.process.hostname,
  },
  { name: 'nbproc', out: 'int', sources: ['constant'], summary: 'always 1', compile: () => constant(1) },
  { name: 'proc', out: 'int', sources: ['constant'], summary: 'always 1', compile: () => constant(1) },
  {
    name: 'pid',
    out: 'int',
    sources: ['constant'],
    summary: 'number of this process',
    compile: () => ctx => ctx.process.pid,
  },
  {
    name: 'thread',
    out: 'int',
    sources: ['constant'],
    summary: 'number of the thread that evaluates it, from 0',
    compile: () => ctx => ctx.process.thread - 1,
  },
  { name: 'tgroup', out: 'int', sources: ['constant'], summary: 'always 0', compile: () => constant(0) },
  {
    name: 'rand',
    args: ['range:int?'],
    out: 'int',
    sources: ['constant'],
    summary: 'random number below the range, 2^32 when left out',
    compile: args => {
      const range = Number(args[0]?.int ?? -1);
      if (range < 0) return ctx => ctx.process.random32();
      return ctx => normalInt((BigInt(ctx.process.random32()) * BigInt(range)) >> 32n);
    },
  },
  {
    name: 'uptime',
    out: 'int',
    sources: ['constant'],
    summary: 'seconds since the worker started',
    compile: () => ctx => Math.floor(ctx.process.uptimeMs() / 1000),
  },
  {
    name: 'uuid',
    args: ['version:int?'],
    out: 'str',
    sources: ['constant'],
    summary: 'new UUID of version 4 or 7',
    compile: compileUuid,
  },
  {
    name: 'quic_enabled',
    out: 'bool',
    sources: ['constant'],
    summary: 'always false',
    compile: () => constant(false),
  },
  {
    name: 'stopping',
    out: 'bool',
    sources: ['internal state'],
    summary: 'the process is shutting down',
    compile: () => ctx => ctx.process.stopping,
  },
  ...(['cpu_usage_thr', 'cpu_usage_grp', 'cpu_usage_proc'] as const).map((name): FetchRow => ({
    name,
    out: 'int',
    sources: ['internal state'],
    summary: 'processor time used lately by all threads, in percent of what they could use',
    compile: () => ctx => ctx.process.cpuUsage(),
  })),
  {
    name: 'term_events',
    out: 'str',
    sources: ['internal state'],
    summary: 'termination events: a dash for each part, since none are kept',
    compile: () => constant('{-,-,-,-,-,-,-}'),
  },
  {
    name: 'internal.strm.is_htx',
    out: 'bool',
    sources: ['internal state'],
    summary: 'the stream carries HTTP messages',
    compile: () => ctx => ctx.request !== undefined,
  },
];
