/** `tcp-check connect`, `http-check connect` (manual, section 4.2). */
import { parseAddress } from '../config-parser/address.ts';
import type { Word } from '../model/word.ts';
import type { CheckExpressions } from './expressions.ts';
import { RuleWords } from './rule-words.ts';
import type { ConnectStep } from './ruleset.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The connection of a check whose rules name none. */
export const IMPLICIT_CONNECT: ConnectStep = {
  kind: 'connect',
  implicit: true,
  index: 0,
  default: true,
  linger: false,
  sendProxy: false,
  ssl: false,
  viaSocks4: false,
};

/** `rule`: from the word `connect` on. Undefined after a mistake. */
export function compileConnect(
  rule: readonly Word[],
  index: number,
  expressions: CheckExpressions,
): ConnectStep | undefined {
  const words = new RuleWords(rule.slice(1));
  const step: Mutable<ConnectStep> = { ...IMPLICIT_CONNECT, implicit: false, default: false, index };
  while (!words.done) {
    const option = words.next();
    if (!readOption(option, words, step, expressions)) return undefined;
  }
  return step;
}

function readOption(
  option: Word,
  words: RuleWords,
  step: Mutable<ConnectStep>,
  expressions: CheckExpressions,
): boolean {
  switch (option.text) {
    case 'default':
      step.default = true;
      return true;
    case 'linger':
      step.linger = true;
      return true;
    case 'send-proxy':
      step.sendProxy = true;
      return true;
    case 'via-socks4':
      step.viaSocks4 = true;
      return true;
    case 'ssl':
      step.ssl = true;
      return true;
    case 'sni':
      step.sni = words.next().text;
      return true;
    case 'alpn':
      step.alpn = words.next().text.split(',');
      return true;
    case 'comment':
      step.comment = words.next().text;
      return true;
    case 'addr':
      return readAddress(words.next(), step, expressions);
    case 'port':
      return readPort(words.next(), step, expressions);
    case 'proto':
      return readProtocol(words.next(), step, expressions);
    default:
      return true;
  }
}

function readAddress(word: Word, step: Mutable<ConnectStep>, expressions: CheckExpressions): boolean {
  const parsed = parseAddress(word.text, { port: 'optional' });
  if (parsed.error !== undefined) {
    expressions.report('alert', word.position, `'addr' : ${parsed.error}`);
    return false;
  }
  step.address = parsed.value.address;
  return true;
}

function readPort(word: Word, step: Mutable<ConnectStep>, expressions: CheckExpressions): boolean {
  if (!/^\d+$/.test(word.text)) {
    const expression = expressions.integer(word);
    if (expression !== undefined) step.port = expression;
    return expression !== undefined;
  }
  const port = Number(word.text);
  if (port >= 1 && port <= 65_535) step.port = port;
  else
    expressions.report(
      'alert',
      word.position,
      `expects a valid TCP port (from range 1 to 65535) or a sample expression, got ${word.text}.`,
    );
  return step.port !== undefined;
}

/** Checks speak HTTP and plain TCP. */
function readProtocol(word: Word, step: Mutable<ConnectStep>, expressions: CheckExpressions): boolean {
  step.proto = word.text;
  if (['h1', 'h2', 'none'].includes(word.text)) return true;
  expressions.report('warning', word.position, `'proto ${word.text}' is not supported by checks yet`);
  return true;
}
