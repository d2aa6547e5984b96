/**
 * Whether virtual servers can be what they say, once every group is known: keepalived's own judgements, in its words.
 * What cannot be is left out or reset, each with a warning. Called by parse.ts.
 */
import type { Position } from '../../model/diagnostic.ts';
import type {
  RealServer,
  ServiceAddress,
  VirtualServer,
  VirtualServerGroup,
  VirtualService,
} from '../../model/virtual-server.ts';
import type { Report } from './report.ts';

export function judgeServices(
  servers: readonly VirtualServer[],
  groups: readonly VirtualServerGroup[],
  report: Report,
): VirtualServer[] {
  return servers.flatMap(server => judgeOne(server, groups, report) ?? []);
}

function judgeOne(
  server: VirtualServer,
  groups: readonly VirtualServerGroup[],
  report: Report,
): VirtualServer | undefined {
  const members = membersOf(server, groups, report);
  if (members === undefined) return undefined;
  const name = nameOf(server);
  const realServers = realServersOf(server, members, report);
  if (realServers.length === 0) {
    report.warn(server.position, `Virtual server ${name} has no real servers - ignoring`);
    return undefined;
  }
  const { sorryServer, ...rest } = server;
  const sorryFits =
    sorryServer === undefined ||
    (matches(sorryServer.address, members, sorryServer.method) &&
      isOfFamily(sorryServer, members, realServers));
  if (!sorryFits)
    report.warn(
      server.position,
      `Address family of virtual server and sorry server ${sorryServer.address.address} don't match - skipping sorry server.`,
    );
  return {
    ...rest,
    ...(sorryServer !== undefined && sorryFits ? { sorryServer } : {}),
    ...quorumOf(server, realServers, report),
    onePacketScheduling: onePacket(server, report),
    haSuspend: suspends(server, members, report),
    realServers,
  };
}

/** There is no address to wait for behind a mark. */
function suspends(server: VirtualServer, members: readonly VirtualService[], report: Report): boolean {
  if (!server.haSuspend || !members.some(({ kind }) => kind === 'fwmark')) return server.haSuspend;
  report.warn(
    server.position,
    `Virtual server ${nameOf(server)}: cannot use ha_suspend with fwmarks - clearing ha_suspend`,
  );
  return false;
}

/** keepalived's FMT_VS. */
function nameOf({ service, protocol }: VirtualServer): string {
  if (service.kind === 'fwmark') return `FWM ${service.fwmark}`;
  if (service.kind === 'group') return `[${service.name}]`;
  return `[${service.address}]:${protocol.toLowerCase()}:${service.port}`;
}

function membersOf(
  { service, position, persistenceTimeoutSec, realServers }: VirtualServer,
  groups: readonly VirtualServerGroup[],
  report: Report,
): readonly VirtualService[] | undefined {
  if (service.kind !== 'group') return [service];
  const group = groups.find(({ name }) => name === service.name);
  if (group === undefined) {
    report.remark(
      position,
      `virtual server group ${service.name} is not defined - ignoring the virtual server`,
    );
    return undefined;
  }
  const { members } = group;
  if (members.length === 0) {
    report.warn(position, `virtual server group ${service.name} has no entries - removing`);
    return undefined;
  }
  const families = new Set(members.flatMap(member => familyOf(member) ?? []));
  if (families.size > 1 && realServers.some(({ method }) => method !== 'TUN')) {
    report.warn(position, `virtual server group ${service.name} cannot have IPv4 and IPv6 - removing`);
    return undefined;
  }
  if (persistenceTimeoutSec === 0 && members.some(member => member.kind === 'address' && member.port === 0))
    report.warn(
      position,
      `virtual server group ${service.name}: zero port only valid for persistent services`,
    );
  return members;
}

function familyOf(member: VirtualService): 4 | 6 | undefined {
  return member.kind === 'group' ? undefined : member.family;
}

/** A tunnel carries either family. */
function matches(
  { family }: ServiceAddress,
  members: readonly VirtualService[],
  method: VirtualServer['method'],
): boolean {
  return method === 'TUN' || members.every(member => (familyOf(member) ?? family) === family);
}

/** Behind marks alone the servers say which family is meant. */
function isOfFamily(
  { address, method }: Pick<RealServer, 'address' | 'method'>,
  members: readonly VirtualService[],
  servers: readonly RealServer[],
): boolean {
  const first = servers.find(one => one.method !== 'TUN')?.address.family;
  const isMarked = members.every(({ kind }) => kind === 'fwmark');
  return !isMarked || method === 'TUN' || first === undefined || address.family === first;
}

function realServersOf(
  server: VirtualServer,
  members: readonly VirtualService[],
  report: Report,
): RealServer[] {
  const seen = new Set<string>();
  return server.realServers.flatMap(real => {
    const { address, method, position } = real;
    const fits = matches(address, members, method) && isOfFamily(real, members, server.realServers);
    if (!fits) {
      report.warn(
        position,
        `Address family of virtual server and real server ${address.address} don't match - skipping real server.`,
      );
      return [];
    }
    const judged = { ...real, address: withOwnPort(address, server, real, report) };
    const key = `${judged.address.address} ${judged.address.port}`;
    if (seen.has(key)) {
      report.warn(position, `real server ${key} is duplicated - removing second rs`);
      return [];
    }
    seen.add(key);
    return [judged];
  });
}

/** Packets reach a real server as they came unless they are translated. */
function withOwnPort(
  address: ServiceAddress,
  { service }: VirtualServer,
  { method, position }: RealServer,
  report: Report,
): ServiceAddress {
  if (method === 'NAT' || service.kind !== 'address' || service.port === address.port) return address;
  report.warn(position, `virtual server and real server ${address.address} ports don't match - resetting`);
  return { ...address, port: service.port };
}

function quorumOf(
  { quorum, hysteresis, position }: VirtualServer,
  realServers: readonly RealServer[],
  report: Report,
): Pick<VirtualServer, 'quorum' | 'hysteresis'> {
  const total = realServers.reduce((sum, { weight }) => sum + weight, 0);
  const reachable = Math.min(quorum, Math.max(1, total));
  if (reachable < quorum) tooMuch(quorum, total, position, report);
  if (hysteresis < reachable) return { quorum: reachable, hysteresis };
  if (hysteresis > 0)
    report.warn(position, `hysteresis ${hysteresis} must be less than quorum ${reachable} - ignoring`);
  return { quorum: reachable, hysteresis: 0 };
}

function tooMuch(quorum: number, total: number, position: Position, report: Report): void {
  report.warn(
    position,
    `quorum ${quorum} exceeds total weight of real servers ${total}, reducing quorum to ${Math.max(1, total)}`,
  );
}

function onePacket(
  { onePacketScheduling, protocol, service, position }: VirtualServer,
  report: Report,
): boolean {
  if (!onePacketScheduling || protocol === 'UDP' || service.kind === 'fwmark') return onePacketScheduling;
  report.warn(position, 'one packet scheduling requires UDP - resetting');
  return false;
}
