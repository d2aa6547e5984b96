/**
 * How the evaluation of a ruleset ended: a small integer, so that a request on which no rule decides costs no
 * allocation. Details of the decision stand on the RuleContext (`reply`, `waitMs`, `service`, ...).
 */

/** No rule decided; go on with the next ruleset. */
export const CONTINUE = 0;
/** `accept` / `allow`: this ruleset ends well. */
export const ACCEPT = 1;
/** Refuse with `ctx.reply`; counts as denied (`PR--`). */
export const DENY = 2;
/** Hold the client for `timeout tarpit`, then answer `ctx.reply` (`PT--`). */
export const TARPIT = 3;
/** Ask for credentials with `ctx.reply`. */
export const AUTHENTICATE = 4;
/** Answer `ctx.reply` as a normal response (`LR--`). */
export const RETURN = 5;
/** Answer the redirection in `ctx.reply` (`LR--`). */
export const REDIRECT = 6;
/** Close the connection without an answer. */
export const REJECT = 7;
/** Forget the connection without telling the client; `ctx.rstTtl` when a TTL was asked for. */
export const SILENT_DROP = 8;
/** `tcp-response content close`: close the server side at once, the client side normally. */
export const CLOSE = 9;
/** Hand the exchange to `ctx.service`. */
export const SERVICE = 10;
/** A rewrite failed: 500 with an internal error (`PR--`). */
export const INTERNAL_ERROR = 11;
/** The message proved invalid: 400 (request) or 502 (response). */
export const BAD_MESSAGE = 12;
/** `wait-for-body` ended by a timeout: 408, or 504 for a response. */
export const TIMED_OUT = 13;
/** Content rules cannot decide before more bytes come: run again from the start, or with `final`. */
export const NEED_DATA = 14;
/** An action waits for `ctx.waitFor`, at most `ctx.waitMs`: then resume(). */
export const YIELD = 15;
/** `switch-mode http`: go on as an HTTP session. */
export const SWITCH_TO_HTTP = 16;
/** A script says that it has failed: 500 with an internal error (`IR--`, `IH--`). */
export const SCRIPT_FAILED = 17;
/** A script has ended the exchange without an answer, as it may: nothing is denied (`LR--`, `LH--`, `LD`). */
export const SCRIPT_DONE = 18;

export type Verdict =
  | typeof CONTINUE
  | typeof ACCEPT
  | typeof DENY
  | typeof TARPIT
  | typeof AUTHENTICATE
  | typeof RETURN
  | typeof REDIRECT
  | typeof REJECT
  | typeof SILENT_DROP
  | typeof CLOSE
  | typeof SERVICE
  | typeof INTERNAL_ERROR
  | typeof BAD_MESSAGE
  | typeof TIMED_OUT
  | typeof NEED_DATA
  | typeof YIELD
  | typeof SWITCH_TO_HTTP
  | typeof SCRIPT_FAILED
  | typeof SCRIPT_DONE;

/** In the order of their numbers: for traces. */
export const VERDICT_NAMES = [
  'continue',
  'accept',
  'deny',
  'tarpit',
  'authenticate',
  'return',
  'redirect',
  'reject',
  'silent-drop',
  'close',
  'service',
  'internal error',
  'bad message',
  'timed out',
  'need data',
  'yield',
  'switch to http',
  'script failed',
  'script done',
] as const;
