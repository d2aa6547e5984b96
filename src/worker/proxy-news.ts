/** Frontends that pause and resume, and proxies that stop: on standard error and in their own logs, as HAProxy says it. */
import type { Config } from '../model/config.ts';
import type { Notice } from '../model/notice.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Counters } from '../state/counters.ts';
import { WARNING } from './global-log.ts';
import type { ProxyLogs } from './proxy-logs.ts';

interface NewsParts {
  readonly config: Config;
  readonly counters: Counters;
  readonly logs: ProxyLogs;
  readonly notice: Notice;
}

export class ProxyNews {
  readonly #parts: NewsParts;
  readonly #stopped = new Set<number>();

  constructor(parts: NewsParts) {
    this.#parts = parts;
  }

  tell(proxy: number, what: 'Paused' | 'Resumed'): void {
    const { kind, name } = this.#proxy(proxy);
    this.#say(proxy, `${what} ${kind === 'listen' ? 'proxy' : kind} ${name}.`);
  }

  /** With the connections it has had as a frontend, and the sessions as a backend. */
  stopped(proxy: number): void {
    const { name, disabled } = this.#proxy(proxy);
    if (disabled || this.#stopped.has(proxy)) return;
    this.#stopped.add(proxy);
    const { counters } = this.#parts;
    const connections = counters.read(counters.frontend(proxy), 'conn_tot', 0);
    const sessions = counters.read(counters.backend(proxy), 'stot', 0);
    this.#say(proxy, `Proxy ${name} stopped (cumulated conns: FE: ${connections}, BE: ${sessions}).`);
  }

  /** Those that listen first. */
  allStopped(): void {
    const all = [...this.#parts.config.proxies.entries()];
    for (const [row, { binds }] of all) if (binds.length > 0) this.stopped(row);
    for (const [row] of all) this.stopped(row);
  }

  #proxy(row: number): Proxy {
    return this.#parts.config.proxies[row] as Proxy;
  }

  #say(row: number, text: string): void {
    const { notice, logs } = this.#parts;
    const { mode, name } = this.#proxy(row);
    notice('warning', text, { proxy: name });
    // the servers of a log backend are given other people's lines
    if (mode !== 'log') logs.write(row, WARNING, text);
  }
}
