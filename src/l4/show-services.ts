/**
 * Virtual servers as they are, as text in keepalived's words for what exists here (its keepalived_check.data), and how many
 * connections each server has. Pure; called by forwarder.ts.
 */
import type { RealServer, VirtualServer } from '../model/virtual-server.ts';
import type { ResolvedService } from './resolve-services.ts';

/** A virtual server at a moment; lists are by real server. */
export interface PoolView {
  readonly resolved: ResolvedService;
  readonly alive: readonly boolean[];
  readonly weights: readonly number[];
  readonly failedChecks: readonly number[];
  readonly hasQuorum: boolean;
  readonly isSuspended: boolean;
  /** Behind those of real servers those of the sorry server; undefined: the kernel does not tell. */
  readonly connections: readonly number[] | undefined;
}

export function renderServices(views: readonly PoolView[]): string {
  const parts = views.flatMap(view => [
    ...renderVirtualServer(view),
    ...view.resolved.config.realServers.flatMap((server, index) => renderRealServer(server, index, view)),
  ]);
  return `${['------< LVS Topology >------', ...parts].join('\n')}\n`;
}

function renderVirtualServer({ resolved, hasQuorum, alive, isSuspended, connections }: PoolView): string[] {
  const { config, service } = resolved;
  const { sorryServer, realServers } = config;
  return [
    ' ------< Virtual server >------',
    ` ${titleOf(config)}`,
    `   Address family = inet${service.family === 4 ? '' : '6'}`,
    `   lvs_sched = ${config.scheduler}`,
    ...(config.onePacketScheduling ? ['   One packet scheduling = enabled'] : []),
    ...(service.persistence === undefined
      ? []
      : [
          `   persistence timeout = ${service.persistence.timeoutSec}`,
          `   persistence granularity = /${service.persistence.prefixLength}`,
        ]),
    `   protocol = ${service.protocol === undefined ? 'none' : config.protocol}`,
    `   alpha is ${onOff(config.alpha)}`,
    `   omega is ${onOff(config.omega)}`,
    `   quorum = ${config.quorum}, hysteresis = ${config.hysteresis}`,
    ...(config.haSuspend ? ['   Using HA suspend', `   suspended = ${Number(isSuspended)}`] : []),
    `   Using smtp notification = ${yesNo(config.smtpAlert)}`,
    `   default forwarding method = ${config.method}`,
    ...(sorryServer === undefined
      ? []
      : [
          `   sorry server = [${sorryServer.address.address}]:${sorryServer.address.port}`,
          ...connectionLine(connections?.[realServers.length]),
        ]),
    `   alive = ${Number(alive.includes(true))}`,
    `   quorum_state_up = ${Number(hasQuorum)}`,
  ];
}

function renderRealServer(server: RealServer, index: number, view: PoolView): string[] {
  const isAlive = view.alive[index] === true;
  const weight = view.weights[index] ?? 0;
  return [
    '   ------< Real server >------',
    `   RIP = ${server.address.address}, RPORT = ${server.address.port}, WEIGHT = ${weight}`,
    `   forwarding method = ${server.method}`,
    `   Alpha is ${onOff(server.alpha)}`,
    `   connection limit range = ${server.lthreshold} -> ${server.uthreshold}`,
    `   Inhibit on failure is ${onOff(server.inhibitOnFailure)}`,
    `   Using smtp notification = ${yesNo(server.smtpAlert)}`,
    `   initial weight = ${server.weight}`,
    `   effective weight = ${weight}`,
    `   alive = ${Number(isAlive)}`,
    `   num failed checkers = ${view.failedChecks[index] ?? 0}`,
    ...connectionLine(view.connections?.[index]),
  ];
}

function titleOf({ service }: VirtualServer): string {
  if (service.kind === 'group') return `VS GROUP = [${service.name}]`;
  if (service.kind === 'fwmark') return `VS FWMARK = ${service.fwmark}`;
  return `VS VIP = ${service.address}, VPORT = ${service.port}`;
}

function connectionLine(count: number | undefined): string[] {
  return count === undefined ? [] : [`   active connections = ${count}`];
}

function onOff(value: boolean): string {
  return value ? 'ON' : 'OFF';
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
