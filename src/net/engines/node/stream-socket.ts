/**
 * The net.Socket under a connection, and the two places where it is got from libuv in a cheaper way than the
 * public one: an accepted handle becomes a socket with `onread`, so that its reads land in our memory (about a
 * tenth of a proxied request). Where Node's internals do not look as expected, the public ways are taken.
 */
import { type Server, Socket, type SocketConstructorOpts } from 'node:net';
import type { ReadBuffers } from './read-buffers.ts';

/** What a socket tells its connection. */
export interface StreamOwner {
  /** Bytes landed in `buffer`; false stops reading. */
  onRead(length: number, buffer: Buffer): boolean;
  /** Bytes in memory of Node's own (public way); false stops reading. */
  onChunk(chunk: Buffer): boolean;
  onPeerEnded(): void;
  onError(error: NodeJS.ErrnoException): void;
  onConnect(): void;
}

export interface OwnedSocket extends Socket {
  owner: StreamOwner;
}

interface AcceptedHandle {
  readonly fd: number;
  close(): void;
}

interface InternalSocket {
  readonly _handle?: { readonly fd?: number } | null;
}

interface InternalServer {
  readonly _handle?: { onconnection?: (status: number, handle: AcceptedHandle | undefined) => void } | null;
}

export function descriptorOf(socket: Socket): number {
  return (socket as unknown as InternalSocket)._handle?.fd ?? -1;
}

/** Makes sockets whose reads go to `buffers`. One for an engine: the functions are shared by all its sockets. */
export class SocketMaker {
  readonly #options: SocketConstructorOpts;

  constructor(buffers: ReadBuffers) {
    this.#options = {
      allowHalfOpen: true,
      noDelay: true,
      onread: { buffer: buffers.next, callback: onRead },
    } as unknown as SocketConstructorOpts;
  }

  /** A socket to connect with; with `fd`, on a descriptor that has been prepared (bound, marked). */
  make(fd?: number): OwnedSocket {
    const options = fd === undefined ? this.#options : { ...this.#options, fd, manualStart: true };
    const socket = new Socket(options) as OwnedSocket;
    socket.on('connect', onConnect);
    return watch(socket);
  }

  /** On a descriptor that was accepted without a server; it does not read yet. */
  adoptDescriptor(fd: number): OwnedSocket {
    const options = { ...this.#options, noDelay: false, fd, manualStart: true };
    return watch(new Socket(options) as OwnedSocket);
  }

  /** Around a handle that a server has accepted; it does not read yet. */
  adopt(handle: AcceptedHandle): OwnedSocket {
    const options = { ...this.#options, noDelay: false, handle, manualStart: true };
    return watch(new Socket(options) as OwnedSocket);
  }
}

/** The public way: Node allocates what is read. */
export function adoptPublicly(socket: Socket): OwnedSocket {
  socket.on('data', onData);
  socket.pause();
  return watch(socket as OwnedSocket);
}

/**
 * Serves `server` (already listening) with accepted handles, or gives false when Node's insides have changed.
 */
export function takeHandles(
  server: Server,
  onHandle: (handle: AcceptedHandle) => void,
  onError: (errno: number) => void,
): boolean {
  const handle = (server as unknown as InternalServer)._handle;
  if (typeof handle?.onconnection !== 'function') return false;
  handle.onconnection = (status, accepted) => {
    if (status !== 0 || accepted === undefined) onError(status);
    else onHandle(accepted);
  };
  return true;
}

function watch(socket: OwnedSocket): OwnedSocket {
  socket.on('end', onEnd);
  socket.on('error', onError);
  return socket;
}

function onRead(this: OwnedSocket, length: number, buffer: Buffer): boolean {
  return this.owner.onRead(length, buffer);
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  if (!this.owner.onChunk(chunk)) this.pause();
}

function onConnect(this: OwnedSocket): void {
  this.owner.onConnect();
}

function onEnd(this: OwnedSocket): void {
  this.owner.onPeerEnded();
}

function onError(this: OwnedSocket, error: NodeJS.ErrnoException): void {
  this.owner.onError(error);
}
