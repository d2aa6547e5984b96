/**
 * Sends VRRP packets with a header of our own, so that the source address is free to choose. Synchronous, through
 * koffi: an advert of priority 0 is on the wire when the call returns, even in a process that dies.
 */
import type { IpAddress } from '../base/ip-address.ts';
import { closeDescriptor, setOption } from '../net/system-calls.ts';
import { bytesOfIp } from './ip-bytes.ts';
import { AH_PROTOCOL, close as closeSeal, openHeader, type Seal } from './authentication-header.ts';
import { withIpv4Header } from './ipv4-header.ts';
import { withIpv6Header } from './ipv6-header.ts';
import {
  AF_INET,
  AF_INET6,
  openRawSocket,
  sendTo,
  socketAddress,
  SOCK_RAW,
  SOL_SOCKET,
  SO_BINDTODEVICE,
} from './kernel-calls.ts';

const IPPROTO_RAW = 255;
const SO_PRIORITY = 12;
const TC_PRIO_CONTROL = 7;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_LOOP = 34;
const IPPROTO_IPV6 = 41;
const IPV6_MULTICAST_IF = 17;
const IPV6_MULTICAST_LOOP = 19;

const MOST_ID = 0xffff;

export interface AdvertSender {
  /** 0 or a negative errno. */
  send(
    payload: Buffer,
    source: IpAddress,
    destination: IpAddress,
    ttl: number,
    keepsConnections?: boolean,
    seal?: Seal,
  ): number;
  close(): void;
}

export function openSender(
  family: 4 | 6,
  device: { readonly name: string; readonly index: number } | undefined,
): AdvertSender {
  // a socket of protocol 255 brings its own header and receives nothing
  const fd = openRawSocket(family === 4 ? AF_INET : AF_INET6, SOCK_RAW, IPPROTO_RAW);
  if (fd < 0) return { send: () => fd, close: () => {} };
  setOption(fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
  if (device !== undefined) setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${device.name}\0`));
  const index = device?.index ?? 0;
  if (family === 4) {
    const membership = Buffer.alloc(12);
    membership.writeInt32LE(index, 8);
    setOption(fd, 0, IP_MULTICAST_IF, membership);
    setOption(fd, 0, IP_MULTICAST_LOOP, 0);
  } else {
    setOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
    setOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
  }
  let id = 0;
  return {
    send: (payload, source, destination, ttl, keepsConnections, seal) => {
      // the kernel would choose another one for 0
      id = (id % MOST_ID) + 1;
      const packet =
        family === 6
          ? withIpv6Header(payload, source, destination, ttl)
          : seal === undefined
            ? withIpv4Header(payload, source, destination, ttl, id, keepsConnections)
            : sealed(payload, source, destination, ttl, id, keepsConnections, seal);
      return Math.min(0, sendTo(fd, packet, socketAddress(bytesOfIp(destination), index)));
    },
    close: () => void closeDescriptor(fd),
  };
}

function sealed(
  payload: Buffer,
  source: IpAddress,
  destination: IpAddress,
  ttl: number,
  id: number,
  keepsConnections: boolean | undefined,
  seal: Seal,
): Buffer {
  const behind = Buffer.concat([openHeader(source, seal), payload]);
  return closeSeal(withIpv4Header(behind, source, destination, ttl, id, keepsConnections, AH_PROTOCOL), seal);
}
