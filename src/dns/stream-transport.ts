/**
 * Questions over streams, of which each carries a few at a time; who has more to ask opens another (manual, section 5.3.2:
 * `nameserver`). Where no more may be opened, those that are there carry more.
 */
import type { Socket } from 'node:net';
import { StreamConnection } from './stream-connection.ts';
import type { Transport, TransportEvents } from './transport.ts';

/** Questions that wait for their answers on one connection, as long as there may be another one. */
const PIPELINED = 4;

export interface StreamSettings {
  /** Begins a connection; `ready` is called when it can be written to. */
  readonly open: (ready: () => void) => Socket;
  /** How long it may take to be ready. */
  readonly connectMs: number;
  /** `maxconn`; 0: any number. */
  readonly maxConnections: number;
}

export class StreamTransport implements Transport {
  readonly #settings: StreamSettings;
  readonly #events: TransportEvents;
  readonly #connections = new Set<StreamConnection>();

  constructor(settings: StreamSettings, events: TransportEvents) {
    this.#settings = settings;
    this.#events = events;
  }

  send(message: Buffer): void {
    this.#connectionForOne().ask(message);
  }

  #connectionForOne(): StreamConnection {
    let leastBusy: StreamConnection | undefined;
    for (const one of this.#connections)
      if (leastBusy === undefined || one.waiting < leastBusy.waiting) leastBusy = one;
    if (leastBusy !== undefined && (leastBusy.waiting < PIPELINED || this.#isFull())) return leastBusy;
    return this.#open();
  }

  #isFull(): boolean {
    const { maxConnections } = this.#settings;
    return maxConnections > 0 && this.#connections.size >= maxConnections;
  }

  #open(): StreamConnection {
    const { open, connectMs } = this.#settings;
    const connection = new StreamConnection(open, connectMs, {
      received: message => this.#events.received(message),
      ended: (unanswered, cause) => {
        this.#connections.delete(connection);
        for (const message of unanswered) this.send(message);
        if (cause !== undefined) this.#events.failed(cause);
      },
    });
    this.#connections.add(connection);
    return connection;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }
}
