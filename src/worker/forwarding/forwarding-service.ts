/**
 * The program's end of the forwarding process (forwarding-process.ts). Made while the program still has the rights of its
 * start: a shell that keeps them starts the process, and another one when it dies, on the same channel; the kernel goes on
 * forwarding meanwhile. Called by worker/virtual-addresses.ts.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { resolve as absolute } from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Log } from '../../vrrp/log.ts';
import type { FromForwarding, ToForwarding } from './messages.ts';

interface ForwardingOptions {
  readonly files: readonly string[];
  readonly configId: string | undefined;
  readonly log: Log;
  readonly diagnose: (diagnostics: readonly Diagnostic[]) => void;
}

const PROGRAM = new URL('./forwarding-process.js', import.meta.url);
/** Ends with the process when that ends well. */
const KEEPER = 'while :; do "$0" "$@" && exit 0; sleep 1; done';
const STOP_LIMIT_MS = 10_000;
const SHOW_LIMIT_MS = 5000;

export class ForwardingService {
  readonly #options: ForwardingOptions;
  readonly #child: ChildProcess;
  #phase: 'prepared' | 'running' | 'stopping' | 'stopped' = 'prepared';
  /** What sessions of BFD said last, for a process that comes later. */
  readonly #neighbours = new Map<string, boolean>();
  /** Who waits for an answer, by question. */
  readonly #waiting = new Map<number, (text: string | undefined) => void>();
  #questions = 0;
  #hellos = 0;
  #ending: (() => void)[] = [];

  constructor(options: ForwardingOptions) {
    this.#options = { ...options, files: options.files.map(path => absolute(path)) };
    // a session of its own: a signal for the terminal's group is for the program, which stops this process in its turn
    this.#child = fork(PROGRAM, [], {
      execPath: '/bin/sh',
      execArgv: ['-c', KEEPER, process.execPath],
      serialization: 'advanced',
      detached: true,
    });
    this.#child.on('message', message => this.#heard(message as FromForwarding));
    this.#child.once('error', error => options.log('error', `l4: the process: ${error.message}`));
    this.#child.once('disconnect', () => this.#gone());
  }

  begin(): void {
    if (this.#phase !== 'prepared') return;
    this.#phase = 'running';
    if (this.#hellos > 0) this.#start();
  }

  reload(): void {
    this.#tell({ kind: 'reload' });
  }

  /** keepalived's SIGUSR1. */
  dump(): void {
    this.#tell({ kind: 'dump' });
  }

  /** Undefined: nobody answers. */
  show(): Promise<string | undefined> {
    const id = ++this.#questions;
    const answer = new Promise<string | undefined>(resolve => this.#waiting.set(id, resolve));
    setTimeout(() => this.#answer(id, undefined), SHOW_LIMIT_MS).unref();
    this.#tell({ kind: 'show', id });
    return answer;
  }

  #answer(id: number, text: string | undefined): void {
    this.#waiting.get(id)?.(text);
    this.#waiting.delete(id);
  }

  hearOf(neighbour: string, isUp: boolean): void {
    this.#neighbours.set(neighbour, isUp);
    if (this.#phase === 'running') this.#tell({ kind: 'neighbour', name: neighbour, isUp });
  }

  /** Resolves when the kernel is as it was before. */
  stop(): Promise<void> {
    if (this.#phase === 'stopped') return Promise.resolve();
    if (this.#phase !== 'stopping') {
      this.#phase = 'stopping';
      this.#tell({ kind: 'stop' });
      setTimeout(() => this.#giveUp(), STOP_LIMIT_MS).unref();
    }
    return new Promise(resolve => this.#ending.push(resolve));
  }

  #start(): void {
    const { files, configId } = this.#options;
    this.#tell({ kind: 'start', files, configId });
    for (const [name, isUp] of this.#neighbours) this.#tell({ kind: 'neighbour', name, isUp });
  }

  #heard(message: FromForwarding): void {
    const { log, diagnose } = this.#options;
    if (message.kind === 'log') return log(message.level, message.message);
    if (message.kind === 'diagnostics') return diagnose(message.diagnostics);
    if (message.kind === 'shown') return this.#answer(message.id, message.text);
    if (this.#hellos++ > 0) log('error', 'l4: the process died, another one takes its place');
    log('notice', `l4: started as process ${message.pid}`);
    if (this.#phase === 'running') this.#start();
    else if (this.#phase === 'stopping') this.#tell({ kind: 'stop' });
  }

  #tell(message: ToForwarding): void {
    if (this.#child.connected) this.#child.send(message, undefined, undefined, () => undefined);
  }

  #giveUp(): void {
    if (this.#phase === 'stopped') return;
    this.#options.log('error', 'l4: the process has not ended, and is killed');
    try {
      // its keeper, too
      process.kill(-(this.#child.pid as number), 'SIGKILL');
    } catch {
      // it has ended meanwhile
    }
    this.#gone();
  }

  #gone(): void {
    if (this.#phase === 'stopped') return;
    if (this.#phase !== 'stopping') this.#options.log('error', 'l4: the process has ended');
    this.#phase = 'stopped';
    const waiting = this.#ending;
    this.#ending = [];
    for (const resume of waiting) resume();
  }
}
