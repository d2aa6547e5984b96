/**
 * Performs the steps of a ruleset over connections, one after the other: a connect waits for the handshake, a send
 * for the kernel, an expect for bytes. Reports at most once.
 */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler, Endpoint } from '../net/connection.ts';
import type { CheckFacts } from './check-facts.ts';
import type { CheckListener, RunningCheck } from './checker.ts';
import { connectionErrorText, placeText } from './connection-errors.ts';
import type { ConnectStep, ExpectStep, Ruleset, SendStep, Step } from './ruleset.ts';
import type { CheckFinding } from './status.ts';

/** How far a connection that does not stand yet has come: what an error or a timeout then means (L4, L6). */
type ConnectionLayer = 'tcp' | 'unix' | 'tls';

/** Begins a connection that stands, from its own end to the server's. */
export type CheckHeader = (local: Endpoint, remote: Endpoint) => Buffer;

export interface CheckConnection {
  readonly connection: Connection;
  /** TLS is spoken on it. */
  readonly secure: boolean;
  /** Still to be sent, before anything else. */
  readonly header: CheckHeader | undefined;
  layer(): ConnectionLayer;
  /** Gives up what is under way on it, but for closing it. */
  abort?(): void;
}

/** Makes connections for connect steps; a text: it cannot be done. `hearsFirst`: the server is to speak first. */
export type OpenConnection = (
  step: ConnectStep,
  facts: CheckFacts,
  handler: ConnectionHandler,
  hearsFirst: boolean,
) => CheckConnection | string;

type Next = 'continue' | 'wait';

const NOTHING = Buffer.alloc(0);

export class RulesetCheck implements RunningCheck, ConnectionHandler {
  readonly #ruleset: Ruleset;
  readonly #open: OpenConnection;
  readonly #listener: CheckListener;
  readonly #facts: CheckFacts;
  #at = 0;
  /** The last step that waited or acted on the connection: what errors are about. */
  #current: Step | undefined;
  #link: CheckConnection | undefined;
  #linger = false;
  #header: Buffer = NOTHING;
  #connected = false;
  #sent = false;
  /** Bytes have to come before the next expect is judged. */
  #mustRead = true;
  #ended = false;
  #over = false;
  #running = false;
  #again = false;

  constructor(ruleset: Ruleset, facts: CheckFacts, open: OpenConnection, listener: CheckListener) {
    this.#ruleset = ruleset;
    this.#facts = facts;
    this.#open = open;
    this.#listener = listener;
  }

  start(): this {
    this.#proceed();
    return this;
  }

  expire(): CheckFinding {
    const finding = this.#timedOut();
    this.cancel();
    return finding;
  }

  cancel(): void {
    if (!this.#over) this.#facts.end();
    this.#over = true;
    this.#close();
  }

  /** Callbacks may come from within a step: then the loop below goes round once more instead of recursing. */
  #proceed(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    do {
      this.#again = false;
      this.#walk();
    } while (this.#again && !this.#over);
    this.#running = false;
  }

  #walk(): void {
    const { steps } = this.#ruleset;
    for (let step = steps[this.#at]; step !== undefined; step = steps[this.#at]) {
      if (step.kind !== 'connect' || !this.#connected) this.#facts.code = 0;
      const next = this.#perform(step);
      if (this.#over || next === 'wait') return;
    }
    if (!this.#over) this.#found(this.#passed());
  }

  #perform(step: Step): Next {
    switch (step.kind) {
      case 'connect':
        return this.#connect(step);
      case 'send':
        return this.#send(step);
      case 'expect':
        return this.#expect(step);
      case 'action':
        step.run(this.#facts);
        this.#at++;
        return 'continue';
    }
  }

  #connect(step: ConnectStep): Next {
    if (this.#current === step) {
      if (!this.#connected) return 'wait';
      this.#at++;
      return 'continue';
    }
    this.#close();
    this.#current = step;
    this.#facts.forget();
    this.#connected = false;
    this.#ended = false;
    this.#mustRead = true;
    this.#linger = step.linger;
    this.#listener.onConnecting();
    const opened = this.#open(step, this.#facts, this, this.#hearsFirst());
    if (typeof opened === 'string') this.#found({ status: 'SOCKERR', info: opened });
    else {
      this.#link = opened;
      if (this.#over) this.#close();
    }
    return 'wait';
  }

  #hearsFirst(): boolean {
    const { steps } = this.#ruleset;
    let at = this.#at + 1;
    while (steps[at]?.kind === 'action') at++;
    const next = steps[at];
    return next?.kind === 'expect' || (next?.kind === 'send' && next.optional === true);
  }

  #send(step: SendStep): Next {
    if (this.#current === step && this.#sent) {
      this.#sent = false;
      this.#at++;
      return 'continue';
    }
    if (this.#current === step) return 'wait';
    this.#current = step;
    this.#facts.forget();
    this.#mustRead = true;
    const composed = step.compose(this.#facts);
    const bytes = typeof composed === 'string' ? composed : this.#withHeader(composed);
    if (typeof bytes === 'string') this.#found({ status: 'L7RSP', info: bytes });
    else if (bytes.length === 0) this.#sent = this.#again = true;
    else this.#link?.connection.send(bytes, 0, bytes.length);
    return 'wait';
  }

  /** The header of the PROXY protocol goes out with the first bytes. */
  #withHeader(bytes: Buffer): Buffer {
    const header = this.#header;
    this.#header = NOTHING;
    return header.length === 0 ? bytes : Buffer.concat([header, bytes]);
  }

  #expect(step: ExpectStep): Next {
    this.#current = step;
    if (this.#mustRead && !this.#ended) return this.#receive();
    const verdict = step.judge(this.#facts, this.#ended);
    if (verdict === 'wait') {
      this.#at = step.head ?? this.#at;
      this.#mustRead = true;
      return this.#receive();
    }
    if (verdict !== 'passed') {
      this.#found({ code: this.#facts.code, ...verdict });
      return 'wait';
    }
    this.#facts.code = step.statusCode?.(this.#facts) ?? this.#facts.code;
    this.#at++;
    return 'continue';
  }

  #receive(): Next {
    const connection = this.#link?.connection;
    if (connection !== undefined && !connection.receiving) connection.receive();
    return 'wait';
  }

  /** All steps were taken: what the last of them means. */
  #passed(): CheckFinding {
    const { disableOn404, steps } = this.#ruleset;
    const last = this.#current;
    const facts = this.#facts;
    if (last?.kind === 'expect') {
      if (disableOn404 && facts.code === 404 && facts.serverServes) return { status: 'L7OKC', code: 404 };
      const info = last.onSuccess?.(facts) ?? '';
      return { status: last.okStatus ?? 'L7OK', code: facts.code, info };
    }
    const info = steps.length === 1 && last?.kind === 'connect' && last.implicit ? '' : '(tcp-check)';
    if (last?.kind !== 'connect') return { status: 'L7OK', info };
    return { status: this.#link?.secure === true ? 'L6OK' : 'L4OK', info: last.implicit ? '' : info };
  }

  #found(finding: CheckFinding): void {
    if (this.#over) return;
    this.cancel();
    this.#listener.onFound(finding);
  }

  #layer(): ConnectionLayer | 'ready' {
    return this.#connected ? 'ready' : (this.#link?.layer() ?? 'tcp');
  }

  #timedOut(): CheckFinding {
    const info = placeText(this.#ruleset, this.#current);
    const layer = this.#layer();
    if (layer === 'tcp' || layer === 'unix') return { status: 'L4TOUT', info };
    if (layer === 'tls') return { status: 'L6TOUT', info };
    const step = this.#current;
    const own = step?.kind === 'expect' ? step.timeoutStatus : undefined;
    return { status: own ?? 'L7TOUT', info };
  }

  /** A reset leaves no port waiting; a peer that has closed already gets a plain close. */
  #close(): void {
    const link = this.#link;
    this.#link = undefined;
    if (link === undefined) return;
    link.abort?.();
    if (this.#linger || this.#ended || !this.#connected) link.connection.close();
    else link.connection.reset();
  }

  // connection

  onConnected(connection: Connection): void {
    this.#connected = true;
    this.#listener.onConnected();
    if (this.#over) return;
    const header = this.#link?.header?.(connection.local, connection.remote) ?? NOTHING;
    this.#header = header;
    if (header.length === 0 || this.#ruleset.steps[this.#at + 1]?.kind === 'send') return this.#proceed();
    this.#header = NOTHING;
    connection.send(header, 0, header.length);
  }

  onSent(): void {
    if (this.#current?.kind === 'send') this.#sent = true;
    this.#proceed();
  }

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#facts.add(buffer, offset, length);
    this.#mustRead = false;
    this.#proceed();
  }

  onEnd(): void {
    this.#ended = true;
    this.#mustRead = false;
    this.#proceed();
  }

  /** What came before an error may be all that is needed. */
  onFailed(_connection: Connection, cause: Cause, code?: string): void {
    if (this.#connected && this.#facts.length > 0 && this.#current?.kind === 'expect') return this.onEnd();
    const layer = this.#layer();
    const info = connectionErrorText(cause, code, layer === 'unix') + placeText(this.#ruleset, this.#current);
    if (layer === 'tcp' && cause === 'resource') return this.#found({ status: 'SOCKERR', info });
    this.#found({ status: layer === 'tcp' ? 'L4CON' : layer === 'tls' ? 'L6RSP' : 'SOCKERR', info });
  }
}
