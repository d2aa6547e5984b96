/** Frontends that pause and resume, proxies that stop, and how servers are: on standard error and in their own logs, as HAProxy says it. */
import type { Config } from '../../model/config.ts';
import type { Notice } from '../../model/notice.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Counters } from '../../state/counters.ts';
import { serverLines } from '../../stats/server-lines.ts';
import type { StatsView } from '../../stats/view.ts';
import { NOTICE, WARNING } from './global-log.ts';
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

  /** SIGHUP (management guide, section 4). */
  servers(view: StatsView): void {
    const { config, notice } = this.#parts;
    notice('warning', 'SIGHUP received, dumping servers states.');
    for (const [row, proxy] of config.proxies.entries()) {
      if (proxy.disabled) continue;
      this.#log(row, NOTICE, `SIGHUP received, dumping servers states for proxy ${proxy.name}.`);
      for (const line of serverLines(view, proxy, row)) this.#say(row, `SIGHUP: ${line}`, NOTICE);
    }
  }

  #proxy(row: number): Proxy {
    return this.#parts.config.proxies[row] as Proxy;
  }

  #say(row: number, text: string, level = WARNING): void {
    this.#parts.notice('warning', text, { proxy: this.#proxy(row).name });
    this.#log(row, level, text);
  }

  /** The servers of a log backend are given other people's lines. */
  #log(row: number, level: number, text: string): void {
    if (this.#proxy(row).mode !== 'log') this.#parts.logs.write(row, level, text);
  }
}
