/**
 * Collects what there is to say about a keepalived.conf and how bad it is, in the classes of keepalived's
 * `--config-test`, with the exit codes that it really gives (its manual is one lower): unusable (4), tolerable errors
 * (5), insecure scripts or a file that has to be included and is not there (6). A remark changes none of them.
 */
import type { Diagnostic, Position } from '../../model/diagnostic.ts';

export type CheckStatus = 'fine' | 'unusable' | 'incomplete' | 'tolerable' | 'insecure';

export const EXIT_CODE: Readonly<Record<CheckStatus, 0 | 4 | 5 | 6>> = {
  fine: 0,
  unusable: 4,
  incomplete: 6,
  tolerable: 5,
  insecure: 6,
};

/** Whether a configuration can be run. */
export function isUsable(status: CheckStatus): boolean {
  return status !== 'unusable' && status !== 'incomplete';
}

export class Report {
  readonly diagnostics: Diagnostic[] = [];
  #unusable = false;
  #incomplete = false;
  #tolerable = false;
  #insecure = false;
  /** Instances that cannot be run: the others are. */
  missesInstances = false;

  /** The configuration cannot be run. */
  alert(position: Position, message: string, hint?: string): void {
    this.#unusable = true;
    this.#add('alert', position, message, hint);
  }

  /** A file that has to be included cannot be: nothing is run. */
  misses(position: Position, message: string): void {
    this.#incomplete = true;
    this.#add('alert', position, message);
  }

  /** An instance cannot be run. */
  leaveOut(position: Position, message: string): void {
    this.#tolerable = true;
    this.missesInstances = true;
    this.#add('alert', position, message);
  }

  /** Runs, after the configuration was changed as the message says. */
  warn(position: Position, message: string, hint?: string): void {
    this.#tolerable = true;
    this.#add('warning', position, message, hint);
  }

  /** Worth knowing, nothing wrong. */
  remark(position: Position, message: string): void {
    this.#add('warning', position, message);
  }

  insecure(position: Position, message: string): void {
    this.#insecure = true;
    this.#add('warning', position, message);
  }

  /** Of errors and insecure scripts keepalived tells the scripts. */
  get status(): CheckStatus {
    if (this.#incomplete) return 'incomplete';
    if (this.#unusable) return 'unusable';
    if (this.#insecure) return 'insecure';
    return this.#tolerable ? 'tolerable' : 'fine';
  }

  #add(severity: Diagnostic['severity'], position: Position, message: string, hint?: string): void {
    this.diagnostics.push({ severity, position, message, ...(hint === undefined ? {} : { hint }) });
  }
}
