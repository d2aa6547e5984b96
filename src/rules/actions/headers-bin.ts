/**
 * set-headers-bin, add-headers-bin, del-headers-bin (manual, section 4.4): header lists in the encoding of the
 * fetches req.hdrs_bin and res.hdrs_bin: each name and value behind its length, an empty pair at the end.
 */
import { HTTP_ALL, type ActionDefinition } from '../action-definition.ts';
import type { Action, RuleContext } from '../context.ts';
import { failedRewrite, fits, headersOf, sideOf } from '../http-message.ts';
import type { RuleLine } from '../rule-line.ts';
import { CONTINUE, INTERNAL_ERROR, type Verdict } from '../verdict.ts';
import { nameTest, removeMatching, takeNameMethod } from './headers.ts';

/** Headers that decide where a message ends or how the connection goes on are never touched. */
const IMMUTABLE = new Set([
  'expect',
  'trailer',
  'upgrade',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'proxy-connection',
]);

/** Reads lengths as HAProxy writes them (a varint: 240 and above continue in 7-bit groups) and the text behind. */
class ListReader {
  readonly #bytes: string;
  #at = 0;

  constructor(bytes: string) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length;
  }

  #length(): number | undefined {
    if (this.ended) return undefined;
    let value = this.#bytes.charCodeAt(this.#at++);
    if (value < 0xf0) return value;
    for (let factor = 16; ; factor *= 128) {
      if (this.ended || factor > 2 ** 40) return undefined;
      const byte = this.#bytes.charCodeAt(this.#at++);
      value += byte * factor;
      if (byte < 0x80) return value;
    }
  }

  /** Undefined: the list is cut off. */
  text(): string | undefined {
    const length = this.#length();
    if (length === undefined || length > this.#bytes.length - this.#at) return undefined;
    this.#at += length;
    return this.#bytes.slice(this.#at - length, this.#at);
  }
}

/** Calls `edit` for each header; what ends a list early is a failed rewrite, a missing end an error. */
function eachHeader(
  ctx: RuleContext,
  bytes: string,
  withValues: boolean,
  edit: (name: string, value: string) => boolean,
): Verdict {
  const reader = new ListReader(bytes);
  while (!reader.ended) {
    const name = reader.text();
    const value =
      name !== undefined && (withValues || name === '')
        ? name === '' && !withValues
          ? ''
          : reader.text()
        : '';
    if (name === undefined || value === undefined) return failedRewrite(ctx);
    if (name === '') return value === '' ? CONTINUE : failedRewrite(ctx);
    if (!IMMUTABLE.has(name.toLowerCase()) && !edit(name, value)) return failedRewrite(ctx);
  }
  return INTERNAL_ERROR;
}

function compileSetHeadersBin(line: RuleLine): Action | undefined {
  if (line.left === 0)
    return line.error('expects exactly one argument or three arguments <headers> prefix <pfx>');
  const expression = line.takeExpression();
  if (expression === undefined) return undefined;
  const prefix = line.accept('prefix') ? line.take()?.text : '';
  if (prefix === undefined)
    return line.error('expects 1 argument: <headers>; or 3 arguments: <headers> prefix <pfx>');
  const side = sideOf(line);
  const headers = headersOf(side);
  const replaces = line.action === 'set-headers-bin';
  return ctx => {
    const edited = headers(ctx);
    const bytes = edited === undefined ? undefined : expression.binary(ctx);
    if (edited === undefined || bytes === undefined) return CONTINUE;
    return eachHeader(ctx, bytes, true, (name, value) => {
      if (!name.startsWith(prefix)) return true;
      if (replaces) edited.remove(name.toLowerCase());
      if (!fits(ctx, side, name.length + value.length + 4)) return false;
      edited.add(name, value);
      return true;
    });
  };
}

function compileDelHeadersBin(line: RuleLine): Action | undefined {
  if (line.left === 0) return line.error('expects at least 1 argument');
  const expression = line.takeExpression();
  if (expression === undefined) return undefined;
  const method = takeNameMethod(line);
  if (method === undefined) return undefined;
  if (nameTest(method, '') === undefined)
    return line.error(`-m with unsupported matching method '${method}'`);
  const headers = headersOf(sideOf(line));
  return ctx => {
    const edited = headers(ctx);
    const bytes = edited === undefined ? undefined : expression.binary(ctx);
    if (edited === undefined || bytes === undefined) return CONTINUE;
    return eachHeader(ctx, bytes, false, name => {
      const test = nameTest(method, name);
      if (test !== undefined) removeMatching(edited, test);
      return true;
    });
  };
}

const SET_ARGS = '<expr> [ prefix <str> ]';

export const BINARY_HEADER_ACTIONS: readonly ActionDefinition[] = [
  { name: 'set-headers-bin', rulesets: HTTP_ALL, args: SET_ARGS, compile: compileSetHeadersBin },
  { name: 'add-headers-bin', rulesets: HTTP_ALL, args: SET_ARGS, compile: compileSetHeadersBin },
  {
    name: 'del-headers-bin',
    rulesets: HTTP_ALL,
    args: '<expr> [ -m <meth> ]',
    compile: compileDelHeadersBin,
  },
];
