/** Lines of the control thread about proxies and their servers, for the log targets of each proxy. */
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { LogChannel } from '../../proxy/runtime/runtime.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { DEFAULT_LOG_TAG } from './global-log.ts';
import { LogBackends } from './log-backends.ts';
import type { RingPlaces } from './log-rings.ts';
import { ThreadLogSink } from './log-sink.ts';

export class ProxyLogs {
  readonly #config: Config;
  readonly #sink: ThreadLogSink;
  readonly #channels = new WeakMap<Proxy, LogChannel>();

  constructor(config: Config, rings: RingPlaces, state: SharedState, secure: SecureConnect) {
    this.#config = config;
    this.#sink = new ThreadLogSink(config.global, rings, new LogBackends(config, state, rings, secure));
  }

  /** Lines that could not be sent. */
  get lost(): number {
    return this.#sink.lost;
  }

  write(row: number, level: number, text: string): void {
    const proxy = this.#config.proxies[row] as Proxy;
    let channel = this.#channels.get(proxy);
    if (channel === undefined) {
      channel = this.#open(proxy);
      this.#channels.set(proxy, channel);
    }
    if (channel.open) channel.write(level, text, undefined);
  }

  #open({ logGlobal, logs, logTag }: Proxy): LogChannel {
    const { global } = this.#config;
    const targets = logGlobal ? [...global.logs, ...logs] : logs;
    return this.#sink.channel(targets, logTag ?? global.logTag ?? DEFAULT_LOG_TAG);
  }

  close(): void {
    this.#sink.close();
  }
}
