/** Frontends are paused, resumed, shut down and given up, by commands and signals, and it is told. */
import type { Config } from '../../model/config.ts';
import type { Notice } from '../../model/notice.ts';
import { PROXY_PAUSED, PROXY_STOPPED } from '../../state/server-words.ts';
import type { ServerWriter } from '../../state/server-writer.ts';
import type { FrontendListening } from './frontend-listening.ts';
import type { ProxyNews } from '../logs/proxy-news.ts';

interface SteeringParts {
  readonly config: Config;
  readonly servers: ServerWriter;
  readonly notice: Notice;
  readonly news: ProxyNews;
}

type Steer = (proxy: number) => Promise<string | undefined>;

export class FrontendSteering {
  readonly #parts: SteeringParts;
  readonly #listening: FrontendListening;
  #last: Promise<void> = Promise.resolve();

  constructor(parts: SteeringParts, listening: FrontendListening) {
    this.#parts = parts;
    this.#listening = listening;
  }

  /** Undefined, or what went wrong. */
  async pause(proxy: number): Promise<string | undefined> {
    const wrong = await this.#listening.pause(proxy);
    if (wrong === undefined) this.#parts.news.tell(proxy, 'Paused');
    return wrong;
  }

  /** Undefined, or what went wrong. */
  async resume(proxy: number): Promise<string | undefined> {
    const wrong = await this.#listening.resume(proxy);
    if (wrong === undefined) this.#parts.news.tell(proxy, 'Resumed');
    return wrong;
  }

  async close(proxy: number): Promise<void> {
    await this.#listening.close(proxy);
    this.#parts.news.stopped(proxy);
  }

  /** For a soft stop. */
  giveUp(): void {
    this.#listening.giveUp();
    this.#parts.news.allStopped();
  }

  pauseAll(): Promise<void> {
    return this.#inTurn(0, PROXY_PAUSED, proxy => this.pause(proxy));
  }

  /** Those that were paused. */
  resumeAll(): Promise<void> {
    return this.#inTurn(PROXY_PAUSED, 0, proxy => this.resume(proxy));
  }

  /** One after the other: a signal may come while the threads still let go for the one before. */
  #inTurn(from: number, to: number, steer: Steer): Promise<void> {
    return (this.#last = this.#last.then(() => this.#all(from, to, steer)));
  }

  async #all(from: number, to: number, steer: Steer): Promise<void> {
    const { config, servers, notice } = this.#parts;
    for (const [proxy, { kind, name, binds, disabled }] of config.proxies.entries()) {
      const flags = servers.proxyFlags(proxy) & (PROXY_PAUSED | PROXY_STOPPED);
      if (disabled || binds.length === 0 || flags !== from) continue;
      const wrong = await steer(proxy);
      if (wrong === undefined) servers.setProxyFlags(proxy, to, from);
      else notice('warning', `${kind} ${name} is not ${to === 0 ? 'resumed' : 'paused'}: ${wrong}.`);
    }
  }
}
