/** Writes a tree as a pattern: for JavaScript's engine, or for the linear-time one, which has no look-around. */
import { ALL, complement, runsOf } from './char-set.ts';
import type { CharSet } from './char-set.ts';
import type { Assertion, ParsedRegex, RegexNode } from './node.ts';

interface Emitted {
  readonly source: string;
  /** Group number in `source` of every capture, from 1; [0] is 0. */
  readonly groups: readonly number[];
}

interface EmitOptions {
  /** The text does not start where the subject starts: `^` never holds. */
  readonly notAtStart?: boolean;
}

export function emitJavaScript(regex: ParsedRegex, options: EmitOptions = {}): Emitted {
  const emitter = new Emitter(options.notAtStart === true);
  const source = emitter.emit(regex.root);
  return { source, groups: emitter.groups };
}

/** Undefined when it needs look-around, a back reference or an atomic group. */
export function emitLinear(regex: ParsedRegex, options: EmitOptions = {}): string | undefined {
  return emitLinearNode(regex.root, options.notAtStart === true, true);
}

function emitCode(code: number): string {
  const char = String.fromCharCode(code);
  return /[A-Za-z0-9_ /:=&,;@~!%<>"'`#]/.test(char) ? char : `\\x${code.toString(16).padStart(2, '0')}`;
}

function emitRuns(runs: readonly [number, number][]): string {
  return runs
    .map(([from, to]) => {
      if (from === to) return emitCode(from);
      return to === from + 1 ? emitCode(from) + emitCode(to) : `${emitCode(from)}-${emitCode(to)}`;
    })
    .join('');
}

function emitSet(set: CharSet): string {
  if (set === ALL) return '[\\x00-\\xff]';
  const runs = runsOf(set);
  if (runs.length === 1 && runs[0] !== undefined && runs[0][0] === runs[0][1]) return emitCode(runs[0][0]);
  if (runs.length === 0) return '[^\\x00-\\xff]';
  const others = runsOf(complement(set));
  return others.length < runs.length ? `[^${emitRuns(others)}]` : `[${emitRuns(runs)}]`;
}

function emitBounds(min: number, max: number): string {
  if (min === 0 && max === Infinity) return '*';
  if (min === 1 && max === Infinity) return '+';
  if (min === 0 && max === 1) return '?';
  if (min === max) return `{${min}}`;
  return max === Infinity ? `{${min},}` : `{${min},${max}}`;
}

const NEVER = '(?!)';

const JS_ASSERTIONS: Readonly<Record<Assertion, string>> = {
  start: '^',
  end: '(?=\\n?$)',
  veryEnd: '$',
  lineStart: '(?<![^\\n])',
  lineEnd: '(?![^\\n])',
  word: '\\b',
  notWord: '\\B',
};

class Emitter {
  readonly groups: number[] = [0];
  readonly #notAtStart: boolean;
  #count = 0;

  constructor(notAtStart: boolean) {
    this.#notAtStart = notAtStart;
  }

  emit(node: RegexNode): string {
    switch (node.kind) {
      case 'set':
        return emitSet(node.set);
      case 'sequence':
        return node.items.map(item => this.emit(item)).join('');
      case 'choice':
        return `(?:${node.options.map(option => this.emit(option)).join('|')})`;
      case 'group':
        return this.#group(node.body, node.capture);
      case 'atomic':
        return this.#atomic(node.body);
      case 'repeat':
        return this.#repeat(node);
      case 'assert':
        return node.what === 'start' && this.#notAtStart ? NEVER : JS_ASSERTIONS[node.what];
      case 'look':
        return `(?${node.ahead ? '' : '<'}${node.negated ? '!' : '='}${this.emit(node.body)})`;
      case 'back':
        return `(?:\\${this.groups[node.capture] ?? 0})`;
    }
  }

  #group(body: RegexNode, capture: number): string {
    if (capture === 0) return `(?:${this.emit(body)})`;
    this.groups[capture] = ++this.#count;
    return `(${this.emit(body)})`;
  }

  /** What a look-ahead has matched is never tried again: repeat it by reference. */
  #atomic(body: RegexNode): string {
    const number = ++this.#count;
    return `(?:(?=(${this.emit(body)}))\\${number})`;
  }

  #repeat(node: Extract<RegexNode, { kind: 'repeat' }>): string {
    if (node.possessive) return this.#atomic({ ...node, possessive: false });
    const body = this.emit(node.body);
    const isSimple = node.body.kind === 'set' || node.body.kind === 'group' || node.body.kind === 'choice';
    return `${isSimple ? body : `(?:${body})`}${emitBounds(node.min, node.max)}${node.lazy ? '?' : ''}`;
  }
}

const LINEAR_ASSERTIONS: Readonly<Record<Assertion, string>> = {
  start: '\\A',
  end: '(?:\\n?\\z)',
  veryEnd: '\\z',
  lineStart: '(?m:^)',
  lineEnd: '(?m:$)',
  word: '\\b',
  notWord: '\\B',
};

/** `isTail`: nothing of the pattern follows. Only there may `$` take the last newline with it. */
function emitLinearNode(node: RegexNode, notAtStart: boolean, isTail: boolean): string | undefined {
  const emit = (inner: RegexNode): string | undefined => emitLinearNode(inner, notAtStart, isTail);
  switch (node.kind) {
    case 'set':
      return emitSet(node.set);
    case 'sequence':
      return joined(
        node.items.map((item, index) =>
          emitLinearNode(item, notAtStart, isTail && index === node.items.length - 1),
        ),
        '',
      );
    case 'choice':
      return wrapped('(?:', joined(node.options.map(emit), '|'), ')');
    case 'group':
      return wrapped(node.capture === 0 ? '(?:' : '(', emit(node.body), ')');
    case 'repeat': {
      if (node.possessive) return undefined;
      const body = emitLinearNode(node.body, notAtStart, false);
      return wrapped('(?:', body, `)${emitBounds(node.min, node.max)}${node.lazy ? '?' : ''}`);
    }
    case 'assert':
      if (node.what === 'end' && !isTail) return undefined;
      return node.what === 'start' && notAtStart ? '[^\\x{0}-\\x{10ffff}]' : LINEAR_ASSERTIONS[node.what];
    case 'atomic':
    case 'look':
    case 'back':
      return undefined;
  }
}

function joined(parts: readonly (string | undefined)[], by: string): string | undefined {
  return parts.includes(undefined) ? undefined : parts.join(by);
}

function wrapped(before: string, text: string | undefined, after: string): string | undefined {
  return text === undefined ? undefined : before + text + after;
}
