/** Where vrrp/ says what happens; main.ts gives it the program's log. */
export type LogLevel = 'error' | 'warning' | 'notice' | 'info' | 'debug';

export type Log = (level: LogLevel, message: string) => void;

const PAUSE_MS = 60_000;
const MOST_KEYS = 1000;

/** Says a thing at most once a minute: packets of others must not fill the log. */
export class RareLog {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #said = new Map<string, { readonly at: number; more: number }>();

  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  say(level: LogLevel, key: string, message: () => string): void {
    const now = this.#now();
    const last = this.#said.get(key);
    if (last !== undefined && now - last.at < PAUSE_MS) {
      last.more++;
      return;
    }
    const more =
      last === undefined || last.more === 0 ? '' : ` (and ${last.more} more since the last such line)`;
    if (this.#said.size >= MOST_KEYS) this.#said.clear();
    this.#said.set(key, { at: now, more: 0 });
    this.#log(level, message() + more);
  }
}
