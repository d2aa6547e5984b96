/**
 * Shapes of `http-check` and `tcp-check` rules (manual, section 4.2): which words each takes. The rules are kept
 * as written; health/ compiles them.
 */
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';

export type CheckRuleKind = 'http-check' | 'tcp-check';

/** A negation may be glued to the match: `!rstring` is `! rstring`. */
function splitNegation(word: Word): readonly Word[] {
  if (!/^!(r?(string|status|binary)|f?hdr)/.test(word.text)) return [word];
  return [
    { ...word, text: '!' },
    { ...word, text: word.text.slice(1) },
  ];
}

/** The rule of a line: what stands behind `http-check` or `tcp-check`. */
export function ruleWords(line: readonly Word[]): readonly Word[] {
  const words = line.slice(1);
  return words[0]?.text === 'expect' ? words.flatMap(splitNegation) : words;
}

/** Words of a rule and how many values follow each. */
type Shape = Readonly<Record<string, 0 | 1 | 2>>;

const CONNECT: Shape = {
  default: 0,
  port: 1,
  addr: 1,
  'send-proxy': 0,
  'via-socks4': 0,
  ssl: 0,
  sni: 1,
  alpn: 1,
  linger: 0,
  proto: 1,
  comment: 1,
};

const HTTP_SEND: Shape = {
  meth: 1,
  uri: 1,
  'uri-lf': 1,
  ver: 1,
  hdr: 2,
  body: 1,
  'body-lf': 1,
  comment: 1,
};

const EXPECT_OPTIONS: Shape = {
  'min-recv': 1,
  comment: 1,
  'ok-status': 1,
  'error-status': 1,
  'tout-status': 1,
  'on-success': 1,
  'on-error': 1,
  'status-code': 1,
};

const EXPECT_MATCHES: Readonly<Record<CheckRuleKind, readonly string[]>> = {
  'http-check': ['status', 'rstatus', 'string', 'rstring', 'string-lf', 'hdr', 'fhdr'],
  'tcp-check': ['string', 'rstring', 'string-lf', 'binary', 'rbinary', 'binary-lf'],
};

function refuseUnknown(word: Word, what: string, known: readonly string[], context: LineContext): void {
  const list = known.map(name => `'${name}'`).join(', ');
  const message = `'${what}' : expects ${list}, but got '${word.text}'.`;
  context.alert(word, message, didYouMean(word.text, known));
}

/** Every word is one of the shape's, with its values. Answers where reading stopped, -1 after an error. */
function walk(
  words: readonly Word[],
  shape: Shape,
  what: string,
  context: LineContext,
  stopAtUnknown = false,
): number {
  let index = 0;
  while (index < words.length) {
    const word = words[index] as Word;
    const values = Object.hasOwn(shape, word.text) ? shape[word.text] : undefined;
    if (values === undefined) {
      if (stopAtUnknown) return index;
      refuseUnknown(word, what, Object.keys(shape), context);
      return -1;
    }
    if (index + values >= words.length) {
      context.alert(
        word,
        `'${what}' : '${word.text}' expects ${values === 2 ? 'two arguments' : 'an argument'}.`,
      );
      return -1;
    }
    index += 1 + values;
  }
  return index;
}

/** `name|name-lf [-m <meth>] <name> [value|value-lf [-m <meth>] <value>]` */
function checkHeaderMatch(words: readonly Word[], what: string, context: LineContext): boolean {
  if (!/^name(-lf)?$/.test(words[0]?.text ?? '') || words[1] === undefined) {
    context.alert(
      words[0] ?? context.position,
      `'${what}' : must at least specify a header name with 'name' or 'name-lf'.`,
    );
    return false;
  }
  return true;
}

function checkExpect(kind: CheckRuleKind, words: readonly Word[], context: LineContext): boolean {
  const what = `${kind} expect`;
  let index = walk(words, EXPECT_OPTIONS, what, context, true);
  if (index < 0) return false;
  if (words[index]?.text === '!') index++;
  const match = words[index];
  const known = EXPECT_MATCHES[kind];
  if (match === undefined || !known.includes(match.text)) {
    if (match === undefined) context.alert(context.position, `'${what}' : expects a match and a pattern.`);
    else refuseUnknown(match, what, known, context);
    return false;
  }
  if (match.text.endsWith('hdr')) return checkHeaderMatch(words.slice(index + 1), what, context);
  if (words[index + 1] !== undefined) return true;
  context.alert(match, `'${what}' : '${match.text}' expects a pattern as argument.`);
  return false;
}

/** tcp-check send: data, then maybe a comment. */
function checkTcpSend(name: string, words: readonly Word[], context: LineContext): boolean {
  const what = `tcp-check ${name}`;
  const data = words[0];
  if (data === undefined) {
    context.alert(context.position, `'${what}' : expects data as argument.`);
    return false;
  }
  if (name === 'send-binary' && !/^([0-9a-fA-F]{2})+$/.test(data.text)) {
    context.alert(data, `'${what}' : '${data.text}' is not a hexadecimal string.`);
    return false;
  }
  return walk(words.slice(1), { comment: 1 }, what, context) >= 0;
}

function checkVariable(
  kind: CheckRuleKind,
  action: Word,
  words: readonly Word[],
  context: LineContext,
): boolean {
  const unset = action.text.startsWith('unset-var');
  if (/^(unset-var|set-var|set-var-fmt)\([^)]+\)$/.test(action.text) && (unset || words.length > 0))
    return true;
  context.alert(
    action,
    `'${kind} ${action.text}' : expects a variable between parentheses and an expression.`,
  );
  return false;
}

/** One word: blanks in it have to be quoted, and what stands behind it is not part of it. */
function checkComment(kind: CheckRuleKind, words: readonly Word[], context: LineContext): boolean {
  const more = words[2];
  if (more !== undefined)
    context.warn(more, `'${kind} comment' : unexpected argument '${more.text}' is ignored.`);
  return walk(words.slice(0, 2), { comment: 1 }, kind, context) >= 0;
}

const NAMES: Readonly<Record<CheckRuleKind, readonly string[]>> = {
  'http-check': ['comment', 'connect', 'disable-on-404', 'expect', 'send', 'send-state'],
  'tcp-check': ['comment', 'connect', 'expect', 'send', 'send-lf', 'send-binary', 'send-binary-lf'],
};

/** `words`: the rule behind `http-check` or `tcp-check`. False after an error. */
export function checkRuleShape(kind: CheckRuleKind, words: readonly Word[], context: LineContext): boolean {
  const [action, ...rest] = words;
  const name = action?.text ?? '';
  if (action !== undefined && /^(un)?set-var/.test(name)) return checkVariable(kind, action, rest, context);
  if (action === undefined || !NAMES[kind].includes(name)) {
    const known = [...NAMES[kind], 'set-var', 'set-var-fmt', 'unset-var'];
    if (action === undefined) context.alert(context.position, `'${kind}' expects a rule.`);
    else refuseUnknown(action, kind, known, context);
    return false;
  }
  if (name === 'connect') return walk(rest, CONNECT, `${kind} connect`, context) >= 0;
  if (name === 'expect') return checkExpect(kind, rest, context);
  if (name === 'comment') return checkComment(kind, words, context);
  if (kind === 'http-check')
    return walk(rest, name === 'send' ? HTTP_SEND : {}, `${kind} ${name}`, context) >= 0;
  return checkTcpSend(name, rest, context);
}
