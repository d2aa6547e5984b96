/** One worker process: this program again, with the listening sockets as inherited descriptors. */
import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { monotonicMs } from '../base/clock.ts';
import type { ConfigFile } from '../config-parser/file-reader.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';
import type { InheritedSocket, ToMaster, ToWorker } from '../worker/generation.ts';
import { GENERATION } from '../worker/generation.ts';
import { socketPair } from '../net/system-calls.ts';
import type { SharedSocket } from './listening-sockets.ts';

/** 0 to 2 are the standard streams, 3 is the way to talk. */
const FIRST_SOCKET = 4;

interface WorkerStart {
  readonly generation: number;
  readonly argv: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly sockets: readonly SharedSocket[];
  /** Of the configuration. */
  readonly texts: readonly ConfigFile[];
  readonly ticketKeys: readonly Uint8Array[];
}

interface WorkerEvents {
  readonly onMessage: (message: ToMaster) => void;
  /** Exit code, or 128 and the number of the signal as shells have it. */
  readonly onExit: (code: number, signal: NodeJS.Signals | null) => void;
}

export class WorkerProcess {
  readonly generation: number;
  readonly startedAtMs = monotonicMs();
  /** Reloads it has seen. */
  reloads = 0;
  /** The last one. */
  report: BalancerReport | undefined;
  readonly #child: ChildProcess;

  constructor(
    { generation, argv, environment, sockets, texts, ticketKeys }: WorkerStart,
    events: WorkerEvents,
  ) {
    this.generation = generation;
    const descriptors = sockets.flatMap(({ fds }) => fds);
    const program = process.argv[1] as string;
    this.#child = spawn(process.execPath, [...process.execArgv, program, ...argv], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...descriptors],
      serialization: 'advanced',
      env: { ...environment, [GENERATION]: String(generation) },
    });
    this.#child.on('message', message => events.onMessage(message as ToMaster));
    this.#child.once('exit', (code, signal) => events.onExit(code ?? 1, signal));
    this.#child.once('error', () => events.onExit(1, null));
    this.send({ kind: 'start', sockets: numbered(sockets), texts, ticketKeys });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** A connection to its admin commands, with the rights of an administrator. Undefined: it has gone. */
  openAdmin(): Socket | undefined {
    const pair = this.#child.connected ? socketPair() : -1;
    if (typeof pair === 'number') return undefined;
    // never read here: what the client says waits in the kernel until the worker has its end
    this.#child.send(
      { kind: 'admin-connection' },
      new Socket({ fd: pair[1], readable: false }),
      () => undefined,
    );
    return new Socket({ fd: pair[0], allowHalfOpen: true });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Descriptors get the numbers of their places in `stdio`. */
function numbered(sockets: readonly SharedSocket[]): InheritedSocket[] {
  let next = FIRST_SOCKET;
  return sockets.map(({ key, fds, endpoint }) => ({ key, endpoint, fds: fds.map(() => next++) }));
}
