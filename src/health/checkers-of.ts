/** Which checks a server has: its health check, its agent, and how each is performed. */
import { monotonicMs } from '../base/clock.ts';
import type { Address } from '../model/address.ts';
import type { Config } from '../model/config.ts';
import type { Connector } from '../net/connection.ts';
import type { Adopter } from '../net/tls/handshake-wire.ts';
import type { ServerContexts } from '../net/tls/server-contexts.ts';
import { ServerTlsClient, UNVERIFIED } from '../net/tls/server-tls.ts';
import type { CheckKind } from '../state/check-reports.ts';
import type { CheckIntervals } from './advance.ts';
import { agentRuleset } from './agent.ts';
import { CheckPlace } from './check-place.ts';
import type { Checker } from './checker.ts';
import { externalChecker } from './external-checker.ts';
import type { CheckExpressions } from './expressions.ts';
import type { ReachAttached } from './open-attached.ts';
import type { SpeakHttp2 } from './http2-opening.ts';
import type { LifeServer } from './life-server.ts';
import { connectionOpener } from './open-connection.ts';
import type { Ruleset } from './ruleset.ts';
import { rulesetChecker } from './ruleset-checker.ts';
import type { Rulesets } from './rulesets.ts';
import type { HandshakeCounts } from './securing.ts';
import type { ServerAdministration } from './server-administration.ts';
import type { ServerLife } from './server-life.ts';

export interface CheckerTools {
  readonly config: Config;
  readonly life: ServerLife;
  readonly administration: ServerAdministration;
  readonly rulesets: Rulesets;
  readonly expressions: Pick<CheckExpressions, 'newScope'>;
  readonly engine: () => Connector;
  readonly tlsEngine: () => Connector & Adopter;
  readonly serverContexts: ServerContexts;
  readonly speakHttp2: SpeakHttp2;
  readonly reachAttached: ReachAttached;
}

/** One check of a server and what may change of it while running. */
export interface ServerChecker {
  readonly kind: CheckKind;
  readonly checker: Checker;
  readonly intervals: CheckIntervals;
  readonly place: CheckPlace;
  /** `agent-send` */
  send: string;
}

export function checkersOf(server: LifeServer, tools: CheckerTools): ServerChecker[] {
  return [healthCheckerOf(server, tools), agentCheckerOf(server, tools)].filter(one => one !== undefined);
}

function healthCheckerOf(server: LifeServer, tools: CheckerTools): ServerChecker | undefined {
  const { check, source } = server.config;
  const { proxy } = server;
  if (check?.enabled !== true || proxy.disabled) return undefined;
  const address = addressOf(server, tools.life);
  const place = new CheckPlace(address, check, source ?? proxy.source, server.config);
  const external = proxy.check.kind === 'external' && check.healthcheckSection === undefined;
  const checker = external
    ? externalOf(server, tools, address)
    : rulesCheckerOf(server, tools, place, tools.rulesets.of(proxy, check.healthcheckSection));
  return checker && { kind: 'check', checker, place, intervals: check, send: '' };
}

function externalOf(server: LifeServer, { config, life }: CheckerTools, address: () => Address): Checker {
  const { externalCommand = '', externalPath } = server.proxy.check;
  return externalChecker({
    server,
    life,
    address,
    command: externalCommand,
    path: externalPath,
    preserveEnvironment: config.global.externalCheck === 'preserve-env',
  });
}

function agentCheckerOf(server: LifeServer, tools: CheckerTools): ServerChecker | undefined {
  const { agent, source } = server.config;
  if (agent === undefined || server.proxy.disabled) return undefined;
  const from = source ?? server.proxy.source;
  const place = new CheckPlace(addressOf(server, tools.life), agent, from, server.config);
  const words = { send: agent.send ?? '' };
  const ruleset = agentRuleset(server, tools.administration, () => words.send);
  const checker = rulesCheckerOf(server, tools, place, ruleset, false);
  const intervals = { interMs: agent.interMs };
  return checker && Object.assign(words, { kind: 'agent' as const, place, intervals, checker });
}

function rulesCheckerOf(
  server: LifeServer,
  tools: CheckerTools,
  place: CheckPlace,
  ruleset: Ruleset | undefined,
  asServer = true,
): Checker | undefined {
  if (ruleset === undefined) return undefined;
  const { config, life, expressions, engine, tlsEngine, serverContexts, speakHttp2, reachAttached } = tools;
  const tls = new ServerTlsClient(server.config.tls ?? UNVERIFIED, serverContexts);
  if (server.config.tls !== undefined) tls.prepare();
  const check = asServer ? server.config.check : undefined;
  const open = connectionOpener({
    engine: engine(),
    tlsEngine,
    place,
    server: server.config,
    check,
    tls,
    handshakes: handshakeCounts(server, life),
    attached: (name, handler) => reachAttached(server.row, name, tlsEngine(), handler),
    speakHttp2: ruleset.kind === 'httpchk' ? speakHttp2 : undefined,
  });
  return rulesetChecker({ ruleset, server, life, open, expressions, bufsize: config.global.tune.bufsize });
}

function handshakeCounts({ row }: LifeServer, { effects: { servers } }: ServerLife): HandshakeCounts {
  return {
    secured: isResumed => servers.countHandshake(row, isResumed, monotonicMs()),
    failed: () => servers.countFailedHandshake(row),
  };
}

/** Where the server is now: what shared memory says, but for what is no IP address. */
function addressOf(server: LifeServer, life: ServerLife): () => Address {
  const { addresses } = life.effects.servers;
  const { address } = server.config;
  if (address.kind !== 'ip' && address.kind !== 'name') return () => address;
  let version = -1;
  let known: Address = address;
  return () => {
    if (addresses.version(server.row) === version) return known;
    const { ip, port } = addresses.read(server.row);
    version = addresses.version(server.row);
    known =
      ip === undefined
        ? { kind: 'ip', family: 4, host: '0.0.0.0', port: 0 }
        : { kind: 'ip', family: ip.family, host: ip.toString(), port };
    return known;
  };
}
