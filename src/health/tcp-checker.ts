/** The default check: the server is up when it accepts a connection (manual, `check`). */
import type { Connection } from '../net/connection.ts';
import { ConnectionCheck, type Checker } from './checker.ts';
import type { CheckFinding } from './status.ts';

class TcpCheck extends ConnectionCheck {
  /** Closed with RST: nothing was said, and no port has to linger. */
  protected begin(connection: Connection): void {
    connection.reset();
    this.found({ status: 'L4OK' });
  }

  protected timedOut(): CheckFinding {
    return { status: 'L4TOUT' };
  }

  protected failed(): CheckFinding {
    return { status: 'L4CON' };
  }

  onReceived(): void {
    throw new Error('nothing was to be received');
  }
  onEnd(): void {
    throw new Error('nothing was to be received');
  }
  onSent(): void {
    throw new Error('nothing was sent');
  }
}

export const tcpChecker: Checker = (engine, target, listener) => new TcpCheck(listener).start(engine, target);
