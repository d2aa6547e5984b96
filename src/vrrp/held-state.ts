/**
 * Remembers on disk what this node has put into the kernel, so that a start after a crash can take it away even when
 * the configuration has changed meanwhile. Written when something is taken or released; losing it does no harm.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from './log.ts';

interface HeldState {
  readonly addresses: readonly {
    readonly device: string;
    readonly address: string;
    readonly prefixLength: number;
  }[];
  /** Lines of `ip -batch` that undo routes, rules and links. */
  readonly undo: readonly string[];
}

const NOTHING: HeldState = { addresses: [], undo: [] };

export class HeldStateFile {
  readonly #path: string | undefined;
  readonly #abandoned: readonly string[];
  readonly #log: Log;
  readonly #held = new Map<string, HeldState>();

  /** `path`: our own; `abandoned`: those of processes that were killed. */
  constructor(path: string | undefined, abandoned: readonly string[], log: Log) {
    this.#path = path;
    this.#abandoned = abandoned;
    this.#log = log;
  }

  /** What killed processes left behind. */
  read(): HeldState {
    const found = this.#abandoned.map(readState);
    return { addresses: found.flatMap(one => one.addresses), undo: found.flatMap(one => one.undo) };
  }

  /** What `read` gave has been dealt with. */
  forget(): void {
    for (const path of this.#abandoned) rmSync(path, { force: true });
  }

  set(owner: string, state: HeldState | undefined): void {
    if (state === undefined) this.#held.delete(owner);
    else this.#held.set(owner, state);
    this.#write();
  }

  #write(): void {
    if (this.#path === undefined) return;
    const all = [...this.#held.values()];
    try {
      if (all.length === 0) {
        rmSync(this.#path, { force: true });
        return;
      }
      mkdirSync(dirname(this.#path), { recursive: true });
      const state: HeldState = {
        addresses: all.flatMap(one => one.addresses),
        undo: all.flatMap(one => one.undo),
      };
      writeFileSync(`${this.#path}.new`, JSON.stringify(state));
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#log(
        'warning',
        `cannot write ${this.#path}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

function readState(path: string): HeldState {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as Partial<HeldState>;
    return { addresses: state.addresses ?? [], undo: state.undo ?? [] };
  } catch {
    return NOTHING;
  }
}
