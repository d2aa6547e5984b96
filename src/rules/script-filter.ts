/**
 * Filters that see what passes, as proxies know them: those that scripts have registered (`filter lua.<name>`), which
 * lua/ implements, and `filter trace` (trace-filter.ts). What a filter
 * answers where it is asked whether to go on: HAProxy's Lua API, filter class.
 */
import type { ChannelBytes } from './channel-bytes.ts';
import type { RuleContext } from './context.ts';

export const FILTER_ERROR = -1;
export const FILTER_WAIT = 0;
export const FILTER_CONTINUE = 1;

export type FilterAnswer = typeof FILTER_ERROR | typeof FILTER_WAIT | typeof FILTER_CONTINUE;

/** One `filter` line. */
export interface ScriptFilter {
  /** It filters messages of HTTP (FLT_CFG_FL_HTX). */
  readonly filtersHttp: boolean;
  /** For one stream; undefined: it does not want this one. */
  attach(ctx: RuleContext): StreamFilter | 'failed' | undefined;
}

/** Where a filter of a proxy stands among the others (`filter-sequence`); -1: it is left out. */
export interface PlacedFilter {
  readonly filter: ScriptFilter;
  readonly request: number;
  readonly response: number;
}

/** A message that is filtered, beside its head. */
export interface FilteredMessage {
  /** All of its body is here. */
  readonly ended: boolean;
  /** What the reader is told of the length; false: this cannot be said of the message. */
  setLength(length: number | 'chunked'): boolean;
  setEnded(ended: boolean): void;
}

/** The filter of one stream. Its failures are told by itself. */
export interface StreamFilter {
  startAnalyze(isResponse: boolean): FilterAnswer;
  endAnalyze(isResponse: boolean): void;
  httpHeaders(isResponse: boolean, message: FilteredMessage): FilterAnswer;
  httpEnd(isResponse: boolean, message: FilteredMessage): FilterAnswer;
  /** How many bytes of the input go on; below 0: it failed. Without a message the bytes are a connection's. */
  payload(isResponse: boolean, bytes: ChannelBytes, message: FilteredMessage | undefined): number;
  /** It wants to see payload of that direction. */
  wantsData(isResponse: boolean): boolean;
  /** It wants to be called again after so many milliseconds, whatever comes; 0: not so. Asked for once. */
  takeWakeMs(): number;
  /** What it does is wrong, in the words of a log line. */
  complain(text: string): void;
  release(): void;
}
