/**
 * A socket that has to be bound or told something before it connects (`source`, `interface`, keep-alive, ...): made here with the
 * kernel's own calls, then given to an engine to connect.
 */
import { errorName } from './cause.ts';
import type { ConnectTarget } from './connection.ts';
import { inNamespace } from './network-namespace.ts';
import { encodeIp } from './socket-address.ts';
import {
  abortOnClose,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IP_TRANSPARENT,
  IPV6_TRANSPARENT,
  setDelayedAck,
  setFastOpenConnect,
  setKeepalive,
  setNoDelay,
  setUserTimeout,
  signSegments,
  SO_BINDTODEVICE,
  SO_REUSEADDR,
  SOL_SOCKET,
  tuneSocket,
} from './socket-options.ts';
import { AF_INET, AF_INET6, bindSocket, closeDescriptor, openSocket, setOption } from './system-calls.ts';

export type IpTarget = ConnectTarget & { readonly kind: 'ip' };

const IP_BIND_ADDRESS_NO_PORT = 24;

/** The descriptor; undefined when the target asks for nothing special; or the name of the error. */
export function preparedSocket(target: ConnectTarget): number | undefined | SocketFailure {
  if (target.kind === 'unix') return undefined;
  return isPlain(target) ? undefined : socketFor(target, 'non-blocking');
}

/** Nothing is to be set that another connection would not want as well; `delayAck` aside. */
export function isPlain(target: IpTarget): boolean {
  const { source, interface: device, namespace, keepAlive, noLinger } = target;
  const { md5Signature, userTimeoutMs, fastOpen, tuning } = target;
  const place = source ?? device ?? namespace;
  return (
    (place ?? keepAlive ?? noLinger ?? md5Signature ?? userTimeoutMs ?? fastOpen ?? tuning) === undefined
  );
}

export interface SocketFailure {
  readonly code: string;
}

/** A socket in any case, bound as the target asks. */
export function socketFor(target: IpTarget, mode: 'non-blocking' | 'blocking'): number | SocketFailure {
  const family = target.family === 4 ? AF_INET : AF_INET6;
  const fd = inNamespace(target.namespace, () => openSocket(family, mode));
  if (fd < 0) return { code: errorName(-fd) };
  const result = prepare(fd, target);
  if (result >= 0) return fd;
  closeDescriptor(fd);
  return { code: errorName(-result) };
}

function prepare(fd: number, target: IpTarget): number {
  if (target.delayAck === true) setDelayedAck(fd);
  else setNoDelay(fd);
  if (target.keepAlive !== undefined) setKeepalive(fd, target.keepAlive);
  if (target.noLinger === true) abortOnClose(fd);
  if (target.userTimeoutMs !== undefined) setUserTimeout(fd, target.userTimeoutMs);
  if (target.fastOpen === true) setFastOpenConnect(fd);
  if (target.tuning !== undefined) tuneSocket(fd, target.tuning);
  if (target.md5Signature !== undefined) {
    const result = signSegments(fd, encodeIp(target.family, target.host, 0), target.md5Signature, 'one');
    if (result < 0) return result;
  }
  if (target.interface !== undefined) {
    const result = setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(target.interface));
    if (result < 0) return result;
  }
  const { source } = target;
  if (source === undefined) return 0;
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (source.transparent === true) {
    const result =
      target.family === 4
        ? setOption(fd, IPPROTO_IP, IP_TRANSPARENT, 1)
        : setOption(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1);
    if (result < 0) return result;
  }
  // Lets connect() choose the port, so that one source address serves more than 64K connections.
  if (source.port === 0) setOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  return bindSocket(fd, encodeIp(target.family, source.host, source.port));
}
