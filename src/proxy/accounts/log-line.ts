/**
 * What a frontend writes into its log, and when (manual, section 8.2; options of section 4.2). Formats are compiled
 * once for each frontend, those with a name once; a frontend without log targets renders nothing.
 */
import type { CompiledLogFormat, LogFormatOptions } from '../../acl/compiled.ts';
import type { TransactionFacts } from '../../acl/context.ts';
import { compileLogFormat } from '../../acl/log-format.ts';
import { dateWithMs } from '../../acl/log-format/dates.ts';
import { DEFAULT_FORMATS } from '../../acl/log-format/formats.ts';
import { phaseBit } from '../../acl/phase.ts';
import { prefixed } from '../../acl/prefixed.ts';
import type { Config } from '../../model/config.ts';
import type { Global } from '../../model/global.ts';
import type { LogTarget } from '../../model/log.ts';
import type { LogFormatOption, Proxy } from '../../model/proxy.ts';
import type { Endpoint } from '../../net/connection.ts';
import type { Word } from '../../model/word.ts';
import type { RuleEnvironment } from '../../rules/environment.ts';
import { compileProfiles, type CompiledProfile, type LogOrigin } from './log-profile.ts';
import type { ExchangeContext, LogChannel, LogSink, Refusal } from '../runtime/runtime.ts';

interface LogFormats {
  readonly line: CompiledLogFormat | undefined;
  /** Of exchanges that ended before there was a request. */
  readonly error: CompiledLogFormat | undefined;
  readonly structuredData: CompiledLogFormat | undefined;
  readonly uniqueId: CompiledLogFormat | undefined;
  readonly profiles: ReadonlyMap<string, CompiledProfile>;
}

export type LogStep = 'accept' | 'request' | 'connect' | 'response';

/** Log filters at the receiving side know the program by this name. */
const DEFAULT_TAG = 'haproxy';
const LEVEL_ERR = 3;
const LEVEL_INFO = 6;
const LOG_PHASE = phaseBit('logs');
const ID_PHASE = phaseBit('frontend http-request header rule');

const NO_FORMATS: LogFormats = {
  line: undefined,
  error: undefined,
  structuredData: undefined,
  uniqueId: undefined,
  profiles: new Map(),
};

export function compileLogFormats(proxy: Proxy, env: RuleEnvironment, config: Config): LogFormats {
  if (proxy.kind === 'backend') return NO_FORMATS;
  const { tune } = config.global;
  const options: LogFormatOptions = {
    style: 'log',
    captures: env.captures,
    uriLength: tune.logUriLen + 1,
    isEarly: proxy.options.flags.has('logasap'),
  };
  const compile = (keyword: string, word: Word | undefined, phase = LOG_PHASE, style = options) => {
    if (word === undefined) return undefined;
    const about = prefixed(env, `failed to parse ${keyword} : `);
    return compileLogFormat(word.text, word.position, phase, about, style);
  };
  const { httpLog } = proxy.options;
  const named = (name: LogFormatOption): CompiledLogFormat | undefined =>
    compile('log-format', { text: DEFAULT_FORMATS[name], position: proxy.position });
  const isNamed = proxy.logFormat === undefined && httpLog !== undefined;
  return {
    line: isNamed ? sharedFormat(httpLog, options, env, named) : compile('log-format', proxy.logFormat),
    error: compile('error-log-format', proxy.errorLogFormat),
    structuredData: compile('log-format-sd', proxy.logFormatSd),
    uniqueId: compile('unique-id', proxy.uniqueIdFormat, ID_PHASE, { style: 'id' }),
    profiles: compileProfiles(config, proxy, word => compile('log-format', word)),
  };
}

/** Thousands of frontends have the same line. What else it depends on is the same in all of them. */
function sharedFormat(
  name: LogFormatOption,
  { isEarly = false, captures }: LogFormatOptions,
  { namedFormats }: RuleEnvironment,
  compile: (name: LogFormatOption) => CompiledLogFormat | undefined,
): CompiledLogFormat | undefined {
  const hasCaptures = [captures?.request, captures?.response].map(slots => (slots?.length ?? 0) > 0);
  const key = [name, isEarly, ...hasCaptures].join(' ');
  if (!namedFormats.has(key)) namedFormats.set(key, compile(name));
  return namedFormats.get(key);
}

/** Log targets that are written alike. */
interface LogWay {
  readonly channel: LogChannel;
  readonly profile: CompiledProfile | undefined;
}

export class FrontendLog {
  readonly #formats: LogFormats;
  readonly #ways: readonly LogWay[];
  /** By the profile that a `do-log` rule asks for. */
  readonly #asked: ReadonlyMap<string, readonly LogWay[]>;
  readonly #mode: 'HTTP' | 'TCP';
  readonly #skipsNull: boolean;
  readonly #skipsNormal: boolean;
  readonly #raisesErrors: boolean;
  /** `log-steps`; undefined: one line, at the end. */
  readonly #steps: ReadonlySet<string> | undefined;
  /** Its formats may ask for what stands in a response's head and is not captured. */
  readonly readsResponses: boolean;
  #count = 0;

  constructor(proxy: Proxy, formats: LogFormats, global: Global, sink: LogSink) {
    const { flags } = proxy.options;
    this.#formats = formats;
    this.#mode = proxy.mode === 'http' ? 'HTTP' : 'TCP';
    this.#skipsNull = flags.has('dontlognull');
    this.#skipsNormal = flags.has('dontlog-normal');
    this.#raisesErrors = flags.has('log-separate-errors');
    this.#steps = proxy.logSteps === undefined ? undefined : new Set(proxy.logSteps);
    const targets = proxy.logGlobal ? [...global.logs, ...proxy.logs] : proxy.logs;
    const tag = proxy.logTag ?? global.logTag ?? DEFAULT_TAG;
    const wayOf = (some: readonly LogTarget[], profile: CompiledProfile | undefined): LogWay => ({
      channel: sink.channel(some, profile?.tag ?? tag),
      profile,
    });
    this.#ways = [...new Set(targets.map(({ profile }) => profile))].map(name =>
      wayOf(
        targets.filter(({ profile }) => profile === name),
        name === undefined ? undefined : formats.profiles.get(name),
      ),
    );
    const { line, error, structuredData, profiles } = formats;
    const isInterested = [line, error, structuredData].some(
      format => format !== undefined && asksResponse(format),
    );
    this.readsResponses = this.#ways.length > 0 && (isInterested || profiles.size > 0);
    this.#asked = new Map(
      [...formats.profiles].map(([name, profile]) => [
        name,
        targets.length > 0 ? [wayOf(targets, profile)] : [],
      ]),
    );
  }

  uniqueId(ctx: ExchangeContext): string | undefined {
    return this.#formats.uniqueId?.render(ctx);
  }

  /** Without a format all there is to say is who connected. */
  started(ctx: ExchangeContext): void {
    if (this.#ways.length === 0) return;
    // asked now and remembered by the connection: a socket that is closed when the line is written knows it no more
    const from = ctx.client?.source;
    const to = ctx.client?.destination;
    if (this.#formats.line !== undefined) return;
    for (const { channel } of this.#ways) channel.write(LEVEL_INFO, this.#connectLine(ctx, from, to));
  }

  #connectLine(ctx: ExchangeContext, from: Endpoint | undefined, to: Endpoint | undefined): string {
    const name = `(${ctx.frontend?.name ?? ''}/${this.#mode})`;
    if (from === undefined || to === undefined || from.family === 0)
      return `Connect to unix listener ${ctx.listener?.id ?? 0} ${name}`;
    return `Connect from ${from.host}:${from.port} to ${to.host}:${to.port} ${name}`;
  }

  /** A connection was given up before it became a session (manual, section 8.2.5). */
  refused(ctx: ExchangeContext, { text, isSilent }: Refusal): void {
    if (this.#ways.length === 0 || (this.#skipsNull && isSilent)) return;
    const { line: usual, error } = this.#formats;
    if (error !== undefined) return this.#writeAs(ctx, 'sess_error', this.#ways, true);
    if (usual === undefined) return;
    const level = this.#raisesErrors ? LEVEL_ERR : LEVEL_INFO;
    const line = `${prefixOf(ctx)}: ${text}`;
    for (const { channel } of this.#ways) channel.write(level, line);
  }

  /** One of `log-steps` is reached. */
  reached(ctx: ExchangeContext, step: LogStep): void {
    if (this.#steps === undefined || this.#ways.length === 0) return;
    if (this.#steps.has(step) || this.#steps.has('all')) this.#write(ctx, `txn_${step}`, this.#ways);
  }

  ended(ctx: ExchangeContext): void {
    if (this.#ways.length === 0) return;
    const isEarly = this.#mode === 'HTTP' && ctx.requestLine === undefined;
    if (!isEarly && this.#steps !== undefined && !this.#steps.has('close') && !this.#steps.has('all')) return;
    this.#write(ctx, isEarly ? 'sess_error' : 'txn_close', this.#ways);
  }

  /** A `do-log` rule, which may ask for a profile. */
  now(ctx: ExchangeContext, origin: LogOrigin, profile: string | undefined): void {
    this.#write(ctx, origin, (profile === undefined ? undefined : this.#asked.get(profile)) ?? this.#ways);
  }

  /** Of a script; false: there is nowhere to write it to. */
  text(level: number, text: string): boolean {
    for (const { channel } of this.#ways) channel.write(level, text);
    return this.#ways.length > 0;
  }

  #write(ctx: ExchangeContext, origin: LogOrigin, ways: readonly LogWay[]): void {
    const exchange = ctx.transaction as TransactionFacts;
    if (this.#skipsNormal && !isFailure(exchange)) return;
    if (this.#skipsNull && isNull(exchange, ctx)) return;
    this.#writeAs(ctx, origin, ways, isFailure(exchange));
  }

  #writeAs(ctx: ExchangeContext, origin: LogOrigin, ways: readonly LogWay[], failed: boolean): void {
    const level = ctx.logLevel ?? (this.#raisesErrors && failed ? LEVEL_ERR : LEVEL_INFO);
    if (level < 0) return;
    ctx.logOrigin = origin;
    const { line, error, structuredData } = this.#formats;
    const usual = origin === 'sess_error' ? (error ?? line) : line;
    ctx.logCounter = this.#count++;
    for (const { channel, profile } of ways) {
      const step = profile?.stepFor(origin);
      const format = step?.format ?? usual;
      if (format === undefined || step?.drop === true) continue;
      const written = channel.begin(level, (step?.structuredData ?? structuredData)?.render(ctx));
      if (written === undefined) continue;
      format.append(ctx, written);
      channel.end();
    }
  }
}

/** `192.0.2.1:1234 [22/Nov/2026:02:49:31.123] frontend/bind` */
function prefixOf({ client, listener, frontend }: ExchangeContext): string {
  const source = client?.source;
  const name = listener?.name ?? String(listener?.id ?? 0);
  const host = source === undefined ? 'unknown' : source.family === 0 ? 'unix' : source.host;
  const port = source?.family === 0 ? listener?.id : source?.port;
  const from = source === undefined ? host : `${host}:${port}`;
  return `${from} [${dateWithMs(client?.acceptTimeMs ?? 0)}] ${frontend?.name ?? ''}/${name}`;
}

/** Samples of a response are legal in no rule for requests. */
function asksResponse({ phases }: CompiledLogFormat): boolean {
  return (phases & ID_PHASE) === 0;
}

/** What `dontlog-normal` still logs: retries, server errors, anything that did not end by itself. */
function isFailure({ redispatched, retries, status, terminationState }: TransactionFacts): boolean {
  const cause = terminationState.charAt(0);
  return redispatched || retries > 0 || status >= 500 || (cause !== '-' && cause !== 'L');
}

/** Nothing came from the client: a probe of a monitoring system. */
function isNull({ bytes, timers }: TransactionFacts, ctx: ExchangeContext): boolean {
  return ctx.requestLine === undefined && bytes.fromClient === 0 && timers.request < 0 && timers.idle < 0;
}
