/** Finds one value in a JSON text without building the document: `$.key.list[2]` (no wildcards). */

type Step = string | number;

/** Undefined: the text is none. */
export type JsonPath = readonly Step[] | undefined;

export function parseJsonPath(path: string): JsonPath {
  if (!path.startsWith('$')) return undefined;
  const found: Step[] = [];
  let at = 1;
  while (at < path.length) {
    const rest = path.slice(at);
    const match = /^\.((?:\\.|[^.[\\])+)/.exec(rest) ?? /^\[([0-9]+)\]/.exec(rest);
    if (match === null) return undefined;
    found.push(rest.startsWith('[') ? Number(match[1]) : (match[1] as string).replace(/\\(.)/g, '$1'));
    at += match[0].length;
  }
  return found;
}

/** The token of the value as written; undefined when there is none or the text is no JSON up to there. */
export function findJson(text: string, path: JsonPath): string | undefined {
  if (path === undefined) return undefined;
  const scanner = new Scanner(text);
  scanner.skipBlanks();
  for (const step of path) if (!scanner.enter(step)) return undefined;
  const start = scanner.at;
  return scanner.skipValue(0) ? text.slice(start, scanner.at) : undefined;
}

/** Deepest nesting that is followed. */
const MOST_DEPTH = 64;

class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  skipBlanks(): void {
    while (' \t\r\n'.includes(this.#text.charAt(this.at)) && this.at < this.#text.length) this.at++;
  }

  /** Moves to the start of a member's or element's value. */
  enter(step: Step): boolean {
    return typeof step === 'number' ? this.#enterArray(step) : this.#enterObject(step);
  }

  #enterArray(index: number): boolean {
    if (!this.#take('[')) return false;
    for (let count = 0; ; count++) {
      this.skipBlanks();
      if (count === index) return this.#text.charAt(this.at) !== ']';
      if (!this.skipValue(0)) return false;
      this.skipBlanks();
      if (!this.#take(',')) return false;
    }
  }

  #enterObject(key: string): boolean {
    if (!this.#take('{')) return false;
    for (;;) {
      this.skipBlanks();
      const start = this.at;
      if (!this.#skipString()) return false;
      const name = this.#text.slice(start + 1, this.at - 1);
      this.skipBlanks();
      if (!this.#take(':')) return false;
      this.skipBlanks();
      if (name === key) return true;
      if (!this.skipValue(0)) return false;
      this.skipBlanks();
      if (!this.#take(',')) return false;
    }
  }

  #take(char: string): boolean {
    if (this.#text.charAt(this.at) !== char) return false;
    this.at++;
    return true;
  }

  #skipString(): boolean {
    if (this.#text.charAt(this.at) !== '"') return false;
    for (let at = this.at + 1; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 92) at++;
      else if (code === 34) {
        this.at = at + 1;
        return true;
      } else if (code < 32) return false;
    }
    return false;
  }

  skipValue(depth: number): boolean {
    const char = this.#text.charAt(this.at);
    if (char === '"') return this.#skipString();
    if (char === '{' || char === '[') return depth < MOST_DEPTH && this.#skipContainer(char === '{', depth);
    const scalar = /(?:true|false|null|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)/y;
    scalar.lastIndex = this.at;
    if (!scalar.test(this.#text)) return false;
    this.at = scalar.lastIndex;
    return true;
  }

  #skipContainer(isObject: boolean, depth: number): boolean {
    const close = isObject ? '}' : ']';
    this.at++;
    this.skipBlanks();
    if (this.#take(close)) return true;
    for (;;) {
      if (isObject && !this.#skipKey()) return false;
      if (!this.skipValue(depth + 1)) return false;
      this.skipBlanks();
      if (this.#take(close)) return true;
      if (!this.#take(',')) return false;
      this.skipBlanks();
    }
  }

  #skipKey(): boolean {
    if (!this.#skipString()) return false;
    this.skipBlanks();
    if (!this.#take(':')) return false;
    this.skipBlanks();
    return true;
  }
}
