/**
 * The place of a stream in a queue, a server's or its backend's, and what is counted and logged of it: how many waited
 * when it came, and how many of them were served before it (manual, section 8.2.3: srv_queue and backend_queue).
 */
import type { Waiter, Waiting } from '../../state/local-queue.ts';
import type { SharedState } from '../../state/shared-state.ts';
import type { BackendRuntime, ServerRuntime } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

export class QueuePlace {
  readonly #state: SharedState;
  readonly #waiter: Waiter;
  #transaction: Transaction | undefined;
  #backend: BackendRuntime | undefined;
  /** Undefined: any of the backend's will do. */
  #server: ServerRuntime | undefined;
  #place: Waiting | undefined;

  constructor(state: SharedState, waiter: Waiter) {
    this.#state = state;
    this.#waiter = waiter;
  }

  /** False: the queue is full. The waiter may have its slot before this returns. */
  join(transaction: Transaction, backend: BackendRuntime, server: ServerRuntime | undefined): boolean {
    const { queues } = this.#state;
    const { priorityClass, priorityOffset } = transaction;
    this.#transaction = transaction;
    this.#backend = backend;
    this.#server = server;
    const place =
      server === undefined
        ? queues.waitForBackend(backend.row, this.#waiter, priorityClass, priorityOffset)
        : queues.waitForServer(server.row, this.#waiter, priorityClass, priorityOffset);
    if (place === undefined) return false;
    transaction.counts.queued(server, this.#length());
    if (place.queued) this.#place = place;
    return true;
  }

  #length(): number {
    const { servers } = this.#state;
    const { row } = this.#backend as BackendRuntime;
    return this.#server === undefined ? servers.backendQueued(row) : servers.queued(this.#server.row);
  }

  /** It waits no more, and was not served. */
  leave(): void {
    const transaction = this.#transaction as Transaction;
    if (this.#place !== undefined) this.#state.queues.remove(this.#place);
    this.#note();
    transaction.serverRuntime = this.#server;
    transaction.leftQueue();
  }

  /** It has waited too long: a failure of the server it waited for. */
  expired(): void {
    if (this.#server !== undefined) this.#transaction?.unservedBy(this.#server);
    this.leave();
  }

  /** It has its slot. */
  served(): void {
    this.#note();
  }

  /** Who had its slot at once was the first. */
  #note(): void {
    this.#transaction?.queuedAt(this.#server, this.#place?.position ?? 1);
    this.#place = undefined;
  }

  /** The queue was emptied: there is nothing to wait for any more. */
  lost(): void {
    this.#place = undefined;
  }
}
