/** What tells a listening socket that somebody else has opened from others: its address, and options that cannot change. */
import { ADDRESS_SIZE, encodeIp, encodeUnix } from './socket-address.ts';
import { abstractPath } from './unix-listening.ts';
import type { ListenSettings } from './listen-settings.ts';
import {
  IP_FREEBIND,
  IP_TRANSPARENT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_FREEBIND,
  IPV6_TRANSPARENT,
  IPV6_V6ONLY,
  SOL_SOCKET,
} from './socket-options.ts';
import { AF_INET, AF_INET6, getOption, SOCK_DGRAM, socketName } from './system-calls.ts';

/** Before the key of a socket that takes datagrams. */
const DATAGRAM = 'datagram ';
const SO_TYPE = 3;

const word = Buffer.alloc(4);

/** Undefined: such a socket is not passed on. */
export function addressKey(settings: ListenSettings): string | undefined {
  const key = streamKey(settings);
  return settings.datagram === true && key !== undefined ? `${DATAGRAM}${key}` : key;
}

function streamKey(settings: ListenSettings): string | undefined {
  const { address, interface: device, namespace, transparent, v6only } = settings;
  switch (address.kind) {
    case 'ip': {
      const bytes = encodeIp(address.family, address.host, address.port);
      return key(bytes, { device, namespace }, transparent, address.family === 6 && v6only);
    }
    case 'unix':
      return pathKey(address.path);
    case 'abstract':
      return pathKey(abstractPath(address.name));
    default:
      return undefined;
  }
}

/** What a socket's name does not tell. */
interface Whereabouts {
  readonly device: string | undefined;
  readonly namespace: string | undefined;
}

export function socketAddressKey(fd: number, where: Whereabouts): string {
  const isDatagram = getOption(fd, SOL_SOCKET, SO_TYPE, word) >= 0 && word.readInt32LE() === SOCK_DGRAM;
  return (isDatagram ? DATAGRAM : '') + nameKey(fd, where);
}

function nameKey(fd: number, where: Whereabouts): string {
  const bytes = Buffer.alloc(ADDRESS_SIZE);
  const length = Math.max(0, socketName(fd, bytes));
  const name = bytes.subarray(0, length);
  const family = length < 2 ? 0 : name.readUInt16LE(0);
  if (family === AF_INET) {
    const foreign = isSet(fd, IPPROTO_IP, IP_TRANSPARENT) || isSet(fd, IPPROTO_IP, IP_FREEBIND);
    return key(name, where, foreign, false);
  }
  if (family === AF_INET6) {
    const foreign = isSet(fd, IPPROTO_IPV6, IPV6_TRANSPARENT) || isSet(fd, IPPROTO_IPV6, IPV6_FREEBIND);
    return key(name, where, foreign, isSet(fd, IPPROTO_IPV6, IPV6_V6ONLY));
  }
  const isPath = name[2] !== 0;
  return pathKey(name.toString('latin1', 2, isPath ? indexOfEnd(name) : length));
}

function indexOfEnd(name: Buffer): number {
  const end = name.indexOf(0, 2);
  return end < 0 ? name.length : end;
}

/** Sockets with a path were bound under another name first: `<path>.<pid>.tmp`. */
function pathKey(path: string): string {
  return `unix ${(encodeUnix(path) ?? Buffer.alloc(0))
    .toString('latin1', 2)
    .replace(/\0$/, '')
    .replace(/\.\d+\.tmp$/, '')}`;
}

function key(address: Buffer, where: Whereabouts, foreign: boolean, v6only: boolean): string {
  const { device = '', namespace = '' } = where;
  return `${address.toString('hex')} ${namespace} ${device}${foreign ? ' foreign' : ''}${v6only ? ' v6only' : ''}`;
}

function isSet(fd: number, level: number, name: number): boolean {
  return getOption(fd, level, name, word) >= 0 && word.readInt32LE() > 0;
}
