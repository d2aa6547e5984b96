/**
 * Ties the watching of servers (health/) to the rest of the control thread: expressions, logs of proxies, threads.
 */
import { monotonicMs } from '../../base/clock.ts';
import { VariableRoom } from '../../acl/variable-memory.ts';
import { VariableStore } from '../../acl/variables.ts';
import { EmailAlerts } from '../../health/email-alert.ts';
import type { LifeEffects } from '../../health/life-effects.ts';
import type { CertificateStore } from '../../certificates/certificate-store.ts';
import { currentFiles } from '../../certificates/current-files.ts';
import { Checks } from '../../health/checks.ts';
import type { Config } from '../../model/config.ts';
import { NodeEngine } from '../../net/engines/node/engine.ts';
import { PolledEngine } from '../../net/engines/polled/engine.ts';
import { ServerContexts } from '../../net/tls/server-contexts.ts';
import { http2CheckLinks } from '../../proxy/http2/check-link.ts';
import { Environments } from '../../proxy/runtime/compile-environment.ts';
import type { ReachAttached } from '../../health/open-attached.ts';
import type { ServerWriter } from '../../state/server-writer.ts';
import type { SharedState } from '../../state/shared-state.ts';
import type { CheckSurroundings } from './check-context.ts';
import { CheckContext } from './check-context.ts';
import { traceChecks } from '../start/check-traces.ts';
import type { Traces } from '../../traces/traces.ts';
import { CheckExpressionCompiler, compileUniqueId } from './check-expressions.ts';
import type { RingPlaces } from '../logs/log-rings.ts';
import type { ProxyLogs } from '../logs/proxy-logs.ts';
import { ThreadProcessFacts } from '../process/process-facts.ts';
import { serversView, statsView } from '../process/state-views.ts';

interface WatchSetting extends Pick<
  LifeEffects,
  'notice' | 'event' | 'flush' | 'dropIdle' | 'shutdownSessions'
> {
  /** Whether a script sends the mails of `email-alert`. */
  readonly scriptsMail: () => boolean;
  readonly rings: RingPlaces;
  readonly logs: ProxyLogs;
  readonly config: Config;
  readonly state: SharedState;
  readonly servers: ServerWriter;
  readonly certificates: CertificateStore;
  readonly reachAttached: ReachAttached;
  readonly traces: Traces;
}

/** Nothing is checked before begin(). */
export function watchServers(setting: WatchSetting): Checks {
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
  const mails = new EmailAlerts(config, text => setting.notice('warning', text));
  return new Checks({
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
    watcher: traceChecks(setting.traces.of.check),
    log: (backend, level, text) => setting.logs.write(backend, level, text),
    offer: server => state.queues.offer(server),
  });
}
