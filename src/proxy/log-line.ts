/**
 * What a frontend writes into its log, and when (manual, section 8.2; options of section 4.2). Formats are compiled
 * once for each frontend; a frontend without log targets renders nothing.
 */
import type { CompiledLogFormat, LogFormatOptions } from '../acl/compiled.ts';
import type { TransactionFacts } from '../acl/context.ts';
import { compileLogFormat } from '../acl/log-format.ts';
import { DEFAULT_FORMATS } from '../acl/log-format/formats.ts';
import { phaseBit } from '../acl/phase.ts';
import { ByteLine } from '../base/byte-line.ts';
import type { Global } from '../model/global.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Endpoint } from '../net/connection.ts';
import type { Word } from '../model/word.ts';
import type { RuleEnvironment } from '../rules/environment.ts';
import type { ExchangeContext, LogChannel, LogSink } from './runtime.ts';

export interface LogFormats {
  readonly line: CompiledLogFormat | undefined;
  /** Of exchanges that ended before there was a request. */
  readonly error: CompiledLogFormat | undefined;
  readonly structuredData: CompiledLogFormat | undefined;
  readonly uniqueId: CompiledLogFormat | undefined;
}

/** Log filters at the receiving side know the program by this name. */
const DEFAULT_TAG = 'haproxy';
const LEVEL_ERR = 3;
const LEVEL_INFO = 6;
const LOG_PHASE = phaseBit('logs');
const ID_PHASE = phaseBit('frontend http-request header rule');

export function compileLogFormats(proxy: Proxy, env: RuleEnvironment, { tune }: Global): LogFormats {
  if (proxy.kind === 'backend')
    return { line: undefined, error: undefined, structuredData: undefined, uniqueId: undefined };
  const options: LogFormatOptions = {
    style: 'log',
    uriLength: tune.logUriLen + 1,
    isEarly: proxy.options.flags.has('logasap'),
  };
  const compile = (word: Word | undefined, phase = LOG_PHASE, style = options) =>
    word === undefined ? undefined : compileLogFormat(word.text, word.position, phase, env, style);
  const { httpLog } = proxy.options;
  const named =
    httpLog === undefined ? undefined : { text: DEFAULT_FORMATS[httpLog], position: proxy.position };
  return {
    line: compile(proxy.logFormat ?? named),
    error: compile(proxy.errorLogFormat),
    structuredData: compile(proxy.logFormatSd),
    uniqueId: compile(proxy.uniqueIdFormat, ID_PHASE, { style: 'id' }),
  };
}

/** The one that is being written. */
const line = new ByteLine();

export class FrontendLog {
  readonly #formats: LogFormats;
  readonly #channel: LogChannel;
  readonly #mode: 'HTTP' | 'TCP';
  readonly #skipsNull: boolean;
  readonly #skipsNormal: boolean;
  readonly #raisesErrors: boolean;
  #count = 0;

  constructor(proxy: Proxy, formats: LogFormats, global: Global, sink: LogSink) {
    const { flags } = proxy.options;
    this.#formats = formats;
    this.#mode = proxy.mode === 'http' ? 'HTTP' : 'TCP';
    this.#skipsNull = flags.has('dontlognull');
    this.#skipsNormal = flags.has('dontlog-normal');
    this.#raisesErrors = flags.has('log-separate-errors');
    const targets = proxy.logGlobal ? [...global.logs, ...proxy.logs] : proxy.logs;
    this.#channel = sink.channel(targets, proxy.logTag ?? global.logTag ?? DEFAULT_TAG);
  }

  uniqueId(ctx: ExchangeContext): string | undefined {
    return this.#formats.uniqueId?.render(ctx);
  }

  /** Without a format all there is to say is who connected. */
  started(ctx: ExchangeContext): void {
    if (!this.#channel.open) return;
    // asked now and remembered by the connection: a socket that is closed when the line is written knows it no more
    const from = ctx.client?.source;
    const to = ctx.client?.destination;
    if (this.#formats.line === undefined) this.#channel.write(LEVEL_INFO, this.#connectLine(ctx, from, to));
  }

  #connectLine(ctx: ExchangeContext, from: Endpoint | undefined, to: Endpoint | undefined): string {
    const name = `(${ctx.frontend?.name ?? ''}/${this.#mode})`;
    if (from === undefined || to === undefined || from.family === 0)
      return `Connect to unix listener ${ctx.listener?.id ?? 0} ${name}`;
    return `Connect from ${from.host}:${from.port} to ${to.host}:${to.port} ${name}`;
  }

  ended(ctx: ExchangeContext): void {
    if (!this.#channel.open) return;
    const exchange = ctx.transaction as TransactionFacts;
    const isEarly = this.#mode === 'HTTP' && ctx.requestLine === undefined;
    const failed = isFailure(exchange);
    const format = isEarly ? (this.#formats.error ?? this.#formats.line) : this.#formats.line;
    if (format === undefined || (this.#skipsNormal && !failed) || (this.#skipsNull && isNull(exchange, ctx)))
      return;
    const level = ctx.logLevel ?? (failed && this.#raisesErrors ? LEVEL_ERR : LEVEL_INFO);
    if (level < 0) return;
    ctx.logCounter = this.#count++;
    line.length = 0;
    format.append(ctx, line);
    this.#channel.writeBytes(level, line, this.#formats.structuredData?.render(ctx));
  }
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
