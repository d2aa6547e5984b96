/**
 * The listening side of the admin socket (`stats socket`, `stats timeout`, `stats maxconn`): in the control thread, one
 * net.Server a line. Connections beyond `stats maxconn` wait until another one ends; those that are still to be encrypted count.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Bind } from '../model/bind.ts';
import { isListenFailure, type Listening, type ListenFailure } from '../net/listening-socket.ts';
import { AdminSession, type SessionSettings } from './admin-session.ts';
import type { CommandRunner } from './interpreter.ts';

export interface OpenedSocket {
  readonly bind: Bind;
  readonly fd: number;
}

interface OpenFailure {
  readonly bind: Bind;
  readonly message: string;
}

/** Binds all lines; before the process gives up its rights. `index`: of the line. */
export function openAdminSockets(
  binds: readonly Bind[],
  open: (bind: Bind, index: number) => Listening | ListenFailure,
): { opened: OpenedSocket[]; failed: OpenFailure[] } {
  const opened: OpenedSocket[] = [];
  const failed: OpenFailure[] = [];
  for (const [index, bind] of binds.entries()) {
    const listening = open(bind, index);
    if (isListenFailure(listening)) failed.push({ bind, message: listening.message });
    else opened.push({ bind, fd: listening.fds[0] as number });
  }
  return { opened, failed };
}

interface AdminServerSettings extends Omit<
  SessionSettings,
  'level' | 'severityOutput' | 'exposesListeners' | 'listener'
> {
  readonly maxconn: number;
  /** A connection begins, and is to be counted. */
  readonly onConnection: () => void;
}

/** Takes a connection nothing was read of; calls back with the encrypted one, or when nothing came of it. */
type Secure = (
  socket: Socket,
  ahead: undefined,
  adopt: (secured: Socket) => void,
  gaveUp: () => void,
) => void;

interface Waiting {
  readonly socket: Socket;
  readonly bind: Bind;
  /** Undefined: it goes in plain text. */
  readonly secure: Secure | undefined;
}

export class AdminServer {
  readonly #interpreter: CommandRunner;
  readonly #settings: AdminServerSettings;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** Those whose last word is not said yet. Behind that a client may hang up when it likes: it is in nobody's way. */
  readonly #talking = new Set<Socket>();
  readonly #waiting: Waiting[] = [];
  #isClosed = false;

  constructor(interpreter: CommandRunner, settings: AdminServerSettings) {
    this.#interpreter = interpreter;
    this.#settings = settings;
  }

  listen({ bind, fd }: OpenedSocket, onError: (text: string) => void, secure?: Secure): void {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket => {
      socket.on('error', () => socket.destroy());
      this.#waiting.push({ socket, bind, secure });
      this.#serveWaiting();
    });
    server.on('error', error => onError(error.message));
    server.listen({ fd });
    this.#servers.push(server);
  }

  #serveWaiting(): void {
    while (this.#waiting.length > 0 && this.#talking.size < this.#settings.maxconn) {
      const { socket, bind, secure } = this.#waiting.shift() as Waiting;
      if (socket.destroyed) continue;
      if (secure === undefined) this.#serve(socket, bind);
      else this.#secure(socket, bind, secure);
    }
  }

  #secure(socket: Socket, bind: Bind, secure: Secure): void {
    this.#talking.add(socket);
    const adopt = (secured: Socket): void => {
      this.#talking.delete(socket);
      if (this.#isClosed) return void secured.destroy();
      this.#serve(secured, bind);
    };
    secure(socket, undefined, adopt, () => {
      this.#talking.delete(socket);
      this.#serveWaiting();
    });
  }

  #serve(socket: Socket, bind: Bind): void {
    this.#sockets.add(socket);
    this.#talking.add(socket);
    const over = (): void => {
      if (this.#talking.delete(socket)) this.#serveWaiting();
    };
    socket.on('finish', over);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      over();
    });
    this.#talk(socket, {
      level: bind.level ?? 'operator',
      severityOutput: severityOutputOf(bind),
      exposesListeners: bind.otherOptions.has('expose-fd'),
      listener: bind.id,
    });
  }

  /** A connection that the master has made: it says itself what its client may do. */
  adopt(socket: Socket): void {
    socket.allowHalfOpen = true;
    socket.on('error', () => socket.destroy());
    this.#talk(socket, { level: 'admin', severityOutput: 'none', exposesListeners: false, listener: 0 });
  }

  #talk(socket: Socket, own: Omit<SessionSettings, keyof AdminServerSettings>): void {
    this.#settings.onConnection();
    new AdminSession(socket, this.#interpreter, { ...this.#settings, ...own }).start();
  }

  /** Connections being served: `CurrConns` of the socket. */
  get connections(): number {
    return this.#talking.size;
  }

  /** Accepts nothing more; connections go on. */
  stopListening(): void {
    for (const server of this.#servers) server.close();
  }

  close(): void {
    this.#isClosed = true;
    this.stopListening();
    for (const socket of this.#sockets) socket.destroy();
    for (const { socket } of this.#waiting) socket.destroy();
  }
}

function severityOutputOf(bind: Bind): 'none' | 'number' | 'string' {
  const [word] = bind.otherOptions.get('severity-output') ?? [];
  return word === 'number' || word === 'string' ? word : 'none';
}
