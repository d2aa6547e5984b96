/** `show servers state|conn` and `show backend`. The state is what `server-state-file` reads back (version 1). */
import { nowSeconds } from '../../state/server-table.ts';
import type { Address } from '../../model/address.ts';
import {
  CHECK_STATE_AGENT,
  CHECK_STATE_CONFIGURED,
  CHECK_STATE_ENABLED,
  CHECK_STATE_IN_PROGRESS,
  CHECK_STATE_PAUSED,
  checkResultNumber,
  renderServerState,
  renderServerStateHead,
} from '../../state/server-state-file.ts';
import type { CheckKind } from '../../state/check-reports.ts';
import type { DirectoryServer } from '../../state/server-directory.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import { hiderOf, type Hider } from './anonymity.ts';
import type { AdminRuntime } from '../runtime.ts';

/** The backends a `show servers` command is about, or undefined when the name is none. */
function backendsNamed({ args, runtime }: Call): readonly number[] | undefined {
  const { directory } = runtime;
  if (args.at(3) === '')
    return directory.proxies.flatMap(({ kind }, backend) => (kind === 'frontend' ? [] : [backend]));
  const backend = directory.backend(args.at(3));
  return backend < 0 ? undefined : [backend];
}

function showServers(head: (runtime: AdminRuntime) => string, line: Line): Command['run'] {
  return call => {
    const backends = backendsNamed(call);
    if (backends === undefined) return fail(`Can't find backend.`);
    const hide = hiderOf(call.session);
    return dump(
      linesOf(call.runtime, backends, head(call.runtime), server => line(call.runtime, server, hide)),
    );
  };
}

type Line = (runtime: AdminRuntime, server: DirectoryServer, hide: Hider) => string;

function* linesOf(
  runtime: AdminRuntime,
  backends: readonly number[],
  head: string,
  line: (server: DirectoryServer) => string,
): Generator<string> {
  yield head;
  for (const backend of backends)
    for (const server of runtime.directory.serversOf(backend)) yield `${line(server)}\n`;
}

function hostOf(address: Address | undefined): string {
  return address?.kind === 'ip' ? address.host : '-';
}

function portOf({ servers }: AdminRuntime, row: number): number {
  return (servers.addresses.read(row).port + 65_536) % 65_536;
}

function checkState(runtime: AdminRuntime, row: number, kind: CheckKind, configured: boolean): number {
  const { checks } = runtime.servers;
  const enabled = checks.enabled(row, kind);
  return (
    (configured ? CHECK_STATE_CONFIGURED : 0) |
    (enabled ? CHECK_STATE_ENABLED : 0) |
    (enabled && !checks.active(row, kind) ? CHECK_STATE_PAUSED : 0) |
    (checks.inProgress(row, kind) ? CHECK_STATE_IN_PROGRESS : 0)
  );
}

/** `disabled` pauses a check that is not there, too, and nothing ever goes on with it. */
function isPausedForGood({ disabled, check }: DirectoryServer['config']): boolean {
  return disabled && check?.enabled !== true;
}

function stateLine(runtime: AdminRuntime, { row, proxy, config }: DirectoryServer, hide: Hider): string {
  const { servers } = runtime;
  const { checks } = servers;
  const { check, agent } = config;
  const status = checks.status(row, 'check');
  return renderServerState({
    be_id: proxy.id,
    be_name: hide.name(proxy.name),
    srv_id: config.id,
    srv_name: hide.name(config.name),
    srv_addr: hide.address(servers.addresses.read(row).ip?.toString() ?? '-'),
    srv_op_state: servers.state(row),
    srv_admin_state: servers.admin(row),
    srv_uweight: servers.userWeight(row),
    srv_iweight: servers.initialWeight(row),
    srv_time_since_last_change: Math.max(0, nowSeconds() - servers.lastChangeSeconds(row)),
    srv_check_status: status.number,
    srv_check_result: checkResultNumber(status),
    srv_check_health: checks.health(row, 'check'),
    srv_check_state:
      checkState(runtime, row, 'check', check?.enabled === true) |
      (isPausedForGood(config) ? CHECK_STATE_PAUSED : 0),
    srv_agent_state:
      agent?.enabled === true ? checkState(runtime, row, 'agent', true) | CHECK_STATE_AGENT : 0,
    bk_f_forced_id: proxy.explicitId === true ? 1 : 0,
    srv_f_forced_id: config.explicitId === true ? 1 : 0,
    srv_fqdn: config.fqdn === undefined ? '-' : hide.name(config.fqdn),
    srv_port: portOf(runtime, row),
    srvrecord: config.srvRecord ?? '-',
    srv_use_ssl: config.ssl !== undefined ? 1 : config.refusesSsl === true ? -1 : 0,
    srv_check_port: check?.port ?? 0,
    srv_check_addr: hostOf(check?.address),
    srv_agent_addr: hostOf(agent?.address),
    srv_agent_port: agent?.port ?? config.agentPort ?? 0,
  });
}

function connectionLine(runtime: AdminRuntime, { row, proxy, config }: DirectoryServer, hide: Hider): string {
  const { servers, state } = runtime;
  const idlePerThread = Array.from({ length: state.plan.threads }, (_, thread) =>
    servers.idleOf(thread + 1, row),
  );
  const idle = servers.idle(row);
  const served = servers.served(row);
  const most = state.counters.read(state.counters.server(row), 'used_conn_max', 0);
  const limit = config.poolMaxConn < 0 ? -1 : config.poolMaxConn;
  return [
    `${hide.name(proxy.name)}/${hide.name(config.name)}`,
    `${proxy.id}/${config.id}`,
    hide.address(servers.addresses.read(row).ip?.toString() ?? '-'),
    portOf(runtime, row),
    '-',
    config.poolPurgeDelayMs,
    served,
    served,
    most,
    served,
    0,
    0,
    idle,
    limit,
    idle,
    ...idlePerThread,
  ].join(' ');
}

function connectionHead({ state }: AdminRuntime): string {
  return (
    '# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max need_est idle_sess unsafe_nb safe_nb ' +
    `idle_lim idle_cur idle_per_thr[${state.plan.threads}]\n`
  );
}

function showBackends({ runtime }: Call): Answer {
  const names = runtime.directory.proxies.flatMap(({ kind, name, removed }) =>
    kind === 'frontend' || removed === true ? [] : [`${name}\n`],
  );
  return dump(['# name\n', ...names]);
}

export const SHOW_SERVERS_COMMANDS: readonly Command[] = [
  {
    words: 'show servers state',
    args: '[<backend>]',
    summary: 'states of servers, as a server state file holds them',
    level: 'user',
    run: showServers(renderServerStateHead, stateLine),
  },
  {
    words: 'show servers conn',
    args: '[<backend>]',
    summary: 'connections to servers, used and idle',
    level: 'user',
    run: showServers(connectionHead, connectionLine),
  },
  { words: 'show backend', summary: 'names of backends', level: 'user', run: showBackends },
];
