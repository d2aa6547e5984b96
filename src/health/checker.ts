/** One way to check a server. A running check is told to stop when its time is over; it reports at most once. */
import type { CheckFinding } from './status.ts';

export interface RunningCheck {
  /** Time is over: closes, and says what it was waiting for. */
  expire(): CheckFinding;
  /** Closes; nothing is reported. */
  cancel(): void;
}

export interface CheckListener {
  /** A connection is being made: the time for that begins. */
  onConnecting(): void;
  /** The connection stands: `timeout check` begins. */
  onConnected(): void;
  onFound(finding: CheckFinding): void;
}

/** Starts a check; the listener hears of it later or before this returns. */
export type Checker = (listener: CheckListener) => RunningCheck;
