/**
 * The sockets of checks: from the address, port and interface that a checker says, and marked for the rules of routes and
 * packet filters (`bindto`, `bind_port`, `bind_if`, `fwmark`).
 */
import { connect, isIPv6, Socket, type SocketConstructorOpts } from 'node:net';
import { describeErrno } from '../../base/system-error.ts';
import type { Checker } from '../../model/virtual-server.ts';
import { encodeIp } from '../../net/socket-address.ts';
import { setMark, SO_BINDTODEVICE, SOL_SOCKET } from '../../net/socket-options.ts';
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  closeDescriptor,
  openDatagramSocket,
  openSocket,
  setOption,
} from '../../net/system-calls.ts';

export interface SocketTrouble {
  readonly reason: string;
}

/** Connecting to the server, or with its error to come. */
export function connectAs(checker: Checker): Socket {
  const { connectIp: host, connectPort: port } = checker;
  if (!needsOwn(checker)) return connect({ host, port, ...comingFrom(checker) });
  const fd = prepared(checker, openSocket);
  if (typeof fd !== 'number') return new Socket().destroy(new Error(fd.reason));
  return new Socket({ fd, manualStart: true } as SocketConstructorOpts).connect({ host, port });
}

/** What node:dgram is to bind: an address, or a socket that is bound already. */
export function datagramsFrom(
  checker: Checker,
): { readonly fd: number } | { readonly port: number; readonly address?: string } | SocketTrouble {
  const { bindTo, bindPort } = checker;
  if (!needsOwn(checker)) return { port: bindPort, ...(bindTo === undefined ? {} : { address: bindTo }) };
  const fd = prepared(checker, openDatagramSocket);
  return typeof fd === 'number' ? { fd } : fd;
}

/** Binds and marks a socket that `open` makes (a negative errno: it cannot). Gives the descriptor. */
export function prepared(checker: Checker, open: (domain: number) => number): number | SocketTrouble {
  const { connectIp, bindTo, bindPort, bindIf, fwmark } = checker;
  const family = isIPv6(connectIp) ? 6 : 4;
  const fd = open(family === 4 ? AF_INET : AF_INET6);
  if (fd < 0) return { reason: describeErrno(-fd) };
  const steps = [
    ['bind_if', () => (bindIf === undefined ? 0 : bindToDevice(fd, bindIf))],
    ['fwmark', () => (fwmark === 0 ? 0 : setMark(fd, fwmark))],
    ['bindto', () => (bindTo === undefined && bindPort === 0 ? 0 : bind(fd, family, bindTo, bindPort))],
  ] as const;
  for (const [word, step] of steps) {
    const result = step();
    if (result >= 0) continue;
    closeDescriptor(fd);
    return { reason: `${word}: ${describeErrno(-result)}` };
  }
  return fd;
}

/** Node knows addresses and ports. */
function needsOwn({ bindIf, fwmark }: Checker): boolean {
  return bindIf !== undefined || fwmark !== 0;
}

function comingFrom({ bindTo, bindPort }: Checker): { localAddress?: string; localPort?: number } {
  return {
    ...(bindTo === undefined ? {} : { localAddress: bindTo }),
    ...(bindPort === 0 ? {} : { localPort: bindPort }),
  };
}

function bindToDevice(fd: number, device: string): number {
  return setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(device));
}

function bind(fd: number, family: 4 | 6, address: string | undefined, port: number): number {
  return bindSocket(fd, encodeIp(family, address ?? (family === 4 ? '0.0.0.0' : '::'), port));
}
