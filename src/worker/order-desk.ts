/** A data thread's side of orders: carries them out, one after the other. */
import { getHeapStatistics } from 'node:v8';
import type { Runtime } from '../proxy/compile-runtime.ts';
import type { ListenerService } from '../proxy/listener-service.ts';
import type { ListenerHandover, Order, OrderResults } from './orders.ts';
import { threadBusyMs } from './process-numbers.ts';

export interface OrderDeskParts {
  readonly runtime: Runtime;
  readonly listeners: readonly ListenerService[];
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
    const { runtime, listeners, listen } = this.#parts;
    switch (order.kind) {
      case 'server':
        runtime.serverChanged(order.change.backend, order.change.row, order.change.server);
        return undefined;
      case 'close-frontend':
        for (const listener of listeners) if (listener.frontend.row === order.proxy) listener.close();
        return undefined;
      case 'numbers':
        return {
          usedBytes: getHeapStatistics().used_heap_size,
          droppedLogs: this.#parts.droppedLogs(),
          busyMs: threadBusyMs(),
        };
      case 'listen':
        for (const handover of order.listeners) listen(handover);
        return undefined;
    }
  }
}
