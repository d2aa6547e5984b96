/** One way to check a server. A running check is told to stop when its time is over; it reports at most once. */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler, ConnectTarget, Engine } from '../net/connection.ts';
import type { CheckFinding } from './status.ts';

export interface RunningCheck {
  /** The connection stands: `timeout check` begins. */
  readonly connected: boolean;
  /** Time is over: closes, and says what it was waiting for. */
  expire(): CheckFinding;
  /** Closes; nothing is reported. */
  cancel(): void;
}

export interface CheckListener {
  onConnected(): void;
  onFound(finding: CheckFinding): void;
}

/** Starts a check; the listener hears of it later or before this returns. */
export type Checker = (engine: Engine, target: ConnectTarget, listener: CheckListener) => RunningCheck;

const CAUSE_TEXTS: Partial<Record<Cause, string>> = {
  refused: 'Connection refused',
  reset: 'Connection reset by peer',
  timeout: 'Connection timed out',
  unreachable: 'No route to host',
};

export function causeText(cause: Cause): string | undefined {
  return CAUSE_TEXTS[cause];
}

/** Connecting is the same for all checks; what follows is the subclass's. */
export abstract class ConnectionCheck implements RunningCheck, ConnectionHandler {
  readonly #listener: CheckListener;
  #connection: Connection | undefined;
  #over = false;
  connected = false;

  constructor(listener: CheckListener) {
    this.#listener = listener;
  }

  start(engine: Engine, target: ConnectTarget): this {
    const connection = engine.connect(target, this);
    if (this.#over) connection.close();
    else this.#connection = connection;
    return this;
  }

  expire(): CheckFinding {
    this.cancel();
    return this.connected ? this.timedOut() : { status: 'L4TOUT' };
  }

  cancel(): void {
    this.#over = true;
    this.#connection?.close();
  }

  onConnected(connection: Connection): void {
    this.connected = true;
    this.#listener.onConnected();
    if (!this.#over) this.begin(connection);
  }

  onFailed(_connection: Connection, cause: Cause): void {
    if (this.connected) return this.found(this.failed(cause));
    if (cause === 'resource') return this.found({ status: 'SOCKERR', info: 'Out of sockets or ports' });
    const info = causeText(cause);
    this.found({ status: 'L4CON', ...(info !== undefined && { info }) });
  }

  protected found(finding: CheckFinding): void {
    if (this.#over) return;
    this.cancel();
    this.#listener.onFound(finding);
  }

  protected abstract begin(connection: Connection): void;
  protected abstract timedOut(): CheckFinding;
  protected abstract failed(cause: Cause): CheckFinding;
  abstract onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void;
  abstract onEnd(connection: Connection): void;
  abstract onSent(connection: Connection): void;
}
