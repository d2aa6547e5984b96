/**
 * Virtual servers of keepalived.conf -> services as the ruleset sees them: groups resolved, and without what nftables
 * cannot forward, which is named. Pure; called by whoever forwards, and at the check of a configuration.
 */
import type { Diagnostic, Position } from '../model/diagnostic.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type {
  RealServer,
  VirtualServer,
  VirtualServerGroup,
  VirtualService,
} from '../model/virtual-server.ts';
import type { Protocol, ServerPlace, Service, Target } from './service.ts';

export interface ResolvedService {
  readonly service: Service;
  /** Its real servers are those of `service`, in the same order. */
  readonly config: VirtualServer;
}

interface ResolvedServices {
  readonly services: readonly ResolvedService[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The kernel's own layer 4 switch waits for a quarter of room where `lthreshold` is not said. */
const ROOM = 3 / 4;

type Warn = (position: Position, message: string) => void;

export function resolveServices({ virtualServers, virtualServerGroups }: KeepalivedConfig): ResolvedServices {
  const diagnostics: Diagnostic[] = [];
  const warn: Warn = (position, message) => diagnostics.push({ severity: 'warning', position, message });
  const services = virtualServers.flatMap((server, index) => {
    const config = forwardable(server, warn);
    if (config === undefined) return [];
    const targets = targetsOf(config.service, virtualServerGroups);
    warnAboutWords(config, warn);
    return [{ config, service: serviceOf(config, `vs${index}`, targets) }];
  });
  return { services, diagnostics };
}

/** Without servers, and without itself, that have a method nftables does not have. */
function forwardable(server: VirtualServer, warn: Warn): VirtualServer | undefined {
  const { method, realServers, sorryServer, ...rest } = server;
  if (method === 'TUN') {
    warn(
      server.position,
      `virtual server ${nameOf(server)}: nothing is forwarded by TUN, only by NAT and DR - ignoring`,
    );
    return undefined;
  }
  const kept = realServers.filter(real => {
    if (real.method !== method)
      warn(
        real.position,
        `real server ${real.address.address}: all servers of a virtual server have its lvs_method ${method}, not ${real.method} - ignoring`,
      );
    return real.method === method;
  });
  const sorryFits = sorryServer === undefined || sorryServer.method === method;
  if (!sorryFits)
    warn(server.position, `sorry_server: it has the lvs_method of its virtual server, ${method} - ignoring`);
  if (kept.length === 0) return undefined;
  return {
    ...rest,
    method,
    realServers: kept,
    ...(sorryFits && sorryServer !== undefined ? { sorryServer } : {}),
  };
}

/** What has another effect than in the kernel's own layer 4 switch. */
function warnAboutWords(server: VirtualServer, warn: Warn): void {
  const { scheduler, position, onePacketScheduling, persistenceTimeoutSec, realServers } = server;
  if (scheduler === 'lblc' || scheduler === 'lblcr')
    warn(position, `lvs_sched ${scheduler}: taken as dh, by destination and without regard to load`);
  if (onePacketScheduling && persistenceTimeoutSec === 0 && !isPacketByPacket(server))
    warn(position, 'ops has an effect with DR and protocol UDP only: packets of one flow go to one server');
  for (const { uthreshold, lthreshold, position: at } of realServers)
    if (uthreshold === 0 && lthreshold > 0) warn(at, 'lthreshold has no effect without uthreshold');
}

function serviceOf(config: VirtualServer, id: string, targets: readonly Target[]): Service {
  const { persistenceTimeoutSec, persistenceGranularity, schedulerFlags, realServers, sorryServer } = config;
  const protocol = protocolOf(config);
  return {
    id,
    name: nameOf(config),
    family: realServers[0]?.address.family ?? 4,
    ...(protocol === undefined ? {} : { protocol }),
    targets,
    method: config.method === 'DR' ? 'DR' : 'NAT',
    scheduler: config.scheduler,
    hashesPort: schedulerFlags.some(flag => flag === 'sh-port' || flag === 'mh-port' || flag === 'flag-2'),
    ...(isPacketByPacket(config) ? { packetByPacket: true } : {}),
    ...(persistenceTimeoutSec === 0
      ? {}
      : { persistence: { timeoutSec: persistenceTimeoutSec, prefixLength: persistenceGranularity } }),
    servers: [
      ...realServers.map(placeOf),
      ...(sorryServer === undefined
        ? []
        : [{ address: sorryServer.address.address, port: sorryServer.address.port }]),
    ],
  };
}

function placeOf({ address: { address, port }, uthreshold, lthreshold }: RealServer): ServerPlace {
  if (uthreshold === 0) return { address, port };
  return { address, port, limit: { full: uthreshold, again: lthreshold || uthreshold * ROOM } };
}

function protocolOf({ service, protocol }: VirtualServer): Protocol | undefined {
  return service.kind === 'fwmark' ? undefined : (protocol.toLowerCase() as Protocol);
}

function targetsOf(service: VirtualService, groups: readonly VirtualServerGroup[]): Target[] {
  if (service.kind !== 'group') return [targetOf(service)];
  const members = groups.find(({ name }) => name === service.name)?.members ?? [];
  return members.flatMap(member => (member.kind === 'group' ? [] : [targetOf(member)]));
}

function targetOf(service: Exclude<VirtualService, { readonly kind: 'group' }>): Target {
  if (service.kind === 'fwmark') return { kind: 'mark', mark: service.fwmark };
  const { address, lastAddress, port } = service;
  return { kind: 'address', first: address, last: lastAddress, port };
}

/** For datagrams that no persistence keeps together. */
function isPacketByPacket(config: VirtualServer): boolean {
  const { onePacketScheduling, method, persistenceTimeoutSec } = config;
  return (
    onePacketScheduling && method === 'DR' && persistenceTimeoutSec === 0 && protocolOf(config) === 'udp'
  );
}

/** keepalived's names of virtual servers: `[10.0.0.1]:tcp:80`, `FWM 5`, `[GROUP]:0`. */
export function nameOf({ service, protocol }: VirtualServer): string {
  if (service.kind === 'fwmark') return `FWM ${service.fwmark}`;
  if (service.kind === 'group') return `[${service.name}]:0`;
  return `[${service.address}]:${protocol.toLowerCase()}:${service.port}`;
}
