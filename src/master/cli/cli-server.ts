/** The master's admin sockets (`-S`): bound once, and kept over all reloads. */
import { createServer, Socket, type Server } from 'node:net';
import { AdminSession } from '../../admin/admin-session.ts';
import { Interpreter } from '../../admin/interpreter.ts';
import type { Bind } from '../../model/bind.ts';
import { isListenFailure, openListening } from '../../net/listening-socket.ts';
import { socketPair } from '../../net/system-calls.ts';
import { MASTER } from './cli-line.ts';
import { CliSession, type CliTargets } from './cli-session.ts';
import { MASTER_COMMANDS, type MasterView } from './commands.ts';

interface CliServerOptions {
  readonly view: MasterView;
  /** Workers alone: the master is served here. */
  readonly workers: CliTargets;
  readonly onBug: (command: string, error: unknown) => void;
}

/** `reload` answers when the new worker serves, whenever that is. */
const NO_TIMEOUT_MS = 0;
const LIMITS = { lineBytes: 16_384, payloadBytes: 128 * 1024 };

export class CliServer {
  readonly #options: CliServerOptions;
  readonly #interpreter: Interpreter<MasterView>;
  readonly #servers: Server[] = [];

  constructor(options: CliServerOptions) {
    this.#options = options;
    this.#interpreter = new Interpreter(MASTER_COMMANDS, options.view);
  }

  /** Answers what went wrong. */
  listen(bind: Bind): string | undefined {
    const listening = openListening(bind, 1);
    if (isListenFailure(listening)) return listening.message;
    const targets = { ...this.#options.workers, open: (target: number) => this.#open(target) };
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, client =>
      new CliSession(client, bind.level ?? 'admin', targets).start(),
    );
    server.on('error', error => this.#options.onBug('listen', error));
    server.listen({ fd: listening.fds[0] as number });
    this.#servers.push(server);
    return undefined;
  }

  #open(target: number): Socket | undefined {
    return target === MASTER ? this.#openMaster() : this.#options.workers.open(target);
  }

  #openMaster(): Socket | undefined {
    const pair = socketPair();
    if (typeof pair === 'number') return undefined;
    const [near, far] = pair.map(fd => new Socket({ fd, allowHalfOpen: true })) as [Socket, Socket];
    const { onBug } = this.#options;
    new AdminSession(far, this.#interpreter, {
      level: 'admin',
      severityOutput: 'none',
      exposesListeners: false,
      timeoutMs: NO_TIMEOUT_MS,
      limits: LIMITS,
      onBug,
      listener: 0,
    }).start();
    return near;
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }
}
