/** Sockets of `peers` sections: where this node listens, and connections to the others. */
import { createServer, type NetConnectOpts, type Server as Listener, type Socket } from 'node:net';
import type { Config } from '../../model/config.ts';
import type { Notice } from '../../model/notice.ts';
import type { Peer, PeersSection } from '../../model/peers.ts';
import type { Endpoint } from '../../net/connection.ts';
import { isListenFailure } from '../../net/listening-socket.ts';
import { parseProxyHeader } from '../../net/proxy-protocol/parse.ts';
import type { ControlTls, SecureAccept } from '../control-tls.ts';
import { bindNow, nthPeersSection, type OpenListening } from '../listening/bind-listeners.ts';
import { connectToServer, placeOf } from '../servers/server-connection.ts';

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
  const place = local && listener !== undefined ? optionsOfOwn(listener) : undefined;
  return connectToServer(server, tls.over, ready, place);
}

const ANYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** A process that listens everywhere is reached here. */
function optionsOfOwn({ section, endpoint }: PeersListener): NetConnectOpts {
  const address = section.bind?.address;
  if (address !== undefined && (address.kind === 'unix' || address.kind === 'abstract'))
    return placeOf(address);
  const { family, host, port } = endpoint;
  return family === 0 ? { path: host } : { host: ANYWHERE[host] ?? host, port };
}
