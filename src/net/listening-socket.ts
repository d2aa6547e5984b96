/**
 * Makes the listening descriptors of a `bind` address (manual, section 5.1), one for each data thread, each its
 * own number: TCP by SO_REUSEPORT, everything else by duplicates. The maker keeps them for as long as the process
 * serves; engines adopt them by number. Failures are values, worded as HAProxy words them.
 */
import { describeErrno } from '../base/system-error.ts';
import { errorName } from './cause.ts';
import type { Endpoint } from './connection.ts';
import type { ListenSettings } from './listen-settings.ts';
import {
  beginListening,
  DEFAULT_BACKLOG,
  failed,
  openUnbound,
  type Opened,
  type PreparedPath,
  type Refused,
} from './opened-socket.ts';
import { ADDRESS_SIZE, decodeAddress, encodeIp } from './socket-address.ts';
import {
  abortOnClose,
  IP_FREEBIND,
  IP_TRANSPARENT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_FREEBIND,
  IPV6_TRANSPARENT,
  IPV6_V6ONLY,
  setKeepalive,
  signSegments,
  SO_BINDTODEVICE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOL_SOCKET,
  tuneSocket,
  TCP_DEFER_ACCEPT,
  TCP_FASTOPEN,
  TCP_SAVE_SYN,
  TCP_MAXSEG,
  TCP_NODELAY,
  TCP_USER_TIMEOUT,
} from './socket-options.ts';
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  closeDescriptor,
  duplicateDescriptor,
  setOption,
  socketName,
} from './system-calls.ts';
import { openAbstract, openPath } from './unix-listening.ts';

export interface Listening {
  readonly fds: readonly number[];
  /** The address in use; tells the port when 0 was asked for. */
  readonly endpoint: Endpoint;
  /** Options the kernel did not take. */
  readonly warnings: readonly string[];
  /** Of a path that was only prepared: to be called once. */
  readonly path?: PreparedPath;
}

export interface ListenFailure {
  readonly message: string;
  /** The system's name of the error, such as EADDRINUSE. */
  readonly code: string;
}

const CANNOT_BIND = 'cannot bind socket';

/** What the words of the system do not say, by its numbers for errors: EACCES and EADDRNOTAVAIL. */
const REMEDIES: Readonly<Record<number, string>> = {
  13: 'ports below 1024 need root or the capability cap_net_bind_service',
  99: "no interface has this address; with 'transparent', or the sysctl ip_nonlocal_bind, it may come later",
};

export function openListening(settings: ListenSettings, count: number): Listening | ListenFailure {
  const { address } = settings;
  switch (address.kind) {
    case 'ip':
      return openIp(settings, address.family, address.host, address.port, count);
    case 'unix':
      return shared(openPath(settings, address.path), `[${address.path}]`, count);
    case 'abstract':
      return shared(openAbstract(settings, address.name), `[abns@${address.name}]`, count);
    case 'fd':
      return shared(inherit(settings, address.fd), `[fd@${address.fd}]`, count);
    case 'sockpair':
      return { message: `cannot listen on sockpair@${address.fd}: not a listening address`, code: 'EINVAL' };
    case 'reverse':
      return { message: 'cannot listen on rhttp@: only proxies connect in reverse', code: 'EINVAL' };
    case 'name':
      return { message: `cannot listen on '${address.host}': not resolved`, code: 'EINVAL' };
  }
}

export function isListenFailure(result: Listening | ListenFailure): result is ListenFailure {
  return 'message' in result;
}

/** Sockets that another process has opened get the options of this one's configuration. */
export function adoptListening(settings: ListenSettings, fds: readonly number[]): Listening {
  const warnings: string[] = [];
  for (const fd of fds) {
    const isTcp = settings.address.kind === 'ip' && settings.datagram !== true;
    if (isTcp) applyInherited(fd, settings);
    const refused = applyLateOptions(fd, settings, warnings);
    if (refused !== undefined) warnings.push(`${refused.step} (${describeErrno(refused.errno)})`);
    const listening = beginListening(fd, settings);
    if (listening < 0) warnings.push(`cannot listen to socket (${describeErrno(-listening)})`);
  }
  return { fds, endpoint: ownAddress(fds[0] as number), warnings };
}

/** More threads than sockets want more of the same address; where there can be no more they share one. */
export function extendListening(
  known: Pick<Listening, 'fds' | 'endpoint'> & Partial<Listening>,
  settings: ListenSettings,
  count: number,
): Listening | ListenFailure {
  const { fds, endpoint, warnings = [] } = known;
  const missing = count - fds.length;
  if (missing <= 0) return { fds, endpoint, warnings };
  if (settings.address.kind === 'ip' && settings.noReusePort !== true) {
    const opened = openListening(settings, missing);
    if (!isListenFailure(opened)) return { ...opened, fds: [...fds, ...opened.fds], warnings };
  }
  const copies = Array.from({ length: missing }, () => duplicateDescriptor(fds[0] as number));
  return { fds: [...fds, ...copies], endpoint, warnings };
}

function openIp(
  settings: ListenSettings,
  family: 4 | 6,
  host: string,
  port: number,
  count: number,
): Listening | ListenFailure {
  const first = openTcp(settings, family, host, port);
  const where = `[${host}:${port}]`;
  if (settings.noReusePort === true || 'step' in first || count <= 1) return shared(first, where, count);
  const endpoint = ownAddress(first.fd);
  const fds = [first.fd];
  while (fds.length < count) {
    const next = openTcp(settings, family, host, endpoint.port);
    if ('step' in next) {
      for (const fd of fds) closeDescriptor(fd);
      return failure(next, where);
    }
    fds.push(next.fd);
  }
  return { fds, endpoint, warnings: first.warnings };
}

/** One socket, a duplicate of its descriptor for each further thread. */
function shared(opened: Opened, where: string, count: number): Listening | ListenFailure {
  if ('step' in opened) return failure(opened, where);
  const fds = [opened.fd];
  while (fds.length < count) {
    const copy = duplicateDescriptor(opened.fd);
    if (copy < 0) {
      for (const fd of fds) closeDescriptor(fd);
      return failure({ step: 'cannot duplicate socket', errno: -copy }, where);
    }
    fds.push(copy);
  }
  const { fd, warnings, path } = opened;
  return { fds, endpoint: ownAddress(fd), warnings, ...(path !== undefined && { path }) };
}

function failure({ step, errno }: Refused, where: string): ListenFailure {
  const remedy = step === CANNOT_BIND ? REMEDIES[errno] : undefined;
  const message = `${step} (${describeErrno(errno)}) for ${where}${remedy === undefined ? '' : `: ${remedy}`}`;
  return { message, code: errorName(errno) };
}

/** Every address of a family. */
const ANY = { 4: '0.0.0.0', 6: '::' };

function ownAddress(fd: number): Endpoint {
  const bytes = Buffer.alloc(ADDRESS_SIZE);
  return decodeAddress(bytes, socketName(fd, bytes));
}

function openTcp(settings: ListenSettings, family: 4 | 6, host: string, port: number): Opened {
  const fd = openUnbound(settings, family === 4 ? AF_INET : AF_INET6);
  if (fd < 0) return { step: 'cannot create listening socket', errno: -fd };
  const warnings: string[] = [];
  const refused = applyBindOptions(fd, settings, family);
  if (refused !== undefined) return failed(fd, refused.step, -refused.errno);
  const bound = bindSocket(fd, encodeIp(family, host, port));
  if (bound < 0) return failed(fd, CANNOT_BIND, bound);
  const unsigned = applyLateOptions(fd, settings, warnings);
  if (unsigned !== undefined) return failed(fd, unsigned.step, -unsigned.errno);
  const listening = settings.isPrepared === true ? 0 : beginListening(fd, settings);
  if (listening < 0) return failed(fd, 'cannot listen to socket', listening);
  return { fd, warnings };
}

/** What accepted sockets inherit from the listening one: the kernel copies it, so that no call is needed for each. */
function applyInherited(fd: number, { keepAlive, noLinger }: ListenSettings): void {
  setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (keepAlive !== undefined) setKeepalive(fd, keepAlive);
  if (noLinger === true) abortOnClose(fd);
}

/** Before bind(). */
function applyBindOptions(fd: number, settings: ListenSettings, family: 4 | 6): Refused | undefined {
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (settings.noReusePort !== true) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (settings.datagram !== true) applyInherited(fd, settings);
  if (family === 6 && settings.v6only) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  else if (family === 6 && settings.v4v6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (settings.transparent) {
    const result = setTransparent(fd, family);
    if (result < 0) return { step: 'cannot make listening socket transparent', errno: -result };
  }
  if (settings.interface !== undefined) {
    const result = setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(settings.interface));
    if (result < 0) return { step: 'cannot bind listener to device', errno: -result };
  }
  return undefined;
}

/** IP_FREEBIND is enough to bind where the right for IP_TRANSPARENT is missing. */
function setTransparent(fd: number, family: 4 | 6): number {
  const [level, transparent, free] =
    family === 4
      ? [IPPROTO_IP, IP_TRANSPARENT, IP_FREEBIND]
      : [IPPROTO_IPV6, IPV6_TRANSPARENT, IPV6_FREEBIND];
  const result = setOption(fd, level, transparent, 1);
  return result >= 0 ? result : setOption(fd, level, free, 1);
}

/** On a socket that has its address, whoever has bound it. */
function applyLateOptions(fd: number, settings: ListenSettings, warnings: string[]): Refused | undefined {
  const { family } = ownAddress(fd);
  if (family !== 4 && family !== 6) return undefined;
  if (settings.datagram !== true) applyTcpOptions(fd, settings, warnings);
  if (settings.tuning !== undefined && tuneSocket(fd, settings.tuning) < 0)
    warnings.push('cannot set all buffer sizes and the congestion control');
  if (settings.md5Signature === undefined) return undefined;
  const signed = signSegments(fd, encodeIp(family, ANY[family], 0), settings.md5Signature, 'all');
  return signed < 0 ? { step: 'cannot sign segments', errno: -signed } : undefined;
}

function applyTcpOptions(fd: number, settings: ListenSettings, warnings: string[]): void {
  const set = (option: number, value: number, name: string): void => {
    if (setOption(fd, IPPROTO_TCP, option, value) < 0) warnings.push(`cannot ${name}`);
  };
  if (settings.mss !== undefined) set(TCP_MAXSEG, settings.mss, 'set MSS');
  if (settings.tcpUserTimeoutMs > 0) set(TCP_USER_TIMEOUT, settings.tcpUserTimeoutMs, 'set TCP User Timeout');
  if (settings.saveSyn !== undefined) set(TCP_SAVE_SYN, settings.saveSyn, 'keep SYN packets');
  if (settings.deferAccept) set(TCP_DEFER_ACCEPT, 1, 'enable DEFER_ACCEPT');
  if (settings.tfo) set(TCP_FASTOPEN, settings.backlog || DEFAULT_BACKLOG, 'enable TCP_FASTOPEN');
}

/** `fd@<n>`: a duplicate, so that the number inherited stays as it is for the next generation. */
function inherit(settings: ListenSettings, inherited: number): Opened {
  const fd = duplicateDescriptor(inherited);
  if (fd < 0) return { step: 'cannot use inherited descriptor', errno: -fd };
  const listening = beginListening(fd, settings);
  if (listening < 0) return failed(fd, 'cannot listen to socket', listening);
  if (settings.datagram !== true) applyInherited(fd, settings);
  const warnings: string[] = [];
  const refused = applyLateOptions(fd, settings, warnings);
  return refused === undefined ? { fd, warnings } : failed(fd, refused.step, -refused.errno);
}
