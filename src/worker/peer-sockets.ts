/** Sockets of `peers` sections: where this node listens, and connections to the others. */
import {
  connect,
  createServer,
  Socket,
  type NetConnectOpts,
  type Server as Listener,
  type SocketConstructorOpts,
} from 'node:net';
import type { Address } from '../model/address.ts';
import type { Config } from '../model/config.ts';
import type { Notice } from '../model/notice.ts';
import type { Peer, PeersSection } from '../model/peers.ts';
import type { Server } from '../model/server.ts';
import type { ConnectTarget, Endpoint } from '../net/connection.ts';
import { abstractPath } from '../net/unix-listening.ts';
import { isListenFailure } from '../net/listening-socket.ts';
import { preparedSocket } from '../net/prepared-socket.ts';
import { buildLocal } from '../net/proxy-protocol/build.ts';
import { parseProxyHeader } from '../net/proxy-protocol/parse.ts';
import { serverSocket } from '../net/server-socket.ts';
import type { ControlTls, SecureAccept } from './control-tls.ts';
import { bindNow, nthPeersSection, type OpenListening } from './bind-listeners.ts';

export interface PeersListener {
  readonly section: PeersSection;
  readonly fd: number;
  /** With the port that was given, where any would do. */
  readonly endpoint: Endpoint;
}

/** Undefined when one could not be bound; each was reported. */
export function bindPeers(
  { peers }: Config,
  notice: Notice,
  open: OpenListening = bindNow,
): readonly PeersListener[] | undefined {
  const listeners: PeersListener[] = [];
  let failed = false;
  for (const [index, section] of peers.entries()) {
    const { bind } = section;
    if (bind === undefined) continue;
    const listening = open(bind, nthPeersSection(index), 1);
    if (isListenFailure(listening)) {
      const { file, line } = bind.position;
      notice('alert', `Binding [${file}:${line}] for peers ${section.name}: ${listening.message}`);
      failed = true;
      continue;
    }
    listeners.push({ section, fd: listening.fds[0] as number, endpoint: listening.endpoint });
  }
  return failed ? undefined : listeners;
}

/** `adopt` gets connections as they are made; `secure`: encrypts them first. */
export function listenForPeers(
  { section, fd }: PeersListener,
  secure: SecureAccept | undefined,
  adopt: (socket: Socket) => void,
  onError: (text: string) => void,
): Listener {
  const isPlain = secure === undefined;
  const hasHeader = section.bind?.acceptProxy === true;
  const options = { noDelay: true, keepAlive: true, pauseOnConnect: !isPlain && !hasHeader };
  const server = createServer(options, socket => {
    socket.on('error', () => undefined);
    const begin = (ahead: Buffer | undefined): void => {
      if (!isPlain) return secure(socket, ahead, adopt);
      if (ahead !== undefined) socket.unshift(ahead);
      adopt(socket);
      socket.resume();
    };
    if (hasHeader) behindHeader(socket, begin);
    else begin(undefined);
  });
  server.on('error', error => onError(error.message));
  server.listen({ fd });
  return server;
}

/** Longer ones are no header. */
const LONGEST_HEADER = 4096;
const HEADER_MS = 5000;

/** `accept-proxy`: what stands before the hello, or the handshake, is read and passed over. */
function behindHeader(socket: Socket, begin: (ahead: Buffer) => void): void {
  let bytes = Buffer.alloc(0);
  const tooLate = setTimeout(() => socket.destroy(), HEADER_MS);
  socket.once('close', () => clearTimeout(tooLate));
  const read = (more: Buffer): void => {
    bytes = Buffer.concat([bytes, more]);
    const parsed = parseProxyHeader(bytes, 0, bytes.length);
    if (parsed.kind === 'incomplete' && bytes.length < LONGEST_HEADER) return;
    clearTimeout(tooLate);
    socket.off('data', read);
    if (parsed.kind !== 'header') return void socket.destroy();
    socket.pause();
    begin(bytes.subarray(parsed.length));
  };
  socket.on('data', read);
}

/** `ready`: connected, and encrypted where that is asked for. */
export function connectToPeer(
  { server, local }: Peer,
  listener: PeersListener | undefined,
  tls: ControlTls,
  ready: () => void,
): Socket {
  const isOwn = local && listener !== undefined;
  const socket = isOwn ? connect(optionsOfOwn(listener)) : connectTo(server);
  socket.setNoDelay(true).setKeepAlive(true);
  const { sendProxy } = server;
  socket.once('connect', () => {
    if (sendProxy !== undefined) socket.write(buildLocal(sendProxy.version));
    if (server.ssl === undefined) ready();
  });
  if (server.ssl === undefined) return socket;
  // told by the encrypted side
  socket.on('error', () => undefined);
  return tls.over(socket, server.ssl, ready);
}

/** With what its line says of sockets, where its address is known; finishPeers() tells of the others. */
function connectTo(server: Server): Socket {
  const { address } = server;
  if (address.kind !== 'ip') return connect(optionsOf(address));
  const prepared = preparedSocket(targetOf(server, address));
  if (prepared === undefined) return connect(optionsOf(address));
  if (typeof prepared === 'object') return new Socket().destroy(new Error(prepared.code));
  const { host, port } = address;
  return new Socket({ fd: prepared, manualStart: true } as SocketConstructorOpts).connect({ host, port });
}

function targetOf(server: Server, { family, host, port }: IpAddress): ConnectTarget {
  const { source, tcpUserTimeoutMs, otherOptions } = server;
  const from = source?.address.kind === 'ip' ? source.address : undefined;
  const [congestion] = otherOptions.get('cc') ?? [];
  return {
    kind: 'ip',
    family,
    host,
    port,
    ...serverSocket(server),
    ...(from !== undefined && { source: { host: from.host, port: from.port } }),
    ...(source?.interface !== undefined && { interface: source.interface }),
    ...(tcpUserTimeoutMs > 0 && { userTimeoutMs: tcpUserTimeoutMs }),
    ...(otherOptions.has('tfo') && { fastOpen: true }),
    ...(congestion !== undefined && { tuning: { congestion } }),
  };
}

function optionsOf(address: Address): NetConnectOpts {
  switch (address.kind) {
    case 'ip':
      return { host: address.host, port: address.port };
    case 'name':
      return { host: address.host, port: address.port, family: address.family };
    case 'unix':
      return { path: address.path };
    case 'abstract':
      return { path: abstractPath(address.name) };
    default:
      // descriptors cannot be connected to: refused at once
      return { path: '' };
  }
}

type IpAddress = Extract<Address, { kind: 'ip' }>;

const ANYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** A process that listens everywhere is reached here. */
function optionsOfOwn({ section, endpoint }: PeersListener): NetConnectOpts {
  const address = section.bind?.address;
  if (address !== undefined && (address.kind === 'unix' || address.kind === 'abstract'))
    return optionsOf(address);
  const { family, host, port } = endpoint;
  return family === 0 ? { path: host } : { host: ANYWHERE[host] ?? host, port };
}
