/** A data thread's side of orders: carries them out, one after the other. */
import { getHeapStatistics } from 'node:v8';
import type { ThreadNumbers } from '../../admin/runtime.ts';
import type { ProfilingSettings } from '../../model/profiling.ts';
import type { DataThread } from '../../proxy/runtime/runtime.ts';
import type { ChangedBackend, ChangedServer, Order, OrderResults } from './orders.ts';
import { ThreadProfiler } from '../profiling/thread-profiler.ts';
import { reportStreams } from './stream-reports.ts';
import type { ThreadCopies } from './thread-copies.ts';
import type { ThreadListeners } from './thread-listeners.ts';
import { threadBusyMs } from '../process/process-numbers.ts';

interface OrderDeskParts {
  /** A server was added, changed or removed at run time. */
  readonly knowServer: (change: ChangedServer) => void;
  readonly knowBackend: (change: ChangedBackend) => void;
  readonly listeners: ThreadListeners;
  readonly copies: ThreadCopies;
  readonly thread: DataThread;
  readonly profiling: ProfilingSettings;
  /** Connections it accepted so far. */
  readonly accepted: () => number;
  readonly droppedLogs: () => number;
}

export class OrderDesk {
  readonly #parts: OrderDeskParts;
  readonly #profiler: ThreadProfiler;

  constructor(parts: OrderDeskParts) {
    this.#parts = parts;
    this.#profiler = new ThreadProfiler(isMeasuring => parts.thread.meters.turn(isMeasuring));
    this.#profiler.use(parts.profiling);
  }

  run(order: Order): OrderResults[Order['kind']] {
    const { knowServer, knowBackend, listeners, thread } = this.#parts;
    switch (order.kind) {
      case 'server':
        knowServer(order.change);
        return undefined;
      case 'backend':
        knowBackend(order.change);
        return undefined;
      case 'tls':
        for (const change of order.changes) thread.certificates.follow(change);
        return undefined;
      case 'close-frontend':
        for (const listener of listeners.services())
          if (listener.frontend.row === order.proxy) listener.close(order.refuse);
        return undefined;
      case 'changes':
        this.#parts.copies.follow(order.changes, order.number);
        return undefined;
      case 'streams':
        return reportStreams(thread.liveStreams, thread.index, thread.wheel.now);
      case 'kill-stream':
        return this.#kill(order.number);
      case 'kill-on-server':
        thread.streams.shutdown(order.server, 'K');
        return undefined;
      case 'bad-messages':
        return thread.badMessages.report();
      case 'answer':
        return undefined;
      case 'numbers':
        return this.#numbers();
      case 'profiling':
        this.#profiler.use(order.settings);
        return undefined;
      case 'profile':
        return this.#profiler.report();
      case 'listen':
        for (const handover of order.listeners) listeners.listen(handover);
        return undefined;
    }
  }

  #numbers(): ThreadNumbers {
    const { thread, accepted, droppedLogs } = this.#parts;
    const heap = getHeapStatistics();
    return {
      thread: thread.index,
      heapBytes: heap.total_heap_size,
      usedBytes: heap.used_heap_size,
      droppedLogs: droppedLogs(),
      busyMs: threadBusyMs(),
      streams: thread.liveStreams.size,
      accepted: accepted(),
    };
  }

  #kill(number: number): boolean {
    const stream = this.#parts.thread.liveStreams.all().find(one => one.number === number);
    stream?.shutdown('K');
    return stream !== undefined;
  }
}
