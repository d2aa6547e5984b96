/**
 * Bytes of a client -> lines of commands. A line ends with a line feed; `;` separates commands, `\` takes the meaning
 * from the character behind it; `<<[pattern]` as the last word starts a payload, which ends with a line that is the
 * pattern (an empty one by default). Pure: no sockets (manual of management, section 9.3).
 */
import { Words } from './command.ts';

export interface InputLine {
  readonly commands: readonly string[];
  /** For the last command. */
  readonly payload: string | undefined;
}

export interface InputLimits {
  /** `tune.bufsize`: of a line. */
  readonly lineBytes: number;
  /** `tune.cli.max-payload-size` */
  readonly payloadBytes: number;
}

const LONGEST_PATTERN = 64;
const MAX_WORDS = 64;

export type Input =
  | { readonly kind: 'line'; readonly line: InputLine }
  /** A payload began: what follows belongs to it. */
  | { readonly kind: 'payload-begins' }
  | { readonly kind: 'too-long'; readonly what: 'line' | 'payload' };

interface OpenPayload {
  readonly commands: readonly string[];
  readonly pattern: string;
  lines: string[];
  size: number;
}

export class LineReader {
  readonly #limits: InputLimits;
  #text = '';
  #payload: OpenPayload | undefined;

  constructor(limits: InputLimits) {
    this.#limits = limits;
  }

  /** One char a byte. */
  add(text: string): void {
    this.#text += text;
  }

  get isEmpty(): boolean {
    return this.#text === '';
  }

  /** Bytes that nobody has asked for yet. */
  get waiting(): number {
    return this.#text.length;
  }

  /** The client ended its side: a line without an end counts as one. */
  endInput(): void {
    if (this.#text !== '' && !this.#text.endsWith('\n')) this.#text += '\n';
  }

  /** A line with its end; `atEnd`: or all that is left. Undefined: it has not come whole. */
  takeLine(atEnd: boolean): string | undefined {
    const end = this.#text.indexOf('\n') + 1;
    if (end === 0 && !atEnd) return undefined;
    const line = end === 0 ? this.#text : this.#text.slice(0, end);
    this.#text = this.#text.slice(line.length);
    return line;
  }

  putBack(text: string): void {
    this.#text = text + this.#text;
  }

  /** What comes next, if it is complete. */
  next(): Input | undefined {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end < 0) return this.#tooLong(this.#text.length);
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      if (this.#payload === undefined) return this.#readLine(line);
      const input = this.#readPayload(this.#payload, line);
      if (input !== undefined) return input;
    }
  }

  #tooLong(length: number): Input | undefined {
    const payload = this.#payload;
    if (payload === undefined)
      return length > this.#limits.lineBytes ? { kind: 'too-long', what: 'line' } : undefined;
    return length + payload.size > this.#limits.payloadBytes
      ? { kind: 'too-long', what: 'payload' }
      : undefined;
  }

  #readLine(raw: string): Input {
    if (raw.length > this.#limits.lineBytes) return { kind: 'too-long', what: 'line' };
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const pattern = payloadPattern(line);
    if (pattern === undefined)
      return { kind: 'line', line: { commands: splitCommands(line), payload: undefined } };
    const commands = splitCommands(line.slice(0, line.length - pattern.length - '<<'.length));
    this.#payload = { commands, pattern, lines: [], size: 0 };
    return { kind: 'payload-begins' };
  }

  /** Undefined: the payload goes on. */
  #readPayload(payload: OpenPayload, line: string): Input | undefined {
    if (line === payload.pattern) {
      this.#payload = undefined;
      return { kind: 'line', line: { commands: payload.commands, payload: payload.lines.join('\n') } };
    }
    payload.lines.push(line);
    payload.size += line.length + 1;
    return payload.size > this.#limits.payloadBytes ? { kind: 'too-long', what: 'payload' } : undefined;
  }
}

/** What stands behind `<<` in the last word of a line; undefined: the line has no payload. */
export function payloadPattern(line: string): string | undefined {
  const last = line.slice(Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t')) + 1);
  if (!last.startsWith('<<') || last.length - 2 > LONGEST_PATTERN) return undefined;
  return last.slice(2);
}

/** At each `;` that has no backslash before it. */
export function splitCommands(line: string): string[] {
  const commands: string[] = [];
  let start = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (line[at] === ';') {
      commands.push(line.slice(start, at));
      start = at + 1;
    }
  }
  commands.push(line.slice(start));
  return commands;
}

/** Words between blanks; a backslash makes the next character part of the word. Undefined: there are too many. */
export function splitWords(command: string): Words | undefined {
  const words: string[] = [];
  let word = '';
  let open = false;
  for (let at = 0; at < command.length; at++) {
    const char = command[at] as string;
    if (char === ' ' || char === '\t') {
      if (open) words.push(word);
      word = '';
      open = false;
      continue;
    }
    open = true;
    if (char !== '\\') word += char;
    else word += command[++at] ?? '';
  }
  if (open) words.push(word);
  return words.length > MAX_WORDS ? undefined : new Words(words);
}

export const TOO_MANY_WORDS = `Too many arguments. Commands must have at most ${MAX_WORDS} arguments.`;
