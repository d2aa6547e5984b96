/** Where vrrp/ says what happens; main.ts gives it the program's log. */
export type LogLevel = 'error' | 'warning' | 'notice' | 'info' | 'debug';

export type Log = (level: LogLevel, message: string) => void;

/** Says a thing at most once in a while: packets of others must not fill the log. */
export class RareLog {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #said = new Map<string, { at: number; since: number }>();

  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  say(level: LogLevel, key: string, message: string): void {
    const now = this.#now();
    const last = this.#said.get(key);
    if (last !== undefined && now - last.at < 60_000) {
      last.since++;
      return;
    }
    const more =
      last === undefined || last.since === 0
        ? ''
        : ` (and ${last.since} times more since the last such line)`;
    if (this.#said.size > 1000) this.#said.clear();
    this.#said.set(key, { at: now, since: 0 });
    this.#log(level, message + more);
  }
}
