/** Addresses of servers, of their checks and agents. */
import { parseIp } from '../../base/ip-address.ts';
import { serverSeed } from '../../balancers/server-seed.ts';
import type { Address } from '../../model/address.ts';
import type { ServerAddress } from '../../state/server-addresses.ts';
import type { DirectoryServer } from '../../state/server-directory.ts';
import { fail, WARNING, type Answer, type Call } from '../command.ts';
import { wholeInteger } from '../units.ts';

const PORTS = 65_536;

function warn(text: string): Answer {
  return { severity: WARNING, text };
}

type SocketIp = Extract<Address, { kind: 'ip' }>;

function parseAddress(text: string, port: number): SocketIp | undefined {
  const ip = parseIp(text.replace(/^\[(.*)\]$/, '$1'));
  return ip === undefined ? undefined : { kind: 'ip', family: ip.family, host: ip.toString(), port };
}

function portText({ port, mapPorts }: ServerAddress): string {
  return `${mapPorts ? '+' : ''}${(port + PORTS) % PORTS}`;
}

/** `addr <ip> [port <port>]`: every thread connects to the new address from now on. */
export function setAddress(server: DirectoryServer, { args, runtime }: Call): Answer {
  if (args.at(4) === '') return fail('set server <b>/<s> addr requires an address and optionally a port.');
  const { config, row } = server;
  const { address, check } = config;
  if (address.kind !== 'ip' && address.kind !== 'name') return warn(ONLY_BY_FILE);
  const before = runtime.servers.addresses.read(row);
  // a name that has no address yet is the resolvers' alone
  if (before.ip === undefined) return warn(ONLY_BY_FILE);
  const after = wantedAddress(before, args.at(4), args.at(5) === 'port' ? args.at(6) : undefined);
  if (typeof after === 'string') return warn(after);
  const checksThatPort = check?.enabled === true && (check.port ?? 0) === 0;
  const refused = after.mapPorts && !before.mapPorts && checksThatPort;
  const changed = refused ? { ...before, ip: after.ip } : after;
  const text = describeChange(before, changed);
  if (runtime.servers.setAddress(row, changed) && config.hashKey.startsWith('addr'))
    runtime.servers.setSeed(row, serverSeed({ ...config, address: asConfigured(changed) ?? address }));
  return warn([...text, ...(refused ? [NO_PORT_MAP] : [])].join(', ') || 'nothing changed');
}

const ONLY_BY_FILE =
  'Update for the current server address family is only supported through configuration file.';
const NO_PORT_MAP =
  `can't change <port> to port map because it is incompatible with current health check port configuration ` +
  `(use 'port' statement from the 'server' directive).`;

function wantedAddress(
  before: ServerAddress,
  host: string,
  portWord: string | undefined,
): ServerAddress | string {
  const ip = parseIp(host.replace(/^\[(.*)\]$/, '$1'));
  if (ip === undefined) return `Invalid addr '${host}'`;
  if (portWord === undefined) return { ...before, ip };
  const digits = /^[-+]?\d+/.exec(portWord)?.[0];
  if (digits === undefined) return `problem converting port '${portWord}' to an int`;
  // a leading sign means: shifted against the client's port
  const mapPorts = digits.startsWith('+') || digits.startsWith('-');
  return { ip, port: mapPorts ? Number(digits) : Number(digits) % PORTS, mapPorts };
}

function describeChange(before: ServerAddress, after: ServerAddress): string[] {
  const changes: string[] = [];
  const [from, to] = [before.ip?.toString() ?? '', after.ip?.toString() ?? ''];
  if (from !== to) changes.push(`IP changed from '${from}' to '${to}'`);
  if (before.port !== after.port || before.mapPorts !== after.mapPorts)
    changes.push(`port changed from '${portText(before)}' to '${portText(after)}'`);
  const last = changes.pop();
  return last === undefined ? [] : [...changes, `${last} by 'stats socket command'`];
}

function asConfigured({ ip, port }: ServerAddress): Address | undefined {
  return ip === undefined ? undefined : { kind: 'ip', family: ip.family, host: ip.toString(), port };
}

/** `check-addr <ip> [port <port>]` and `check-port <port>`. */
export async function setCheckAddress(server: DirectoryServer, { args, runtime }: Call): Promise<Answer> {
  const { config, row } = server;
  const onlyPort = args.at(3) === 'check-port';
  if (args.at(4) === '')
    return fail(
      onlyPort
        ? 'set server <b>/<s> check-port requires a port.'
        : 'set server <b>/<s> check-addr requires an address and optionally a port.',
    );
  const { check } = config;
  if (check === undefined || !runtime.servers.checks.enabled(row, 'check'))
    return warn('health checks are not enabled on this server');
  const portWord = onlyPort ? args.at(4) : args.at(5) === 'port' ? args.at(6) : undefined;
  const port = portWord === undefined ? undefined : wholeInteger(portWord);
  if (portWord !== undefined && port === undefined) return warn('provided port is not an integer');
  if (port !== undefined && (port < 0 || port > 65_535)) return warn('provided port is invalid');
  if (port === 0 && config.mapPorts) return warn(`can't unset 'port' since MAPPORTS is in use`);
  const address = onlyPort ? undefined : parseAddress(args.at(4), port ?? check.port ?? 0);
  if (!onlyPort && address === undefined) return warn(`invalid addr '${args.at(4)}'`);
  runtime.directory.replace(row, {
    ...config,
    check: { ...check, ...(address !== undefined && { address }), ...(port !== undefined && { port }) },
  });
  await runtime.threads.serversKnown();
  return undefined;
}

/** `agent-addr <addr> [port <port>]`, `agent-port <port>` and `agent-send <text>`. */
export async function setAgentTarget(server: DirectoryServer, { args, runtime }: Call): Promise<Answer> {
  const { config, row } = server;
  const { agent } = config;
  const what = args.at(3);
  if (what !== 'agent-send' && args.at(4) === '')
    return fail(
      `set server <b>/<s> ${what} requires ${what === 'agent-port' ? 'a port' : 'an address and optionally a port'}.`,
    );
  if (agent === undefined || !runtime.servers.checks.enabled(row, 'agent')) {
    const text = 'agent checks are not enabled on this server';
    return what === 'agent-send' ? fail(`${text}.`) : warn(text);
  }
  if (what === 'agent-send')
    runtime.directory.replace(row, { ...config, agent: { ...agent, send: args.at(4) } });
  else {
    const portWord = what === 'agent-port' ? args.at(4) : args.at(5) === 'port' ? args.at(6) : undefined;
    const port = portWord === undefined ? undefined : wholeInteger(portWord);
    if (portWord !== undefined && port === undefined) return warn('provided port is not an integer');
    if (port !== undefined && (port <= 0 || port > 65_535)) return warn('provided port is invalid');
    const address = what === 'agent-port' ? undefined : parseAddress(args.at(4), port ?? agent.port);
    if (what !== 'agent-port' && address === undefined) return warn(`invalid addr '${args.at(4)}'`);
    runtime.directory.replace(row, {
      ...config,
      agent: { ...agent, ...(address !== undefined && { address }), ...(port !== undefined && { port }) },
    });
  }
  await runtime.threads.serversKnown();
  return undefined;
}
