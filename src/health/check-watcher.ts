/** Hears of checks, whatever becomes of them (a trace). */
import type { CheckKind } from '../state/check-reports.ts';
import type { LifeServer } from './life-server.ts';
import type { CheckReport } from './status.ts';

export interface CheckWatcher {
  begins(server: LifeServer, kind: CheckKind): void;
  connected(server: LifeServer, kind: CheckKind): void;
  found(server: LifeServer, kind: CheckKind, report: CheckReport): void;
}
