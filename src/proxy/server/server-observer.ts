/**
 * `observe`: judges a server by its traffic (manual, section 5.2). Errors in a row are counted over all threads;
 * who meets the `error-limit` tells the control thread, which does what `on-error` says (health/observation.ts).
 */
import type { ObservedError } from '../../health/observation.ts';
import type { Server } from '../../model/server.ts';
import type { ServerTable } from '../../state/server-table.ts';

export type ReportErrors = (server: number, errors: number, last: ObservedError) => void;

/** Failures of the server itself, not of what was asked of it. */
const HARMLESS = new Set([501, 505]);

export class ServerObserver {
  readonly #row: number;
  readonly #limit: number;
  readonly #servers: ServerTable;
  readonly #report: ReportErrors;
  readonly #layer7: boolean;

  constructor(config: Server, row: number, servers: ServerTable, report: ReportErrors) {
    this.#row = row;
    this.#limit = config.errorLimit;
    this.#servers = servers;
    this.#report = report;
    this.#layer7 = config.observe === 'layer7';
  }

  connected(): void {
    if (!this.#layer7) this.#servers.observedSuccess(this.#row);
  }

  connectFailed(): void {
    this.#count('connection');
  }

  /** The head of an answer has come. */
  answered(status: number): void {
    if (!this.#layer7) return;
    if (status < 100 || (status >= 500 && status < 600 && !HARMLESS.has(status))) this.#count('status');
    else this.#servers.observedSuccess(this.#row);
  }

  /** No answer, or none that can be used. */
  failed(how: ObservedError): void {
    if (this.#layer7) this.#count(how);
  }

  #count(how: ObservedError): void {
    const errors = this.#servers.observedError(this.#row);
    if (errors < this.#limit) return;
    this.#servers.observedSuccess(this.#row);
    this.#report(this.#row, errors, how);
  }
}

/** Undefined: nothing is observed. Without checks nothing could be done about it. */
export function observerOf(
  config: Server,
  row: number,
  servers: ServerTable,
  report: ReportErrors,
): ServerObserver | undefined {
  if (config.observe === undefined || config.check?.enabled !== true) return undefined;
  return new ServerObserver(config, row, servers, report);
}
