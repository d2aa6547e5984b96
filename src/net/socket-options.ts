/**
 * Options of a connection's socket, by descriptor: for the rules set-tos, set-mark, silent-drop, for the keepalive
 * and user-timeout settings of binds and servers, and for the samples that ask the kernel (fc_rtt, ...).
 * A result below zero is the kernel's error number; -1 descriptors (closed, TLS) give EBADF like that.
 */
import type { TcpKeepAlive } from '../model/proxy.ts';
import type { Endpoint } from './connection.ts';
import type { SocketTuning } from './socket-tuning.ts';
import { getOption, setOption } from './system-calls.ts';

export const SOL_SOCKET = 1;
export const IPPROTO_IP = 0;
export const IPPROTO_TCP = 6;
export const IPPROTO_IPV6 = 41;

export const SO_REUSEADDR = 2;
const SO_LINGER = 13;
export const SO_REUSEPORT = 15;
export const SO_BINDTODEVICE = 25;
const SO_KEEPALIVE = 9;
const SO_MARK = 36;
const IP_TOS = 1;
const IP_TTL = 2;
export const IP_FREEBIND = 15;
export const IP_TRANSPARENT = 19;
export const IPV6_V6ONLY = 26;
const IPV6_UNICAST_HOPS = 16;
const IPV6_TCLASS = 67;
export const IPV6_TRANSPARENT = 75;
export const IPV6_FREEBIND = 78;
export const TCP_NODELAY = 1;
export const TCP_MAXSEG = 2;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
export const TCP_DEFER_ACCEPT = 9;
const TCP_INFO = 11;
const TCP_MD5SIG = 14;
export const TCP_USER_TIMEOUT = 18;
const TCP_REPAIR = 19;
const TCP_MD5SIG_EXT = 32;
export const TCP_FASTOPEN = 23;
/** Of a listening socket: 1 keeps IP and TCP headers of each SYN, 2 the Ethernet header too. */
export const TCP_SAVE_SYN = 27;
const TCP_SAVED_SYN = 28;
const TCP_FASTOPEN_CONNECT = 30;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const TCP_CONGESTION = 13;
const TCP_NOTSENT_LOWAT = 25;

/** set-tos / set-fc-tos: the DS field of what is sent. */
export function setTos(fd: number, family: Endpoint['family'], tos: number): number {
  return family === 6
    ? setOption(fd, IPPROTO_IPV6, IPV6_TCLASS, tos)
    : setOption(fd, IPPROTO_IP, IP_TOS, tos);
}

/** set-mark / set-fc-mark: the netfilter mark of what is sent. */
export function setMark(fd: number, mark: number): number {
  return setOption(fd, SOL_SOCKET, SO_MARK, mark);
}

/** option tcpka/clitcpka/srvtcpka with their -cnt, -idle, -intvl. */
export function setKeepalive(fd: number, keepalive: TcpKeepAlive): number {
  const result = setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  const set = (name: number, value: number): void => {
    if (value > 0) setOption(fd, IPPROTO_TCP, name, value);
  };
  set(TCP_KEEPCNT, keepalive.count);
  set(TCP_KEEPIDLE, Math.ceil(keepalive.idleMs / 1000));
  set(TCP_KEEPINTVL, Math.ceil(keepalive.intervalMs / 1000));
  return result;
}

/**
 * Before connecting: the handshake's last step waits for data to go with, or for the close. Unlike TCP_QUICKACK this
 * stays when the socket connects again.
 */
export function setDelayedAck(fd: number): number {
  return setOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
}

export function setNoDelay(fd: number): number {
  return setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

export function setUserTimeout(fd: number, timeoutMs: number): number {
  return setOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, timeoutMs);
}

/** The server option `tfo`: data may travel with the SYN. Before connecting. */
export function setFastOpenConnect(fd: number): number {
  return setOption(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
}

const TCP_MD5SIG_FLAG_PREFIX = 1;
/** struct tcp_md5sig of linux/tcp.h: an address, flags, length of a prefix, length of the key, interface, key. */
const MD5_SIGNATURE = { bytes: 216, flags: 128, keyLength: 130, key: 136, mostKeyBytes: 80 };

/**
 * `tcp-md5sig`: segments to and from that address, or from any of its family, carry a signature and are dropped without
 * one (RFC 2385). Before connecting or listening; what is accepted inherits it. `address`: a struct sockaddr.
 */
export function signSegments(fd: number, address: Buffer, password: string, peers: 'one' | 'all'): number {
  const key = Buffer.from(password).subarray(0, MD5_SIGNATURE.mostKeyBytes);
  const request = Buffer.alloc(MD5_SIGNATURE.bytes);
  address.copy(request);
  if (peers === 'all') request[MD5_SIGNATURE.flags] = TCP_MD5SIG_FLAG_PREFIX;
  request.writeUInt16LE(key.length, MD5_SIGNATURE.keyLength);
  key.copy(request, MD5_SIGNATURE.key);
  return setOption(fd, IPPROTO_TCP, peers === 'all' ? TCP_MD5SIG_EXT : TCP_MD5SIG, request);
}

/** Sockets accepted from a listening one inherit it. The last error counts. */
export function tuneSocket(fd: number, tuning: SocketTuning): number {
  const { receiveBuffer, sendBuffer, notSentLowat, congestion } = tuning;
  let result = 0;
  const set = (level: number, name: number, value: number | Buffer | undefined): void => {
    if (value !== undefined) result = Math.min(result, setOption(fd, level, name, value));
  };
  set(SOL_SOCKET, SO_RCVBUF, receiveBuffer);
  set(SOL_SOCKET, SO_SNDBUF, sendBuffer);
  set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, notSentLowat);
  set(IPPROTO_TCP, TCP_CONGESTION, congestion === undefined ? undefined : Buffer.from(congestion));
  return result;
}

const ABORT = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

/** close() will then send RST and forget what was not sent (SO_LINGER 0); option nolinger. */
export function abortOnClose(fd: number): number {
  return setOption(fd, SOL_SOCKET, SO_LINGER, ABORT);
}

/**
 * For silent-drop: makes the close that follows invisible to the peer. TCP_REPAIR closes without a segment; it
 * needs CAP_NET_ADMIN. Without it, the TTL of what is sent is lowered to 1, so that the RST dies at the first
 * router, as the manual describes it. `rstTtl`: the RST is wanted, and gets as far as that.
 */
export function silenceClose(fd: number, family: Endpoint['family'], rstTtl: number | undefined): number {
  abortOnClose(fd);
  const repaired = rstTtl === undefined ? setOption(fd, IPPROTO_TCP, TCP_REPAIR, 1) : -1;
  if (repaired >= 0) return repaired;
  const ttl = rstTtl ?? 1;
  return family === 6
    ? setOption(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl)
    : setOption(fd, IPPROTO_IP, IP_TTL, ttl);
}

/** What the samples fc_rtt, fc_rttvar, fc_unacked, ... read. Times in microseconds. */
export interface TcpInfo {
  readonly state: number;
  readonly rttUs: number;
  readonly rttVarianceUs: number;
  readonly unacked: number;
  readonly sacked: number;
  readonly lost: number;
  readonly retransmits: number;
  readonly fackets: number;
  readonly reordering: number;
}

const tcpInfo = Buffer.alloc(104);

/** struct tcp_info of linux/tcp.h: eight single bytes, then 32-bit words from offset 8. */
export function readTcpInfo(fd: number): TcpInfo | undefined {
  if (getOption(fd, IPPROTO_TCP, TCP_INFO, tcpInfo) < 0) return undefined;
  return {
    state: tcpInfo[0] as number,
    unacked: tcpInfo.readUInt32LE(24),
    sacked: tcpInfo.readUInt32LE(28),
    lost: tcpInfo.readUInt32LE(32),
    retransmits: tcpInfo.readUInt32LE(36),
    fackets: tcpInfo.readUInt32LE(40),
    rttUs: tcpInfo.readUInt32LE(68),
    rttVarianceUs: tcpInfo.readUInt32LE(72),
    reordering: tcpInfo.readUInt32LE(88),
  };
}

/** Room for Ethernet, IP and TCP headers with all their options. */
const savedSyn = Buffer.alloc(512);

/** The SYN a connection began with, where its listener kept it; valid until the next call. Often given only once. */
export function readSavedSyn(fd: number): Buffer | undefined {
  const length = getOption(fd, IPPROTO_TCP, TCP_SAVED_SYN, savedSyn);
  return length > 0 ? savedSyn.subarray(0, length) : undefined;
}

const LISTEN_STATE = 10;
const KERNEL_MAXIMUM = 0x7fffffff;

/** The backlog a listening socket was given (TCP says so in tcpi_sacked); else what the kernel allows at most. */
export function listenBacklog(fd: number): number {
  const info = readTcpInfo(fd);
  return info?.state === LISTEN_STATE && info.sacked > 0 ? info.sacked : KERNEL_MAXIMUM;
}

const SO_ERROR = 4;
const errorWord = Buffer.alloc(4);

/** The pending error of a socket (SO_ERROR), 0 when there is none; asking takes it away. */
export function pendingError(fd: number): number {
  return getOption(fd, SOL_SOCKET, SO_ERROR, errorWord) < 0 ? 0 : errorWord.readInt32LE();
}
