/**
 * What a command of the admin socket is (manual of management, section 9.3): a row of words, the level it asks for,
 * its usage and its handler. Rows stand in commands/, one file a family; table.ts puts them together.
 */
import type { Socket } from 'node:net';
import type { Conversation } from './conversation.ts';
import type { Level } from './level.ts';
import type { AdminRuntime } from './runtime.ts';

/** Severities of syslog, shown when `set severity-output` asks for them. */
export const ERROR = 3;
export const WARNING = 4;
export const NOTICE = 5;
export const INFO = 6;

/** One sentence or a few: ends with exactly one line end, and may carry a severity. */
export interface Message {
  readonly severity: number;
  readonly text: string;
}

/** Sent as it is, piece by piece. */
interface Dump {
  readonly pieces: Iterable<string> | AsyncIterable<string>;
}

/** The rest of the conversation is this function's; the connection ends with it. */
interface Takeover {
  readonly converse: (socket: Socket) => Promise<void>;
}

/** Talks with its client; the connection goes on behind it. */
interface Talk {
  readonly talk: (conversation: Conversation) => Promise<void>;
}

/** Undefined: done, there is nothing to say. */
export type Answer = Message | Dump | Takeover | Talk | undefined;

export function say(text: string): Message {
  return { severity: INFO, text };
}

export function fail(text: string): Message {
  return { severity: ERROR, text };
}

export function dump(pieces: Dump['pieces']): Dump {
  return { pieces };
}

/** What a command may see and change of the connection it came by. */
export interface Session {
  level: Level;
  expert: boolean;
  experimental: boolean;
  severityOutput: 'none' | 'number' | 'string';
  /** Several lines are read, one after the other. */
  interactive: boolean;
  prompt: boolean;
  timedPrompt: boolean;
  timeoutMs: number;
  /** Names are hidden under this key; 0: they are shown. */
  anonKey: number;
  /** The empty line behind the next answer is left out. */
  skipLineEnd: boolean;
  /** Close when the answer is sent. */
  closing: boolean;
  readonly protocol: 'tcpv4' | 'tcpv6' | 'unix_stream';
  /** `address:port`, or `unix:<listener>`. */
  readonly source: string;
  /** `expose-fd listeners`: who is connected may have the listening sockets. */
  readonly exposesListeners: boolean;
  readonly startMs: number;
  /** Aborted when the client has gone, or has ended its side and sends nothing more. */
  readonly gone: AbortSignal;
}

/** `Runtime`: what the command asks of its process; a master has less of it than a worker. */
export interface Call<Runtime = AdminRuntime> {
  /** All words of the line; those behind it are empty. */
  readonly args: Words;
  readonly payload: string | undefined;
  readonly session: Session;
  readonly runtime: Runtime;
}

/** Of the name of a command. */
export const MOST_WORDS = 5;

/** The words of a line: reading behind the last one gives ''. */
export class Words {
  readonly #words: readonly string[];

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get length(): number {
    return this.#words.length;
  }

  at(index: number): string {
    return this.#words[index] ?? '';
  }

  from(index: number): readonly string[] {
    return this.#words.slice(index);
  }
}

export interface Command<Runtime = AdminRuntime> {
  /** The first words of the line; the longest row that matches is taken. */
  readonly words: string;
  /** Arguments as help shows them. */
  readonly args?: string;
  readonly summary: string;
  readonly level: Level;
  /** Only after `expert-mode on`, `experimental-mode on`. */
  readonly mode?: 'expert' | 'experimental';
  /** Works, but is not listed. */
  readonly hidden?: true;
  readonly run: (call: Call<Runtime>) => Answer | Promise<Answer>;
}
