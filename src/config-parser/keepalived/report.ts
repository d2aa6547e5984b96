/**
 * Collects what there is to say about a keepalived.conf and how bad it is, in the classes of keepalived's
 * `--config-test`: unusable (exit 3), tolerable errors (4), insecure scripts (5). A remark changes none of them.
 */
import type { Diagnostic, Position } from '../../model/diagnostic.ts';

export type CheckStatus = 'fine' | 'unusable' | 'tolerable' | 'insecure';

export const EXIT_CODE: Readonly<Record<CheckStatus, 0 | 3 | 4 | 5>> = {
  fine: 0,
  unusable: 3,
  tolerable: 4,
  insecure: 5,
};

export class Report {
  readonly diagnostics: Diagnostic[] = [];
  #unusable = false;
  #tolerable = false;
  #insecure = false;

  /** The configuration cannot be run. */
  alert(position: Position, message: string, hint?: string): void {
    this.#unusable = true;
    this.#add('alert', position, message, hint);
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

  /** The worst class met: keepalived keeps the most severe too. */
  get status(): CheckStatus {
    if (this.#unusable) return 'unusable';
    if (this.#tolerable) return 'tolerable';
    return this.#insecure ? 'insecure' : 'fine';
  }

  #add(severity: Diagnostic['severity'], position: Position, message: string, hint?: string): void {
    this.diagnostics.push({ severity, position, message, ...(hint === undefined ? {} : { hint }) });
  }
}
