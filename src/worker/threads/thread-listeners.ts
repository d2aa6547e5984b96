/** What a data thread listens on: the descriptors it is handed, and who serves what comes by them. */
import type { Bind } from '../../model/bind.ts';
import type { Config } from '../../model/config.ts';
import type { LogForward } from '../../model/log-forward.ts';
import { createTlsListener } from '../../net/tls/create-tls-listener.ts';
import type { EarlyGuard } from '../../net/tls/early/early-guard.ts';
import type { Reception } from '../../proxy/accept.ts';
import { tlsCounts } from '../../proxy/accounts/accounting.ts';
import type { Runtime } from '../../proxy/runtime/compile-runtime.ts';
import { ListenerService } from '../../proxy/runtime/listener-service.ts';
import type { DataThread } from '../../proxy/runtime/runtime.ts';
import type { StatePlan } from '../../state/plan.ts';
import { LogForwarder } from '../log-forward/log-forwarder.ts';
import { MessageSender } from '../log-forward/message-sender.ts';
import { logForwardOf } from '../listening/listening-section.ts';
import type { ThreadLogSink } from '../logs/log-sink.ts';
import type { ListenerHandover } from './orders.ts';

/** Lines with `ssl` whose handshakes are prepared: for more, a start would make much that nobody may ask for. */
const PREPARED_AT_MOST = 16;

interface ThreadListenersParts {
  readonly config: Config;
  readonly plan: StatePlan;
  readonly thread: DataThread;
  readonly runtime: Runtime;
  readonly reception: Reception;
  readonly logs: ThreadLogSink;
  readonly ticketKeys: readonly Uint8Array[];
  readonly earlyGuard: EarlyGuard;
  /** A connection limit has room again. */
  readonly roomAgain: () => void;
  /** Somebody should know. */
  readonly warn: (text: string) => void;
}

export class ThreadListeners {
  readonly #parts: ThreadListenersParts;
  /** Of proxies, by their rows. */
  readonly #services = new Map<number, ListenerService>();
  /** By the number of their section. */
  readonly #forwarders = new Map<number, LogForwarder>();
  #prepared = 0;

  constructor(parts: ThreadListenersParts) {
    this.#parts = parts;
  }

  listen({ proxy, bind, fd, connections }: ListenerHandover): void {
    const { config, plan } = this.#parts;
    const forward = logForwardOf(config, proxy);
    if (forward !== undefined) return this.#forward(forward, { proxy, bind, fd });
    const settings = config.proxies[proxy]?.binds[bind];
    if (settings === undefined)
      throw new Error('a listener was handed over that the configuration does not have');
    const row = (plan.firstListener[proxy] as number) + bind;
    let listener = this.#services.get(row);
    if (listener === undefined) {
      listener = this.#createListener(settings, row, proxy);
      this.#services.set(row, listener);
    }
    if (connections !== undefined) return listener.dial(connections);
    listener.open(fd, code => this.#cannotAccept(`Proxy ${config.proxies[proxy]?.name}`, code));
  }

  /** Of proxies. */
  services(): Iterable<ListenerService> {
    return this.#services.values();
  }

  #cannotAccept(who: string, code: string): void {
    this.#parts.warn(`${who} cannot accept connections: ${code}`);
  }

  #forward(section: LogForward, { proxy, bind, fd }: ListenerHandover): void {
    const known = this.#forwarders.get(proxy);
    const forwarder = known ?? this.#createForwarder(section);
    if (known === undefined) this.#forwarders.set(proxy, forwarder);
    forwarder.open(bind, fd, code => this.#cannotAccept(`log-forward ${section.name}`, code));
  }

  #createForwarder(section: LogForward): LogForwarder {
    const { config, thread, ticketKeys, logs, roomAgain } = this.#parts;
    const sender = new MessageSender(section, config, logs);
    return new LogForwarder({ section, global: config.global, thread, ticketKeys, sender, roomAgain });
  }

  #createListener(settings: Bind, row: number, proxy: number): ListenerService {
    const { config, thread, runtime, reception, ticketKeys, earlyGuard, roomAgain } = this.#parts;
    const frontend = runtime.frontend(proxy);
    const tls = createTlsListener(
      settings,
      config.global,
      frontend.config.mode,
      thread.certificates,
      ticketKeys,
      tlsCounts(thread.state.counters, proxy, row),
      earlyGuard,
    );
    if (tls !== undefined && this.#prepared++ < PREPARED_AT_MOST) tls.prepare();
    return new ListenerService(settings, row, frontend, thread, {
      serve: (service, connection) => reception.serve(service, connection),
      roomAgain,
      tls,
    });
  }

  #all(): readonly (ListenerService | LogForwarder)[] {
    return [...this.#services.values(), ...this.#forwarders.values()];
  }

  retry(): void {
    for (const listener of this.#all()) listener.retry();
  }

  /** No new connections; those that are there go on. */
  drain(): void {
    for (const listener of this.#services.values()) listener.drain();
    for (const forwarder of this.#forwarders.values()) forwarder.close();
  }

  /** Nobody is served any more. */
  get unused(): boolean {
    return this.#all().every(listener => listener.unused);
  }

  close(): void {
    for (const listener of this.#all()) listener.close();
  }
}
