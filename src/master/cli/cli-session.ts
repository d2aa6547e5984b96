/**
 * One connection to the master's admin socket (management guide, section 9.4): each command goes over a connection of
 * its own to the process it is for, the master or a worker, and the answer comes back as it is. `@@` hands the rest of
 * the conversation to a worker.
 *
 *   reading ──command──▶ answering ──end of the answer──▶ reading      ──'@@1 ...'──▶ passing on until either side ends
 */
import type { Socket } from 'node:net';
import { monotonicMs } from '../../base/clock.ts';
import { payloadPattern } from '../../admin/line-reader.ts';
import type { Level } from '../../admin/level.ts';
import { uptime } from '../../admin/admin-session.ts';
import {
  introduction,
  MASTER,
  modeFlags,
  noSuchProcess,
  readCommand,
  type CliState,
  type FindProcess,
} from './cli-line.ts';

export interface CliTargets {
  readonly find: FindProcess;
  /** Undefined: it has gone. */
  open(target: number): Socket | undefined;
  /** Undefined: it has gone. */
  startedAtMs(target: number): number | undefined;
  readonly lastReloadFailed: () => boolean;
}

/** Of a command without its end. */
const LONGEST_COMMAND = 1 << 20;
const RELOAD = /^\s*(?:hard-)?reload\b/;

export class CliSession {
  readonly #client: Socket;
  readonly #targets: CliTargets;
  readonly #state: CliState;
  #text = '';
  #ended = false;
  #answering: Socket | undefined;
  /** A payload goes on until this line. */
  #payloadEnd: string | undefined;
  #passingOn = false;
  #closing = false;

  constructor(client: Socket, level: Level, targets: CliTargets) {
    this.#client = client;
    this.#targets = targets;
    this.#state = {
      level,
      expert: false,
      experimental: false,
      debug: false,
      severity: 'none',
      prompt: false,
      timedPrompt: false,
      target: MASTER,
    };
  }

  start(): void {
    const client = this.#client;
    client.on('data', (bytes: Buffer) => this.#received(bytes));
    client.on('end', () => {
      this.#ended = true;
      if (this.#passingOn) this.#answering?.end();
      else if (this.#text !== '' && !this.#text.endsWith('\n')) this.#text += '\n';
      this.#readOn();
    });
    client.on('error', () => client.destroy());
    client.on('close', () => this.#answering?.destroy());
    client.resume();
  }

  #received(bytes: Buffer): void {
    if (this.#passingOn) {
      this.#passOn(bytes);
      return;
    }
    this.#text += bytes.toString('latin1');
    if (this.#text.length > LONGEST_COMMAND) this.#client.destroy();
    this.#readOn();
  }

  /** No faster than the worker reads. */
  #passOn(bytes: Buffer): void {
    if (this.#answering?.write(bytes) !== false) return;
    this.#client.pause();
    this.#answering.once('drain', () => this.#client.resume());
  }

  #readOn(): void {
    while (this.#mayRead()) {
      const line = this.#payloadEnd === undefined ? this.#takeCommand() : this.#takeUntil(/\n/);
      if (line === undefined) break;
      if (this.#payloadEnd === undefined) this.#run(line);
      else this.#sendPayload(line);
    }
    if (!this.#ended) return;
    if (this.#answering === undefined) this.#client.end();
    else if (this.#payloadEnd !== undefined) this.#answering.end();
  }

  #mayRead(): boolean {
    if (this.#closing || this.#passingOn) return false;
    return this.#answering === undefined || this.#payloadEnd !== undefined;
  }

  #takeCommand(): string | undefined {
    return /^[ \t]*@@/.test(this.#text) ? this.#enter() : this.#takeUntil(/(?<=^(?:[^\\;\n]|\\[^])*)[;\n]/);
  }

  #takeUntil(end: RegExp): string | undefined {
    const at = this.#text.search(end);
    if (at < 0) return undefined;
    const taken = this.#text.slice(0, at);
    this.#text = this.#text.slice(at + 1);
    return taken.endsWith('\r') ? taken.slice(0, -1) : taken;
  }

  #run(command: string): void {
    const directive = readCommand(command, this.#state, this.#targets.find);
    switch (directive.kind) {
      case 'done':
        return this.#writePrompt();
      case 'quit':
        return this.#close();
      case 'error':
        return this.#refuse(directive.text);
      case 'send':
        return this.#send(directive.target, directive.command);
    }
  }

  /** What was typed ahead relied on it: it is thrown away. */
  #refuse(text: string): void {
    this.#text = '';
    this.#client.write(text);
    this.#writePrompt();
  }

  #send(target: number, command: string): void {
    this.#payloadEnd = payloadPattern(command);
    const answering = this.#open(target);
    if (answering === undefined) return;
    const isReload = target === MASTER && this.#state.level !== 'user' && RELOAD.test(command);
    answering.write(`${introduction(this.#state)}${command}\n`, 'latin1');
    answering.on('close', () => this.#answered(isReload));
    if (this.#payloadEnd === undefined) answering.end();
    else this.#writePrompt();
  }

  #open(target: number): Socket | undefined {
    const answering = this.#targets.open(target);
    if (answering === undefined) {
      this.#client.write("Can't connect to the target CLI!\n");
      this.#close();
      return undefined;
    }
    answering.on('error', () => answering.destroy());
    answering.pipe(this.#client, { end: false });
    this.#answering = answering;
    return answering;
  }

  #sendPayload(line: string): void {
    this.#answering?.write(`${line}\n`, 'latin1');
    if (line === this.#payloadEnd) {
      this.#payloadEnd = undefined;
      this.#answering?.end();
    } else this.#writePrompt();
  }

  #answered(last: boolean): void {
    this.#answering = undefined;
    this.#payloadEnd = undefined;
    if (last) return this.#close();
    this.#writePrompt();
    this.#readOn();
  }

  /** `@@<pid> [commands]`: the line, and all that follows, is the worker's. Undefined: nothing is left to read here. */
  #enter(): undefined {
    const line = this.#takeUntil(/\n/);
    if (line === undefined) return undefined;
    const [, prefix = '', commands = ''] = /^[ \t]*@(@\S*)[ \t]*([^]*)$/.exec(line) ?? [];
    const target = this.#targets.find(prefix);
    if (target === undefined) return this.#refuse(noSuchProcess(`@${prefix}`)) as undefined;
    const { prompt, timedPrompt } = this.#state;
    const interactive = `prompt ${prompt ? 'p' : 'i'}${timedPrompt ? ' timed' : ''}`;
    const worker = this.#open(target);
    if (worker === undefined) return undefined;
    this.#passingOn = true;
    const lowered = this.#state.level === 'admin' ? '' : `${this.#state.level} -;`;
    worker.write(`${lowered}${commands === '' ? interactive : commands}\n${this.#text}`, 'latin1');
    this.#text = '';
    if (this.#ended) worker.end();
    worker.on('end', () => worker.end());
    worker.on('close', () => {
      this.#passingOn = false;
      this.#client.resume();
      this.#answered(false);
    });
    return undefined;
  }

  #writePrompt(): void {
    if (!this.#state.prompt || this.#client.destroyed) return;
    if (this.#payloadEnd !== undefined) this.#client.write('+ ');
    else this.#client.write(`${this.#time()}${this.#place()}${modeFlags(this.#state)}> `);
  }

  #place(): string {
    const { target } = this.#state;
    if (target !== MASTER) return String(target);
    return this.#targets.lastReloadFailed() ? 'master[ReloadFailed]' : 'master';
  }

  #time(): string {
    if (!this.#state.timedPrompt) return '';
    const startedAtMs = this.#targets.startedAtMs(this.#state.target);
    return startedAtMs === undefined ? '[gone] ' : `[${uptime(monotonicMs() - startedAtMs)}] `;
  }

  #close(): void {
    this.#closing = true;
    this.#client.end();
    // what the client still sends is not read: a reset would take our answer away from it
    this.#client.resume();
  }
}
