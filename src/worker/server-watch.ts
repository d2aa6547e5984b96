/**
 * Ties the watching of servers (health/) to the rest of the control thread: expressions, logs of proxies, threads.
 */
import { monotonicMs } from '../base/clock.ts';
import { VariableRoom } from '../acl/variable-memory.ts';
import { VariableStore } from '../acl/variables.ts';
import { EmailAlerts } from '../health/email-alert.ts';
import type { LifeEffects } from '../health/life-effects.ts';
import type { CertificateStore } from '../certificates/certificate-store.ts';
import { currentFiles } from '../certificates/current-files.ts';
import { Checks } from '../health/checks.ts';
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import { NodeEngine } from '../net/engines/node/engine.ts';
import { PolledEngine } from '../net/engines/polled/engine.ts';
import { ServerContexts } from '../net/tls/server-contexts.ts';
import { http2CheckLinks } from '../proxy/http2/check-link.ts';
import { Environments } from '../proxy/compile-environment.ts';
import type { LogChannel } from '../proxy/runtime.ts';
import type { ReachAttached } from '../health/open-attached.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { CheckSurroundings } from './check-context.ts';
import { CheckContext } from './check-context.ts';
import { CheckExpressionCompiler, compileUniqueId } from './check-expressions.ts';
import { DEFAULT_LOG_TAG } from './global-log.ts';
import { LogBackends } from './log-backends.ts';
import type { RingPlaces } from './log-rings.ts';
import { ThreadLogSink } from './log-sink.ts';
import { ThreadProcessFacts } from './process-facts.ts';
import { serversView, statsView } from './state-views.ts';

interface WatchSetting extends Pick<LifeEffects, 'notice' | 'event' | 'flush' | 'shutdownSessions'> {
  /** Whether a script sends the mails of `email-alert`. */
  readonly scriptsMail: () => boolean;
  readonly rings: RingPlaces;
  readonly config: Config;
  readonly state: SharedState;
  readonly servers: ServerWriter;
  readonly certificates: CertificateStore;
  readonly reachAttached: ReachAttached;
}

export interface ServerWatch {
  readonly checks: Checks;
  /** Lines about servers that could not be sent. */
  lostLines(): number;
  stop(): void;
}

/** Nothing is checked before `checks.begin()`. */
export function watchServers(setting: WatchSetting): ServerWatch {
  const { config, state, servers } = setting;
  const { bufsize } = config.global.tune;
  const environments = new Environments(config, () => undefined, undefined, state.tables);
  const now = monotonicMs;
  const around: CheckSurroundings = {
    process: new ThreadProcessFacts({ config, thread: 1, plan: state.plan }, setting.rings),
    stats: statsView(config, state, now),
    servers: serversView(config, state, now),
    processVariables: new VariableStore(),
    variableRoom: VariableRoom.of(config.global.tune, state.variableBytes),
    uniqueId: compileUniqueId(environments),
  };
  const logs = new ProxyLogs(config, setting.rings, state);
  const mails = new EmailAlerts(config, text => setting.notice('warning', text));
  const checks = new Checks({
    ...setting,
    plan: state.plan,
    servers,
    node: config.global.node,
    expressions: proxy => new CheckExpressionCompiler(environments, proxy, around),
    newScope: () => new CheckContext(around),
    createEngine: () => new PolledEngine({ bufsize }),
    createTlsEngine: () => new NodeEngine({ bufsize }),
    serverContexts: new ServerContexts(currentFiles(setting.certificates)),
    speakHttp2: http2CheckLinks(config.global),
    alert: (server, level, text) => {
      if (!setting.scriptsMail()) mails.alert(server, level, text);
    },
    log: (backend, level, text) => logs.write(backend, level, text),
    offer: server => state.queues.offer(server),
  });
  return {
    checks,
    lostLines: () => logs.lost,
    stop: () => {
      checks.stop();
      logs.close();
    },
  };
}

/** Where the lines about a proxy's servers go: its own log targets. */
class ProxyLogs {
  readonly #config: Config;
  readonly #sink: ThreadLogSink;
  readonly #channels = new WeakMap<Proxy, LogChannel>();

  constructor(config: Config, rings: RingPlaces, state: SharedState) {
    this.#config = config;
    this.#sink = new ThreadLogSink(config.global, rings, new LogBackends(config, state, rings));
  }

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
