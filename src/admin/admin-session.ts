/**
 * One connection to the admin socket: reads lines, runs their commands one after the other, writes the answers.
 * Each answer is followed by an empty line, or by the prompt. Without `prompt` the connection ends behind the first
 * line (manual of management, section 9.3). What only shows is not made for a client that has gone.
 *
 *   reading ──line──▶ running ──last command of the line──▶ reading (interactive) or closed
 */
import type { Socket } from 'node:net';
import { monotonicMs } from '../base/clock.ts';
import type { Answer, Message, Session } from './command.ts';
import { fail } from './command.ts';
import type { Level } from './level.ts';
import { hasHungUp } from '../net/system-calls.ts';
import { descriptorOf } from './descriptor-of.ts';
import { Conversation } from './conversation.ts';
import type { CommandRunner } from './interpreter.ts';
import { LineReader, type InputLimits, type InputLine } from './line-reader.ts';

export interface SessionSettings {
  readonly level: Level;
  readonly severityOutput: Session['severityOutput'];
  readonly timeoutMs: number;
  readonly limits: InputLimits;
  /** A command threw: a mistake of this program's. */
  readonly onBug: (command: string, error: unknown) => void;
  readonly exposesListeners: boolean;
  /** `id` of the listener. */
  readonly listener: number;
}

/** What a client may send ahead of the command that runs. */
const MOST_AHEAD_BYTES = 65_536;

const SEVERITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

const TOO_LONG = {
  line:
    'The command line is too big for the buffer size. ' +
    `Please change 'tune.bufsize' in the configuration to use a bigger command.`,
  payload:
    'The payload is too big. ' +
    `Please change 'tune.cli.max-payload-size' in the configuration to use a bigger payload.`,
};

export class AdminSession {
  readonly #socket: Socket;
  readonly #interpreter: CommandRunner;
  readonly #settings: SessionSettings;
  readonly #reader: LineReader;
  readonly #state: Session;
  readonly #gone = new AbortController();
  #running = false;
  /** Of the command that runs, if it reads. */
  #conversation: Conversation | undefined;
  /** The client has to read before anything goes on. */
  #draining = false;
  /** Somebody else reads. */
  #isTaken = false;
  /** Of the line that is running. */
  #commandsLeft = 0;
  #ended = false;

  constructor(socket: Socket, interpreter: CommandRunner, settings: SessionSettings) {
    this.#socket = socket;
    this.#interpreter = interpreter;
    this.#settings = settings;
    this.#reader = new LineReader(settings.limits);
    this.#state = {
      level: settings.level,
      expert: false,
      experimental: false,
      severityOutput: settings.severityOutput,
      interactive: false,
      prompt: false,
      timedPrompt: false,
      timeoutMs: settings.timeoutMs,
      anonKey: 0,
      skipLineEnd: false,
      closing: false,
      exposesListeners: settings.exposesListeners,
      startMs: Date.now(),
      ...peerOf(socket, settings.listener),
      gone: this.#gone.signal,
    };
  }

  start(): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Buffer) => {
      if (this.#isTaken) return;
      this.#reader.add(bytes.toString('latin1'));
      if (this.#running && this.#reader.waiting > MOST_AHEAD_BYTES) socket.pause();
      this.#conversation?.heard();
      this.#readOn();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#reader.endInput();
      this.#conversation?.heard();
      this.#noticeGone();
      this.#readOn();
    });
    socket.on('error', () => socket.destroy());
    socket.on('timeout', () => {
      if (!this.#running || this.#draining) socket.destroy();
    });
    socket.on('close', () => this.#gone.abort());
    socket.setTimeout(this.#state.timeoutMs);
    socket.resume();
  }

  #readOn(): void {
    if (this.#running || this.#state.closing) return;
    const input = this.#reader.next();
    if (this.#reader.waiting <= MOST_AHEAD_BYTES || input === undefined) this.#socket.resume();
    switch (input?.kind) {
      case undefined:
        if (this.#ended) this.#socket.end();
        return;
      case 'payload-begins':
        if (this.#state.prompt) this.#socket.write('+ ');
        return this.#readOn();
      case 'too-long':
        this.#write(this.#render(fail(TOO_LONG[input.what])));
        return this.#close();
      case 'line':
        this.#running = true;
        void this.#runLine(input.line).then(() => {
          this.#running = false;
          this.#socket.setTimeout(this.#state.timeoutMs);
          this.#readOn();
        });
    }
  }

  async #runLine({ commands, payload }: InputLine): Promise<void> {
    for (const [index, command] of commands.entries()) {
      const isLast = index === commands.length - 1;
      this.#commandsLeft = commands.length - 1 - index;
      this.#noticeGone();
      await this.#runCommand(command, isLast ? payload : undefined);
      if (this.#socket.destroyed) return;
      if (this.#state.closing) return this.#close();
      this.#write(this.#promptAfter(isLast));
      this.#state.skipLineEnd = false;
      if (this.#socket.writableNeedDrain) await this.#drained();
    }
    if (!this.#state.interactive) this.#close();
  }

  /** Nobody waits for what the client has not said: a command that others follow goes on. */
  #noticeGone(): void {
    if (this.#ended && this.#commandsLeft === 0 && this.#reader.isEmpty) this.#gone.abort();
  }

  #clientHasGone(): boolean {
    return this.#socket.destroyed || hasHungUp(descriptorOf(this.#socket));
  }

  /** A command that fails by a mistake of this program's must not take the process with it. */
  async #runCommand(command: string, payload: string | undefined): Promise<void> {
    if (onlyShows(command) && this.#clientHasGone()) return;
    try {
      await this.#writeAnswer(await this.#interpreter.run(command, payload, this.#state));
    } catch (error) {
      this.#settings.onBug(command, error);
      this.#write(this.#render(fail('Internal error.')));
    }
  }

  async #writeAnswer(answer: Answer): Promise<void> {
    if (answer === undefined) return;
    if ('text' in answer) return this.#write(this.#render(answer));
    if ('converse' in answer) {
      this.#isTaken = true;
      this.#socket.resume();
      await answer.converse(this.#socket);
      return this.#close();
    }
    if ('talk' in answer) return this.#talk(answer.talk);
    for await (const piece of answer.pieces) {
      if (this.#socket.destroyed) return;
      await this.#send(piece);
    }
  }

  async #send(text: string): Promise<void> {
    if (!this.#socket.destroyed && !this.#socket.write(text, 'latin1')) await this.#drained();
  }

  async #talk(talk: (conversation: Conversation) => Promise<void>): Promise<void> {
    const closed = new AbortController();
    const close = (): void => closed.abort();
    this.#socket.once('close', close);
    this.#conversation = new Conversation(
      this.#socket,
      this.#reader,
      text => this.#send(text),
      () => this.#ended,
      closed.signal,
    );
    await talk(this.#conversation);
    this.#conversation = undefined;
    this.#socket.off('close', close);
  }

  /**
   * The client reads slower than answers are made: they go on when it has caught up, or has gone. One that reads
   * nothing at all is idle.
   */
  async #drained(): Promise<void> {
    this.#draining = true;
    await new Promise<void>(resolve => {
      const done = (): void => {
        this.#draining = false;
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  #promptAfter(isLast: boolean): string {
    const { prompt, timedPrompt, skipLineEnd } = this.#state;
    if (!prompt) return skipLineEnd ? '' : '\n';
    if (!isLast) return '\n';
    return timedPrompt ? `\n[${uptime(monotonicMs())}]> ` : '\n> ';
  }

  #render({ severity, text }: Message): string {
    const { severityOutput } = this.#state;
    const body = `${text.replace(/\n+$/, '')}\n`;
    if (severityOutput === 'none') return body;
    return `[${severityOutput === 'number' ? severity : SEVERITIES[severity]}]: ${body}`;
  }

  #write(text: string): void {
    if (text !== '' && !this.#socket.destroyed) this.#socket.write(text, 'latin1');
  }

  #close(): void {
    this.#state.closing = true;
    this.#socket.end();
    // What the client still sends is not read: a reset would take our answer away from it.
    this.#socket.resume();
  }
}

/** `d:hh:mm:ss` */
export function uptime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600) % 24;
  return `${Math.floor(seconds / 86_400)}:${two(hours)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Its answer is all that it is for. */
function onlyShows(command: string): boolean {
  return command.trimStart().startsWith('show ');
}

function peerOf(socket: Socket, listener: number): Pick<Session, 'protocol' | 'source'> {
  const { remoteAddress, remotePort, remoteFamily } = socket;
  if (remoteAddress === undefined) return { protocol: 'unix_stream', source: `unix:${listener}` };
  const protocol = remoteFamily === 'IPv6' ? 'tcpv6' : 'tcpv4';
  return { protocol, source: `${remoteAddress}:${remotePort}` };
}
