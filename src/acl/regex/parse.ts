/**
 * Reads a PCRE pattern (pcre2pattern(3)) into a tree. What JavaScript cannot express (recursion, conditionals,
 * callouts, verbs, Unicode properties) is refused by name.
 */
import { ALL, complement, foldCase, NEWLINE, NONE, POSIX_CLASSES, range, single } from './char-set.ts';
import type { CharSet } from './char-set.ts';
import { ASSERTIONS, CLASS_ESCAPES, CONTROL_ESCAPES, NEWLINE_SEQUENCE } from './escapes.ts';
import { changed, type Flags } from './flags.ts';
import type { ParsedRegex, RegexMistake, RegexNode } from './node.ts';
import { bounds } from './quantifier.ts';

/** Groups within groups; deeper ones would only exhaust the stack. */
const MOST_DEPTH = 100;
const MOST_REPEAT = 65535;

class Mistake extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export function parseRegex(pattern: string, ignoreCase: boolean): ParsedRegex | RegexMistake {
  const parser = new Parser(pattern);
  try {
    return parser.parse({ ignoreCase, multiline: false, dotAll: false, extended: false });
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { error: error.message, offset: error.offset };
  }
}

class Parser {
  readonly #text: string;
  #at = 0;
  #captures = 0;
  #flags!: Flags;
  readonly #names = new Map<string, number>();
  readonly #references: { readonly name: string | number; readonly offset: number }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  parse(flags: Flags): ParsedRegex {
    this.#flags = flags;
    const root = this.#choice(0);
    if (this.#at < this.#text.length) this.#fail("unmatched ')'");
    for (const { name, offset } of this.#references)
      if (this.#numberOf(name) > this.#captures || this.#numberOf(name) === 0)
        throw new Mistake('reference to a group that does not exist', offset);
    return { root: this.#resolve(root), captures: this.#captures };
  }

  #fail(message: string): never {
    throw new Mistake(message, this.#at);
  }

  #numberOf(name: string | number): number {
    return typeof name === 'number' ? name : (this.#names.get(name) ?? 0);
  }

  /** Named references stand as negative numbers until all names are known. */
  #resolve(node: RegexNode): RegexNode {
    switch (node.kind) {
      case 'back':
        return node.capture > 0
          ? node
          : { kind: 'back', capture: this.#numberOf(this.#references[-node.capture - 1]?.name ?? 0) };
      case 'sequence':
        return { kind: 'sequence', items: node.items.map(item => this.#resolve(item)) };
      case 'choice':
        return { kind: 'choice', options: node.options.map(option => this.#resolve(option)) };
      case 'repeat':
      case 'group':
      case 'atomic':
      case 'look':
        return { ...node, body: this.#resolve(node.body) };
      case 'set':
      case 'assert':
        return node;
    }
  }

  #eat(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** What a sticky expression finds here; moves behind it. */
  #match(expression: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(expression.source, 'y');
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }

  /** Inline flags hold until the end of the group they stand in. */
  #choice(depth: number): RegexNode {
    if (depth > MOST_DEPTH) this.#fail('groups are nested too deep');
    const outer = this.#flags;
    const options = [this.#sequence(depth)];
    while (this.#eat('|')) options.push(this.#sequence(depth));
    this.#flags = outer;
    return options.length === 1 ? (options[0] as RegexNode) : { kind: 'choice', options };
  }

  #sequence(depth: number): RegexNode {
    const items: RegexNode[] = [];
    for (;;) {
      this.#skipComments();
      const char = this.#text.charAt(this.#at);
      if (this.#at >= this.#text.length || char === '|' || char === ')') break;
      const atom = this.#atom(depth);
      if (atom !== undefined) items.push(this.#quantified(atom));
    }
    return items.length === 1 ? (items[0] as RegexNode) : { kind: 'sequence', items };
  }

  #skipComments(): void {
    for (;;) {
      if (this.#match(/\(\?#[^)]*\)/) !== undefined) continue;
      if (!this.#flags.extended || this.#match(/\s+|#[^\n]*/) === undefined) return;
    }
  }

  #quantified(atom: RegexNode): RegexNode {
    this.#skipComments();
    const found = this.#match(/([*+?]|\{[0-9]+(?:,[0-9]*)?\}|\{,[0-9]+\})([?+]?)/);
    if (found === undefined) return atom;
    if (atom.kind === 'assert') return atom;
    const [min, max] = bounds(found[1] as string);
    if (min > max || min > MOST_REPEAT || (max !== Infinity && max > MOST_REPEAT))
      this.#fail('numbers out of order or too big in a repetition');
    const node: RegexNode = {
      kind: 'repeat',
      body: atom,
      min,
      max,
      lazy: found[2] === '?',
      possessive: found[2] === '+',
    };
    return this.#match(/[*+?]|\{[0-9]+(?:,[0-9]*)?\}/) === undefined ? node : this.#fail('nothing to repeat');
  }

  #set(set: CharSet): RegexNode {
    return { kind: 'set', set: this.#flags.ignoreCase ? foldCase(set) : set };
  }

  #atom(depth: number): RegexNode | undefined {
    const char = this.#text.charAt(this.#at++);
    switch (char) {
      case '(':
        return this.#group(depth);
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
      case '.':
        return { kind: 'set', set: this.#flags.dotAll ? ALL : complement(NEWLINE) };
      case '^':
        return { kind: 'assert', what: this.#flags.multiline ? 'lineStart' : 'start' };
      case '$':
        return { kind: 'assert', what: this.#flags.multiline ? 'lineEnd' : 'end' };
      case '*':
      case '+':
      case '?':
        this.#at--;
        return this.#fail('nothing to repeat');
      default:
        return this.#set(single(char.charCodeAt(0) & 255));
    }
  }

  #group(depth: number): RegexNode | undefined {
    if (this.#text.charAt(this.#at) === '*') this.#fail('backtracking verbs are not supported');
    if (!this.#eat('?')) {
      const capture = ++this.#captures;
      return { kind: 'group', body: this.#body(depth), capture };
    }
    if (this.#eat(':')) return { kind: 'group', body: this.#body(depth), capture: 0 };
    if (this.#eat('>')) return { kind: 'atomic', body: this.#body(depth) };
    const look = this.#match(/(<?)([=!])/);
    if (look !== undefined)
      return { kind: 'look', ahead: look[1] === '', negated: look[2] === '!', body: this.#body(depth) };
    const name = this.#match(/P?<([A-Za-z_][A-Za-z0-9_]*)>|'([A-Za-z_][A-Za-z0-9_]*)'/);
    if (name !== undefined) return this.#namedGroup(depth, (name[1] ?? name[2]) as string);
    const reference = this.#match(/P=([A-Za-z_][A-Za-z0-9_]*)\)/);
    if (reference !== undefined) return this.#reference(reference[1] as string);
    return this.#flagGroup(depth);
  }

  #namedGroup(depth: number, name: string): RegexNode {
    if (this.#names.has(name)) this.#fail(`two groups are named '${name}'`);
    const capture = ++this.#captures;
    this.#names.set(name, capture);
    return { kind: 'group', body: this.#body(depth), capture };
  }

  #body(depth: number): RegexNode {
    const body = this.#choice(depth + 1);
    if (!this.#eat(')')) this.#fail("missing ')'");
    return body;
  }

  /** `(?i)` changes what follows, `(?i:...)` its own body. */
  #flagGroup(depth: number): RegexNode | undefined {
    const found = this.#match(/\^?([imsxnJU]*)(?:-([imsx]*))?([:)])/);
    if (found === undefined) this.#fail('recursion, conditionals and callouts are not supported');
    if (/[nJU]/.test(found[1] as string))
      this.#fail('inline flags other than i, m, s and x are not supported');
    const outer = this.#flags;
    this.#flags = changed(outer, found[1] as string, found[2] ?? '');
    if (found[3] === ')') return undefined;
    const body = this.#body(depth);
    this.#flags = outer;
    return { kind: 'group', body, capture: 0 };
  }

  #reference(name: string | number): RegexNode {
    this.#references.push({ name, offset: this.#at });
    return { kind: 'back', capture: typeof name === 'number' ? name : -this.#references.length };
  }

  #escape(): RegexNode | undefined {
    const quoted = this.#match(/Q([^]*?)(?:\\E|$)/);
    if (quoted !== undefined) return this.#literal(quoted[1] as string);
    if (this.#eat('E')) return undefined;
    const named = this.#match(/k(?:<(\w+)>|'(\w+)'|\{(\w+)\})|g\{([A-Za-z_]\w*)\}/);
    if (named !== undefined) return this.#reference((named[1] ?? named[2] ?? named[3] ?? named[4]) as string);
    const numbered = this.#match(/g\{?(-?[0-9]+)\}?|([1-9])(?![0-9])/);
    if (numbered !== undefined) {
      const number = Number(numbered[1] ?? numbered[2]);
      return this.#reference(number < 0 ? this.#captures + 1 + number : number);
    }
    return this.#simpleEscape();
  }

  #simpleEscape(): RegexNode {
    const char = this.#text.charAt(this.#at);
    const assertion = ASSERTIONS[char];
    const set = CLASS_ESCAPES[char];
    if (assertion !== undefined || set !== undefined) {
      this.#at++;
      return assertion === undefined
        ? { kind: 'set', set: set as CharSet }
        : { kind: 'assert', what: assertion };
    }
    if (this.#eat('R')) return NEWLINE_SEQUENCE;
    if (/[pPXCGKLlUu]/.test(char) && char !== '') this.#fail(`\\${char} is not supported`);
    return this.#set(single(this.#codeEscape()));
  }

  #literal(text: string): RegexNode {
    return { kind: 'sequence', items: Array.from(text, char => this.#set(single(char.charCodeAt(0) & 255))) };
  }

  /** A character written by its code, or any other taken literally. */
  #codeEscape(): number {
    if (this.#at >= this.#text.length) this.#fail('\\ at the end of the pattern');
    const hex = this.#match(/x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2}))/);
    if (hex !== undefined) return this.#byte(Number.parseInt(hex[1] ?? (hex[2] || '0'), 16));
    const octal = this.#match(/o\{([0-7]+)\}|(0[0-7]{0,2}|[1-7][0-7]{1,2})/);
    if (octal !== undefined) return this.#byte(Number.parseInt((octal[1] ?? octal[2]) as string, 8));
    const control = this.#match(/c([\x20-\x7e])/);
    if (control !== undefined) return (control[1] as string).toUpperCase().charCodeAt(0) ^ 64;
    const char = this.#text.charAt(this.#at++);
    if (CONTROL_ESCAPES[char] !== undefined) return CONTROL_ESCAPES[char];
    if (/[A-Za-z0-9]/.test(char)) this.#fail(`unknown escape \\${char}`);
    return char.charCodeAt(0) & 255;
  }

  #byte(code: number): number {
    return code > 255 ? this.#fail('character codes above 255 are not supported') : code;
  }

  #class(): RegexNode {
    const start = this.#at;
    const negated = this.#eat('^');
    let set = NONE;
    let isFirst = true;
    while (isFirst || this.#text.charAt(this.#at) !== ']') {
      if (this.#at >= this.#text.length) throw new Mistake("missing ']' of a character class", start);
      set |= this.#classItem();
      isFirst = false;
    }
    this.#at++;
    const folded = this.#flags.ignoreCase ? foldCase(set) : set;
    return { kind: 'set', set: negated ? complement(folded) : folded };
  }

  #classItem(): CharSet {
    if (this.#match(/\[([.=]).*?\1\]/) !== undefined)
      this.#fail('POSIX collating elements are not supported');
    const posix = this.#match(/\[:(\^?)([a-z]+):\]/);
    if (posix !== undefined) {
      const named = POSIX_CLASSES[posix[2] as string];
      if (named === undefined) this.#fail(`unknown class name '${posix[2]}'`);
      return posix[1] === '' ? named : complement(named);
    }
    const first = this.#classCharacter();
    if (typeof first !== 'number') return first;
    if (this.#text.charAt(this.#at) !== '-' || this.#text.charAt(this.#at + 1) === ']') return single(first);
    if (this.#at + 1 >= this.#text.length) return single(first);
    this.#at++;
    const last = this.#classCharacter();
    if (typeof last !== 'number') return single(first) | single(45) | last;
    if (last < first) this.#fail('range out of order in a character class');
    return range(first, last);
  }

  #classCharacter(): number | CharSet {
    if (!this.#eat('\\')) return this.#text.charCodeAt(this.#at++) & 255;
    const char = this.#text.charAt(this.#at);
    const set = CLASS_ESCAPES[char];
    if (set !== undefined && char !== 'N') {
      this.#at++;
      return set;
    }
    if (this.#eat('b')) return 8;
    const octal = this.#match(/[0-7]{1,3}/);
    if (octal !== undefined) return this.#byte(Number.parseInt(octal[0], 8));
    return this.#codeEscape();
  }
}
