/** Interfaces and addresses out of and into rtnetlink messages (ip-link, ip-address); no I/O. */
import type { IpAddress } from '../base/ip-address.ts';
import type { AddressScope, IpAddressEntry } from '../model/ip-entry.ts';
import { bytesOfIp, ipOf, readIp } from './ip-bytes.ts';
import { AF_INET, AF_INET6 } from './kernel-calls.ts';
import {
  decodeAttributes,
  encodeAttribute,
  text,
  textOf,
  word,
  type NetlinkMessage,
} from './netlink-message.ts';

const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;

const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_LABEL = 3;
const IFA_BROADCAST = 4;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const IFA_F_NODAD = 0x02;
const IFA_F_HOMEADDRESS = 0x10;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_MANAGETEMPADDR = 0x100;
const IFA_F_NOPREFIXROUTE = 0x200;
const IFA_F_MCAUTOJOIN = 0x400;
const FOREVER = 0xffff_ffff;

const RT_TABLE_LOCAL = 255;
const RTPROT_STATIC = 4;
const RTN_LOCAL = 2;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_PRIORITY = 6;

const SCOPE: Readonly<Record<AddressScope, number>> = {
  global: 0,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255,
};

export interface Link {
  readonly index: number;
  readonly name: string;
  /** Administratively up and with carrier. */
  readonly up: boolean;
  readonly mac: Buffer;
  readonly mtu: number;
  /** Index of the interface below (macvlan, vlan), or 0. */
  readonly below: number;
}

export interface HeldAddress {
  readonly link: number;
  readonly ip: IpAddress;
  readonly prefixLength: number;
  readonly linkLocal: boolean;
  /** Not usable yet: duplicate detection is running. */
  readonly tentative: boolean;
}

export function linkOf(message: NetlinkMessage): Link {
  const flags = message.body.readUInt32LE(8);
  const attributes = decodeAttributes(message.body.subarray(16));
  return {
    index: message.body.readInt32LE(4),
    name: textOf(attributes.get(IFLA_IFNAME)),
    up: (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0,
    mac: attributes.get(IFLA_ADDRESS) ?? Buffer.alloc(6),
    mtu: attributes.get(IFLA_MTU)?.readUInt32LE() ?? 1500,
    below: attributes.get(IFLA_LINK)?.readUInt32LE() ?? 0,
  };
}

export function addressOf(message: NetlinkMessage): HeldAddress | undefined {
  const [family = 0, prefixLength = 0, shortFlags = 0, scope = 0] = message.body;
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const attributes = decodeAttributes(message.body.subarray(8));
  const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  if (bytes === undefined) return undefined;
  const flags = attributes.get(IFA_FLAGS)?.readUInt32LE() ?? shortFlags;
  return {
    link: message.body.readUInt32LE(4),
    ip: readIp(bytes, 0, family === AF_INET ? 4 : 6),
    prefixLength,
    linkLocal: scope === SCOPE.link,
    tentative: (flags & IFA_F_TENTATIVE) !== 0,
  };
}

/** struct ifinfomsg that asks for every link. */
export function anyLink(): Buffer {
  return Buffer.alloc(16);
}

/** struct ifaddrmsg that asks for every address. */
export function anyAddress(): Buffer {
  return Buffer.alloc(8);
}

/** The body of RTM_NEWADDR for a virtual address: without duplicate detection, it is ours already. */
export function newAddressBody(entry: IpAddressEntry, link: Link): Buffer {
  const parts = [addressHead(entry, link.index, SCOPE[entry.scope ?? 'global']), ...endPoints(entry)];
  const broadcast = broadcastOf(entry);
  if (broadcast !== undefined) parts.push(encodeAttribute(IFA_BROADCAST, broadcast));
  if (entry.label !== undefined && entry.family === 4)
    parts.push(encodeAttribute(IFA_LABEL, text(entry.label)));
  parts.push(encodeAttribute(IFA_FLAGS, word(flagsOf(entry))));
  const preferred = preferredLifetime(entry);
  if (preferred !== undefined) parts.push(encodeAttribute(IFA_CACHEINFO, lifetimes(preferred)));
  return Buffer.concat(parts);
}

export function oldAddressBody(entry: IpAddressEntry, link: Link): Buffer {
  return Buffer.concat([addressHead(entry, link.index, 0), ...endPoints(entry)]);
}

/** struct rtmsg: `ip route add local IP/32 dev LO table local metric 1`; the address's own route has no metric. */
export function localRouteBody(ip: IpAddress, loopback: number): Buffer {
  const head = Buffer.from([
    AF_INET,
    32,
    0,
    0,
    RT_TABLE_LOCAL,
    RTPROT_STATIC,
    SCOPE.host,
    RTN_LOCAL,
    0,
    0,
    0,
    0,
  ]);
  return Buffer.concat([
    head,
    encodeAttribute(RTA_DST, bytesOfIp(ip)),
    encodeAttribute(RTA_OIF, word(loopback)),
    encodeAttribute(RTA_PRIORITY, word(1)),
  ]);
}

function addressHead(entry: IpAddressEntry, link: number, scope: number): Buffer {
  const head = Buffer.alloc(8);
  head[0] = entry.family === 4 ? AF_INET : AF_INET6;
  head[1] = entry.peer?.prefixLength ?? entry.prefixLength;
  head[3] = scope;
  head.writeUInt32LE(link, 4);
  return head;
}

function endPoints(entry: IpAddressEntry): Buffer[] {
  const local = bytesOfIp(ipOf(entry.address));
  const far = entry.peer === undefined ? local : bytesOfIp(ipOf(entry.peer.address));
  return [encodeAttribute(IFA_LOCAL, local), encodeAttribute(IFA_ADDRESS, far)];
}

function flagsOf(entry: IpAddressEntry): number {
  return (
    (entry.family === 6 ? IFA_F_NODAD : 0) |
    (entry.home ? IFA_F_HOMEADDRESS : 0) |
    (entry.mngtmpaddr ? IFA_F_MANAGETEMPADDR : 0) |
    (entry.noprefixroute ? IFA_F_NOPREFIXROUTE : 0) |
    (entry.autojoin ? IFA_F_MCAUTOJOIN : 0)
  );
}

/** An IPv6 host address counts as deprecated, so that it is not chosen as source (keepalived.conf(5)). */
function preferredLifetime(entry: IpAddressEntry): number | undefined {
  if (entry.preferredLftSec !== undefined)
    return entry.preferredLftSec === Infinity ? FOREVER : entry.preferredLftSec;
  return entry.family === 6 && entry.prefixLength === 128 ? 0 : undefined;
}

function lifetimes(preferredSec: number): Buffer {
  return Buffer.concat([word(preferredSec), word(FOREVER), word(0), word(0)]);
}

/** `+` and `-`: the host bits of the network set or cleared. */
function broadcastOf(entry: IpAddressEntry): Buffer | undefined {
  if (entry.broadcast === undefined || entry.family === 6) return undefined;
  if (entry.broadcast !== '+' && entry.broadcast !== '-') return bytesOfIp(ipOf(entry.broadcast));
  const bits = bytesOfIp(ipOf(entry.address)).readUInt32BE();
  const hosts = entry.prefixLength === 0 ? 0xffff_ffff : 2 ** (32 - entry.prefixLength) - 1;
  const value = Buffer.alloc(4);
  value.writeUInt32BE((entry.broadcast === '+' ? bits | hosts : bits & ~hosts) >>> 0);
  return value;
}
