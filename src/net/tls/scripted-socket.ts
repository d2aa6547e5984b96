/**
 * A socket whose other end is a script: what Node makes of any stream that is to carry TLS (its JSStreamSocket), but told
 * of each write at once, and fed from within a call. All that leans on how Node is made is here: JSStream of
 * `process.binding('js_stream')`, the callbacks of its handle, and that a TLSSocket takes a socket by its handle.
 */
import { Socket } from 'node:net';

export interface SocketScript {
  /** finishWrite() is to be called once, and not before this returns. */
  written(bytes: Buffer): void;
  /** The socket is to be fed, or not any more. */
  wanted(isWanted: boolean): void;
  /** Nothing more will be written. */
  shutDown(): void;
  closed(): void;
}

interface Handle {
  readBuffer(bytes: Buffer): void;
  emitEOF(): void;
  finishWrite(request: object, status: number): void;
  finishShutdown(request: object, status: number): void;
  close(done: () => void): void;
  isClosing(): boolean;
  onreadstart(): number;
  onreadstop(): number;
  onshutdown(request: object): number;
  onwrite(request: object, buffers: readonly Buffer[]): number;
}

const METHODS = ['readBuffer', 'emitEOF', 'finishWrite', 'finishShutdown'] as const;
/** UV_ECANCELED */
const CANCELED = -125;

/** Undefined: this Node has none, or not as it is needed. */
const JSStream = findJSStream();

function findJSStream(): (new () => Handle) | undefined {
  try {
    const own = process as unknown as { binding(name: string): { readonly JSStream?: new () => Handle } };
    const found = own.binding('js_stream').JSStream;
    const shape = found?.prototype as Partial<Handle> | undefined;
    return METHODS.every(name => typeof shape?.[name] === 'function') ? found : undefined;
  } catch {
    return undefined;
  }
}

export class ScriptedSocket extends Socket {
  readonly #handle: Handle;
  #write: object | undefined = undefined;
  #shutdown: object | undefined = undefined;
  #isClosed = false;

  /** Undefined: this Node cannot. */
  static make(script: SocketScript): ScriptedSocket | undefined {
    return JSStream === undefined ? undefined : new ScriptedSocket(script, new JSStream());
  }

  private constructor(script: SocketScript, handle: Handle) {
    super({ handle, manualStart: true } as object);
    this.#handle = handle;
    handle.isClosing = () => this.#isClosed;
    handle.onreadstart = () => this.#tell(() => script.wanted(true));
    handle.onreadstop = () => this.#tell(() => script.wanted(false));
    handle.onwrite = (request, buffers) => {
      this.#write = request;
      return this.#tell(() => script.written(Buffer.concat(buffers)));
    };
    handle.onshutdown = request => {
      this.#shutdown = request;
      setImmediate(() => this.#finishShutdown(0));
      return this.#tell(() => script.shutDown());
    };
    handle.close = done => {
      this.#isClosed = true;
      setImmediate(() => {
        this.#finish(CANCELED);
        this.#finishShutdown(CANCELED);
        done();
      });
      script.closed();
    };
  }

  /** As if they had been read. What comes of it has happened when this returns. */
  feed(bytes: Buffer): void {
    if (!this.#isClosed) this.#handle.readBuffer(bytes);
  }

  /** As if the peer had ended. */
  feedEnd(): void {
    if (!this.#isClosed) this.#handle.emitEOF();
  }

  /** A write is under way. */
  get isWriting(): boolean {
    return this.#write !== undefined;
  }

  /** The next write may follow within the call. */
  finishWrite(): void {
    if (!this.#isClosed) this.#finish(0);
  }

  #finish(status: number): void {
    const request = this.#write;
    this.#write = undefined;
    if (request !== undefined) this.#handle.finishWrite(request, status);
  }

  #finishShutdown(status: number): void {
    const request = this.#shutdown;
    this.#shutdown = undefined;
    if (request !== undefined) this.#handle.finishShutdown(request, status);
  }

  #tell(what: () => void): number {
    if (!this.#isClosed) what();
    return 0;
  }
}
