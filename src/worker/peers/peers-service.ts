/** The exchange with peers (peers/) in the control thread: its sockets, its logs, its beginning and end. */
import type { Server as Listener } from 'node:net';
import { monotonicMs } from '../../base/clock.ts';
import { mostUpdatesAtOnce } from '../../config-parser/peers.ts';
import type { Bind } from '../../model/bind.ts';
import type { Config } from '../../model/config.ts';
import type { Notice } from '../../model/notice.ts';
import type { PeersSection } from '../../model/peers.ts';
import { PeersExchange } from '../../peers/exchange.ts';
import type { PeersAtWork } from '../../peers/section.ts';
import type { LogChannel } from '../../proxy/runtime/runtime.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import { FIELD } from '../../state/counter-fields.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { DEFAULT_LOG_TAG } from '../logs/global-log.ts';
import { LogBackends } from '../logs/log-backends.ts';
import type { RingPlaces } from '../logs/log-rings.ts';
import type { ControlTls } from '../control-tls.ts';
import { ThreadLogSink } from '../logs/log-sink.ts';
import { connectToPeer, listenForPeers, type PeersListener } from './peer-sockets.ts';

interface PeersParts {
  readonly config: Config;
  readonly state: SharedState;
  readonly rings: RingPlaces;
  readonly notice: Notice;
  readonly listeners: readonly PeersListener[];
  readonly tls: ControlTls;
  /** A process before this one may have something to teach. */
  readonly hasPredecessor: boolean;
}

const SYSLOG = { notice: 5, warning: 4 } as const;

export class PeersService {
  readonly #parts: PeersParts;
  readonly #exchange: PeersExchange;
  readonly #logs: SectionLogs;
  readonly #tls: ControlTls;
  #servers: readonly Listener[] = [];

  constructor(parts: PeersParts) {
    const { config, state, hasPredecessor, listeners } = parts;
    this.#tls = parts.tls;
    this.#parts = parts;
    this.#logs = new SectionLogs(config, parts.rings, state, parts.tls.over);
    this.#exchange = new PeersExchange(config.peers, state.tables, {
      now: monotonicMs,
      mostAtOnce: mostUpdatesAtOnce(config.global),
      longestMessage: config.global.tune.bufsize,
      hasPredecessor,
      connect: (section, peer, ready) =>
        connectToPeer(
          peer,
          listeners.find(listener => listener.section === section),
          this.#tls,
          ready,
        ),
      log: (section, level, text) => this.#log(section, level, text),
      connectionsChanged: () => this.#countConnections(),
    });
  }

  /** For `show info`, in whatever thread it is asked. */
  #countConnections(): void {
    const { counters } = this.#parts.state;
    const all = this.sections.map(section => section.connections());
    const sum = (of: 'active' | 'talking'): number => all.reduce((total, one) => total + one[of], 0);
    counters.own[counters.process + FIELD.peers_active] = sum('active');
    counters.own[counters.process + FIELD.peers_connected] = sum('talking');
  }

  #log(section: PeersSection, level: 'notice' | 'warning', text: string): void {
    const line = `peers ${section.name}: ${text}.`;
    if (level === 'warning') this.#parts.notice(level, line);
    this.#logs.write(section, SYSLOG[level], line);
  }

  get sections(): readonly PeersAtWork[] {
    return this.#exchange.sections;
  }

  begin(): void {
    this.#servers = this.#parts.listeners.map(listener => {
      const { section } = listener;
      const atWork = this.sections.find(({ settings }) => settings === section) as PeersAtWork;
      const secure = this.#tls.accepting(section.bind as Bind, from =>
        this.#log(section, 'warning', `the TLS handshake with ${from} failed`),
      );
      return listenForPeers(
        listener,
        secure,
        socket => atWork.adopt(socket),
        text => this.#log(section, 'warning', text),
      );
    });
    this.#exchange.begin();
  }

  /** Nobody is listened to any more; resolves when the process that takes over was taught. */
  async stop(): Promise<void> {
    this.#stopListening();
    await this.#exchange.stop();
  }

  /** Now. */
  close(): void {
    this.#stopListening();
    this.#exchange.close();
    this.#logs.close();
  }

  #stopListening(): void {
    for (const server of this.#servers) server.close();
    this.#servers = [];
  }

  /** Lines that could not be sent. */
  get lostLines(): number {
    return this.#logs.lost;
  }
}

/** Log targets of the sections. */
class SectionLogs {
  readonly #config: Config;
  readonly #sink: ThreadLogSink;
  readonly #channels = new Map<PeersSection, LogChannel>();

  constructor(config: Config, rings: RingPlaces, state: SharedState, secure: SecureConnect) {
    this.#config = config;
    this.#sink = new ThreadLogSink(config.global, rings, new LogBackends(config, state, rings, secure));
  }

  get lost(): number {
    return this.#sink.lost;
  }

  write(section: PeersSection, level: number, text: string): void {
    let channel = this.#channels.get(section);
    if (channel === undefined) {
      const { global } = this.#config;
      const targets = section.logGlobal ? [...global.logs, ...section.logs] : section.logs;
      channel = this.#sink.channel(targets, global.logTag ?? DEFAULT_LOG_TAG);
      this.#channels.set(section, channel);
    }
    if (channel.open) channel.write(level, text, undefined);
  }

  close(): void {
    this.#sink.close();
  }
}
