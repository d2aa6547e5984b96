/** A data thread's side of orders: carries them out, one after the other. */
import { getHeapStatistics } from 'node:v8';
import type { ThreadNumbers } from '../admin/runtime.ts';
import type { BadMessages } from '../proxy/bad-messages.ts';
import type { ThreadCertificates } from '../net/tls/thread-certificates.ts';
import type { LiveStreams } from '../proxy/live-streams.ts';
import type { StreamsByServer } from '../proxy/server-streams.ts';
import type { ListenerService } from '../proxy/listener-service.ts';
import type { ChangedBackend, ChangedServer, ListenerHandover, Order, OrderResults } from './orders.ts';
import { reportStreams } from './stream-reports.ts';
import type { ThreadCopies } from './thread-copies.ts';
import { threadBusyMs } from './process-numbers.ts';

interface OrderDeskParts {
  /** A server was added, changed or removed at run time. */
  readonly knowServer: (change: ChangedServer) => void;
  readonly knowBackend: (change: ChangedBackend) => void;
  readonly listeners: readonly ListenerService[];
  readonly copies: ThreadCopies;
  readonly certificates: ThreadCertificates;
  readonly streams: LiveStreams;
  readonly serverStreams: StreamsByServer;
  readonly thread: number;
  readonly now: () => number;
  readonly badMessages: BadMessages;
  /** Connections it accepted so far. */
  readonly accepted: () => number;
  readonly droppedLogs: () => number;
  /** Starts accepting on a descriptor. */
  readonly listen: (handover: ListenerHandover) => void;
}

export class OrderDesk {
  readonly #parts: OrderDeskParts;

  constructor(parts: OrderDeskParts) {
    this.#parts = parts;
  }

  run(order: Order): OrderResults[Order['kind']] {
    const { knowServer, knowBackend, listeners, listen } = this.#parts;
    switch (order.kind) {
      case 'server':
        knowServer(order.change);
        return undefined;
      case 'backend':
        knowBackend(order.change);
        return undefined;
      case 'tls':
        for (const change of order.changes) this.#parts.certificates.follow(change);
        return undefined;
      case 'close-frontend':
        for (const listener of listeners) if (listener.frontend.row === order.proxy) listener.close();
        return undefined;
      case 'changes':
        this.#parts.copies.follow(order.changes, order.number);
        return undefined;
      case 'streams':
        return reportStreams(this.#parts.streams, this.#parts.thread, this.#parts.now());
      case 'kill-stream':
        return this.#kill(order.number);
      case 'kill-on-server':
        this.#parts.serverStreams.shutdown(order.server, 'K');
        return undefined;
      case 'bad-messages':
        return this.#parts.badMessages.report();
      case 'answer':
        return undefined;
      case 'numbers':
        return this.#numbers();
      case 'listen':
        for (const handover of order.listeners) listen(handover);
        return undefined;
    }
  }

  #numbers(): ThreadNumbers {
    const { thread, streams, accepted, droppedLogs } = this.#parts;
    const heap = getHeapStatistics();
    return {
      thread,
      heapBytes: heap.total_heap_size,
      usedBytes: heap.used_heap_size,
      droppedLogs: droppedLogs(),
      busyMs: threadBusyMs(),
      streams: streams.size,
      accepted: accepted(),
    };
  }

  #kill(number: number): boolean {
    const stream = this.#parts.streams.all().find(one => one.number === number);
    stream?.shutdown('K');
    return stream !== undefined;
  }
}
