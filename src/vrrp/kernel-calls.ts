/**
 * The few system calls that adverts, announcements and rtnetlink need beyond net/system-calls.ts, through koffi. All
 * are synchronous, so that a dying process can still give its addresses up. Results are counts, or negative errnos.
 */
import { loadKoffi } from '../net/system-calls.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOL_SOCKET = 1;
export const SO_BINDTODEVICE = 25;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MAX_SOCKADDR = 28;

interface Calls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly sendto: (
    fd: number,
    data: Buffer,
    length: number,
    flags: number,
    to: Buffer,
    toLength: number,
  ) => number;
  readonly recv: (fd: number, data: Buffer, length: number, flags: number) => number;
  readonly recvmmsg: (fd: number, messages: Buffer, count: number, flags: number, timeout: null) => number;
}

let calls: Calls | undefined;

function system(): Calls {
  if (calls !== undefined) return calls;
  const libc = loadKoffi().load(null);
  return (calls = {
    socket: libc.func('int socket(int domain, int type, int protocol)') as Calls['socket'],
    sendto: libc.func(
      'intptr_t sendto(int fd, const void *data, size_t length, int flags, const void *to, uint32_t toLength)',
    ) as Calls['sendto'],
    recvmmsg: libc.func(
      'int recvmmsg(int fd, void *messages, uint32_t count, int flags, void *timeout)',
    ) as Calls['recvmmsg'],
    recv: libc.func('intptr_t recv(int fd, void *data, size_t length, int flags)') as Calls['recv'],
  });
}

function outcome(result: number): number {
  return result < 0 ? -loadKoffi().errno() : result;
}

export function openRawSocket(domain: number, type: number, protocol: number): number {
  return outcome(system().socket(domain, type | SOCK_CLOEXEC, protocol));
}

/** Never blocks: a full queue is an error (EAGAIN). */
export function sendTo(fd: number, data: Buffer, to: Buffer): number {
  return outcome(system().sendto(fd, data, data.length, MSG_DONTWAIT, to, to.length));
}

/** Blocks until the kernel answers, which rtnetlink does at once. */
export function receive(fd: number, into: Buffer): number {
  return outcome(system().recv(fd, into, into.length, 0));
}

/** By their `struct mmsghdr`; never waits. Gives how many there were. */
export function receiveMany(fd: number, messages: Buffer, count: number): number {
  return outcome(system().recvmmsg(fd, messages, count, MSG_DONTWAIT, null));
}

/** struct sockaddr_in / sockaddr_in6 without port. */
export function socketAddress(address: Buffer, scopeId: number): Buffer {
  if (address.length === 4) {
    const sockaddr = Buffer.alloc(16);
    sockaddr.writeUInt16LE(AF_INET, 0);
    address.copy(sockaddr, 4);
    return sockaddr;
  }
  const sockaddr = Buffer.alloc(MAX_SOCKADDR);
  sockaddr.writeUInt16LE(AF_INET6, 0);
  address.copy(sockaddr, 8);
  sockaddr.writeUInt32LE(scopeId, 24);
  return sockaddr;
}

/** struct sockaddr_ll. */
export function linkAddress(interfaceIndex: number, etherType: number, mac: Buffer): Buffer {
  const sockaddr = Buffer.alloc(20);
  sockaddr.writeUInt16LE(AF_PACKET, 0);
  sockaddr.writeUInt16BE(etherType, 2);
  sockaddr.writeInt32LE(interfaceIndex, 4);
  sockaddr[11] = mac.length;
  mac.copy(sockaddr, 12);
  return sockaddr;
}

const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: 'not permitted',
  6: 'no such device or address',
  11: 'try again',
  16: 'busy',
  17: 'exists already',
  19: 'no such device',
  22: 'invalid argument',
  99: 'address not available',
  100: 'network is down',
  101: 'network is unreachable',
  105: 'no buffer space',
};

export function errorText(negativeErrno: number): string {
  return ERRNO_NAMES[-negativeErrno] ?? `error ${-negativeErrno}`;
}
