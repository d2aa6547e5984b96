/** `show servers state|conn` and `show backend`. The state is what `server-state-file` reads back (version 1). */
import { nowSeconds } from '../../state/server-table.ts';
import type { Address } from '../../model/address.ts';
import type { CheckKind } from '../../state/check-reports.ts';
import type { DirectoryServer } from '../../state/server-directory.ts';
import { dump, fail, type Answer, type Call, type Command } from '../command.ts';
import type { AdminRuntime } from '../runtime.ts';

const STATE_VERSION = 1;
const STATE_FIELDS =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight ' +
  'srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state ' +
  'bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr ' +
  'srv_agent_addr srv_agent_port';

/** Bits of `srv_check_state` and `srv_agent_state`. */
const CONFIGURED = 0x02;
const ENABLED = 0x04;
const PAUSED = 0x08;
const IN_PROGRESS = 0x01;
const IS_AGENT = 0x10;

/** Numbers of HAProxy's check statuses in state files; this program's names for them are those of `show stat`. */
const STATUS_NUMBERS: Readonly<Record<string, number>> = {
  UNK: 0,
  INI: 1,
  CHECKED: 3,
  HANA: 4,
  SOCKERR: 5,
  L4OK: 6,
  L4TOUT: 7,
  L4CON: 8,
  L6OK: 9,
  L6TOUT: 10,
  L6RSP: 11,
  L7TOUT: 12,
  L7RSP: 13,
  L7OK: 15,
  L7OKC: 16,
  L7STS: 17,
  PROCERR: 18,
  PROCTOUT: 19,
  PROCOK: 20,
};

const NEUTRAL = 1;
const FAILED = 2;
const PASSED = 3;
const CONDITIONALLY = 4;

function resultOf(status: string): number {
  if (status === 'UNK' || status === 'INI') return 0;
  if (status === 'CHECKED') return NEUTRAL;
  if (status === 'L7OKC') return CONDITIONALLY;
  return status.endsWith('OK') ? PASSED : FAILED;
}

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
    return dump(linesOf(call.runtime, backends, head(call.runtime), line));
  };
}

type Line = (runtime: AdminRuntime, server: DirectoryServer) => string;

function* linesOf(
  runtime: AdminRuntime,
  backends: readonly number[],
  head: string,
  line: Line,
): Generator<string> {
  yield head;
  for (const backend of backends)
    for (const server of runtime.directory.serversOf(backend)) yield `${line(runtime, server)}\n`;
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
    (configured ? CONFIGURED : 0) |
    (enabled ? ENABLED : 0) |
    (enabled && !checks.active(row, kind) ? PAUSED : 0) |
    (checks.inProgress(row, kind) ? IN_PROGRESS : 0)
  );
}

function stateLine(runtime: AdminRuntime, { row, proxy, config }: DirectoryServer): string {
  const { servers } = runtime;
  const { checks } = servers;
  const { check, agent } = config;
  const status = checks.status(row, 'check').name;
  return [
    proxy.id,
    proxy.name,
    config.id,
    config.name,
    servers.addresses.read(row).ip?.toString() ?? '-',
    servers.state(row),
    servers.admin(row),
    servers.userWeight(row),
    servers.initialWeight(row),
    Math.max(0, nowSeconds() - servers.lastChangeSeconds(row)),
    STATUS_NUMBERS[status] ?? 0,
    resultOf(status),
    checks.health(row, 'check'),
    checkState(runtime, row, 'check', check?.enabled === true),
    checkState(runtime, row, 'agent', agent?.enabled === true) | IS_AGENT,
    0,
    0,
    config.address.kind === 'name' ? config.address.host : '-',
    portOf(runtime, row),
    '-',
    config.ssl === undefined ? 0 : 1,
    check?.port ?? 0,
    hostOf(check?.address),
    hostOf(agent?.address),
    agent?.port ?? 0,
  ].join(' ');
}

function connectionLine(runtime: AdminRuntime, { row, proxy, config }: DirectoryServer): string {
  const { servers, state } = runtime;
  const idlePerThread = Array.from({ length: state.plan.threads }, (_, thread) =>
    servers.idleOf(thread + 1, row),
  );
  const idle = servers.idle(row);
  const served = servers.served(row);
  const most = state.counters.read(state.counters.server(row), 'used_conn_max', 0);
  const limit = config.poolMaxConn < 0 ? -1 : config.poolMaxConn;
  return [
    `${proxy.name}/${config.name}`,
    `${proxy.id}/${config.id}`,
    servers.addresses.read(row).ip?.toString() ?? '-',
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
  const names = runtime.directory.proxies.flatMap(({ kind, name }) =>
    kind === 'frontend' ? [] : [`${name}\n`],
  );
  return dump(['# name\n', ...names]);
}

export const SHOW_SERVERS_COMMANDS: readonly Command[] = [
  {
    words: 'show servers state',
    args: '[<backend>]',
    summary: 'states of servers, as a server state file holds them',
    level: 'user',
    run: showServers(() => `${STATE_VERSION}\n# ${STATE_FIELDS}\n`, stateLine),
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
