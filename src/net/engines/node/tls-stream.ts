/**
 * The handle under a TLSSocket whose handshake is over, used without Node's stream machinery: what is decrypted lands in
 * memory of ours, and a write makes neither a closure nor a promise. Half of what a request over TLS costs above one
 * without it was that machinery. All that leans on how Node is made stands here; where it does not look as expected
 * nothing is taken, and the socket is used as its manual says (stream-socket.ts).
 *
 * What Node does not guard against in a handle, and who sees to it:
 *
 *   a second write before the first is done ends the process   TlsStream.write() throws instead, `writing` tells
 *   a buffer that is read into must outlive the handle         one for all, the engine's; no other is ever lent
 *   reads go on after readStop() until all is decrypted        the owner keeps what it did not ask for
 *   a handle whose socket is destroyed                         refuses writes; `close()` leaves nothing to be told
 *   an error of the socket that nobody listens for             ends the thread: it fails the connection
 */
import type { TLSSocket } from 'node:tls';
import { errorName } from '../../cause.ts';

/** What a stream tells the connection above it. Nothing any more after close(). */
export interface TlsStreamOwner {
  /** So many bytes have landed; they are to be copied before this returns. */
  onLanded(length: number): void;
  onPeerEnded(): void;
  /** The write is with the kernel, or failed: then with an error of the system. */
  onWritten(): void;
  onError(code: string | undefined): void;
}

interface Handle {
  readonly fd: number;
  readonly _parent: { readonly writeQueueSize: number };
  onread: (this: Handle) => undefined;
  onerror: (this: Handle, error: NodeJS.ErrnoException) => void;
  reading: boolean;
  /** Reads land in it from now on. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: Request, bytes: Uint8Array): number;
  shutdown(request: Request): number;
  [STREAM]?: TlsStream;
}

/** Its socket, whose own life goes on beside: it destroys itself over a certificate that turns bad in a renegotiation. */
interface Taken extends TLSSocket {
  [STREAM]?: TlsStream;
}

interface Request {
  oncomplete: (this: unknown, status: number, handle: Handle) => void;
}

interface Binding {
  readonly WriteWrap: new () => Request;
  readonly ShutdownWrap: new () => Request;
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
}

const STREAM = Symbol('stream');
/** What a socket that was closed by itself leaves behind. */
const CLOSED_BENEATH = 'ECONNRESET';
const METHODS = ['useUserBuffer', 'readStart', 'readStop', 'writeBuffer', 'shutdown'] as const;
/** Of libuv, as Node's own code has it. */
const UV_EOF = -4095;
/** Of bytes up to here OpenSSL's records go to the kernel in one piece: its queue being empty says that all are there. */
const GIVEN_AT_ONCE = 65_536;

/** Undefined: this Node has none, or not as it is needed. */
const binding = findBinding();

function findBinding(): Binding | undefined {
  try {
    const own = process as unknown as { binding(name: string): Partial<Binding> };
    const { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError } = own.binding('stream_wrap');
    if (typeof WriteWrap !== 'function' || typeof ShutdownWrap !== 'function') return undefined;
    if (!(streamBaseState instanceof Int32Array) || typeof kReadBytesOrError !== 'number') return undefined;
    return { WriteWrap, ShutdownWrap, streamBaseState, kReadBytesOrError };
  } catch {
    return undefined;
  }
}

function handleOf(socket: TLSSocket): Handle | undefined {
  const handle = (socket as unknown as { readonly _handle?: Partial<Handle> | null })._handle;
  const isKnown =
    typeof handle?.onread === 'function' &&
    typeof handle._parent?.writeQueueSize === 'number' &&
    METHODS.every(name => typeof handle[name] === 'function');
  return isKnown ? (handle as Handle) : undefined;
}

export class TlsStream {
  /** The last write is not done; there can be no other. */
  writing = false;
  readonly #socket: TLSSocket;
  readonly #handle: Handle;
  /** Kept: the handle itself has but an address of it. */
  readonly landing: Buffer;
  #owner: TlsStreamOwner | undefined;
  #isClosing = false;
  #isToShutDown = false;
  #isShutDown = false;

  /** False: this Node's handles are not known, or something was read already. */
  static canTake(socket: TLSSocket): boolean {
    return (
      binding !== undefined &&
      handleOf(socket) !== undefined &&
      !socket.destroyed &&
      socket.readableLength === 0
    );
  }

  /** Only where canTake() says so. */
  constructor(socket: TLSSocket, landing: Buffer, owner: TlsStreamOwner) {
    const handle = handleOf(socket) as Handle;
    this.#socket = socket;
    this.#handle = handle;
    this.landing = landing;
    this.#owner = owner;
    handle[STREAM] = this;
    (socket as Taken)[STREAM] = this;
    socket.on('error', onSocketError).on('close', onSocketClose);
    Object.assign(handle, { onread: onRead, onerror: onTlsError });
    handle.useUserBuffer(landing);
  }

  get fd(): number {
    return this.#handle.fd;
  }

  start(): void {
    this.#handle.reading = true;
    const status = this.#handle.readStart();
    if (status < 0) this.#owner?.onError(nameOf(status));
  }

  /** Some more may come. */
  stop(): void {
    this.#handle.reading = false;
    this.#handle.readStop();
  }

  /** The bytes are not looked at any more when this returns. True: the kernel has them all. Else the owner is told. */
  write(bytes: Uint8Array): boolean {
    if (this.writing) throw new Error('a write is already under way');
    const request = new (binding as Binding).WriteWrap();
    request.oncomplete = onWritten;
    const status = this.#handle.writeBuffer(request, bytes);
    if (status < 0) {
      this.#owner?.onError(nameOf(status));
      return false;
    }
    this.writing = true;
    return bytes.length <= GIVEN_AT_ONCE && this.#isGiven();
  }

  /** Says that nothing more will be sent, by close_notify and FIN, behind what is being written. */
  shutdown(): void {
    if (this.writing) this.#isToShutDown = true;
    else this.#shutDown();
  }

  /** What the kernel has not taken of the last write is lost; the peer hears close_notify otherwise. */
  close(): void {
    this.#owner = undefined;
    this.stop();
    if (!this.writing) this.#shutDown();
    this.#isClosing = this.writing && this.#isGiven();
    if (!this.#isClosing) this.#socket.destroy();
  }

  /** At once, without a word. */
  destroy(): void {
    this.#owner = undefined;
    this.#socket.destroy();
  }

  landed(count: number): void {
    if (count > 0) this.#owner?.onLanded(count);
    else if (count === UV_EOF) this.#owner?.onPeerEnded();
    else if (count < 0) this.#owner?.onError(nameOf(count));
  }

  written(status: number): void {
    this.writing = false;
    if (this.#isClosing) {
      if (status === 0) this.#shutDown();
      this.#socket.destroy();
      return;
    }
    if (this.#isToShutDown && status === 0) this.#shutDown();
    if (status < 0) this.#owner?.onError(nameOf(status));
    else this.#owner?.onWritten();
  }

  failed(code: string | undefined): void {
    this.#owner?.onError(code);
  }

  #isGiven(): boolean {
    return this.#handle._parent.writeQueueSize === 0;
  }

  #shutDown(): void {
    if (this.#isShutDown || this.#socket.destroyed) return;
    this.#isShutDown = true;
    const request = new (binding as Binding).ShutdownWrap();
    request.oncomplete = ignore;
    this.#handle.shutdown(request);
  }
}

function onRead(this: Handle): undefined {
  const { streamBaseState, kReadBytesOrError } = binding as Binding;
  this[STREAM]?.landed(streamBaseState[kReadBytesOrError] as number);
}

function onTlsError(this: Handle, error: NodeJS.ErrnoException): void {
  this[STREAM]?.failed(error.code);
}

function onSocketError(this: Taken, error: NodeJS.ErrnoException): void {
  this[STREAM]?.failed(error.code);
}

function onSocketClose(this: Taken): void {
  this[STREAM]?.failed(CLOSED_BENEATH);
}

function onWritten(this: unknown, status: number, handle: Handle): void {
  handle[STREAM]?.written(status);
}

function ignore(): void {}

/** `errno` as libuv numbers it, negative. */
function nameOf(errno: number): string {
  return errorName(-errno);
}
