/** Starts the checks of all servers, apart from each other, and stops them. Called by the control thread. */
import type { Address } from '../model/address.ts';
import type { Config } from '../model/config.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server, ServerCheck } from '../model/server.ts';
import type { ConnectTarget, Engine } from '../net/connection.ts';
import type { StatePlan } from '../state/plan.ts';
import { proxyHeader } from './check-proxy-header.ts';
import type { Checker } from './checker.ts';
import { httpChecker } from './http-checker.ts';
import { ServerCheckTask } from './server-check.ts';
import { ServerLife, type CheckedServer, type LifeEffects } from './server-life.ts';
import { spreadDelay, startDelays } from './spread.ts';
import { tcpChecker } from './tcp-checker.ts';

export interface ChecksStart extends LifeEffects {
  readonly config: Config;
  readonly plan: StatePlan;
  /** Called when there is something to check. */
  readonly createEngine: () => Engine;
}

export interface Checks {
  stop(): void;
}

interface Found {
  readonly server: CheckedServer;
  readonly check: ServerCheck;
  readonly target: ConnectTarget;
  readonly checker: Checker;
}

/** Undefined: no server is checked. */
export function startChecks(start: ChecksStart): Checks | undefined {
  const found = start.config.proxies.flatMap((proxy, backend) => checksOf(start, proxy, backend));
  if (found.length === 0) return undefined;
  const engine = start.createEngine();
  const life = new ServerLife(start);
  const { spreadChecks, maxSpreadChecksMs } = start.config.global;
  const spread = (delayMs: number): number => spreadDelay(delayMs, spreadChecks, Math.random());
  const log = (text: string): void => start.notice('warning', text);
  const tasks = found.map(one => new ServerCheckTask({ ...one, engine, life, spread, log }));
  const intervals = found.map(({ check }) => check.interMs);
  const delays = startDelays(intervals, maxSpreadChecksMs, spread);
  for (const [index, task] of tasks.entries()) task.start(delays[index] ?? 0);
  return {
    stop: () => {
      for (const task of tasks) task.stop();
      engine.destroy();
    },
  };
}

function checksOf(start: ChecksStart, proxy: Proxy, backend: number): Found[] {
  if (proxy.disabled || !proxy.servers.some(({ check }) => check?.enabled)) return [];
  return proxy.servers.flatMap((config, index) => {
    const { check } = config;
    const target = check?.enabled === true ? targetOf(config, check) : undefined;
    if (check === undefined || target === undefined) return [];
    const row = (start.plan.firstServer[backend] as number) + index;
    const checker = checkerOf(proxy, start.config.global.tune.bufsize, proxyHeader(config, check));
    return [{ server: { row, backend, proxy, config }, check, target, checker }];
  });
}

/** Kinds that are not supported were warned about: of them the connection is checked. */
function checkerOf({ check }: Proxy, bufsize: number, header: Buffer): Checker {
  return check.kind === 'httpchk' ? httpChecker(check, bufsize, header) : tcpChecker;
}

/** `addr` and `port` of the check, else those of the server. */
function targetOf(server: Server, check: ServerCheck): ConnectTarget | undefined {
  const address: Address = check.address ?? server.address;
  if (address.kind === 'unix') return { kind: 'unix', path: address.path };
  if (address.kind === 'abstract') return { kind: 'unix', path: `\0${address.name}` };
  if (address.kind !== 'ip') return undefined;
  const own = server.address.kind === 'ip' ? server.address.port : 0;
  const port = check.port ?? (address.port === 0 ? own : address.port);
  const source = server.source;
  const from = source?.address;
  return {
    kind: 'ip',
    family: address.family,
    host: address.host,
    port,
    ...(from?.kind === 'ip' && { source: { host: from.host, port: from.port } }),
    ...(source?.interface !== undefined && { interface: source.interface }),
  };
}
