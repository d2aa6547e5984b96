/** What a connection on the ring asks of its engine. */
import type { HotBuffers } from '../hot-buffers.ts';
import type { Operations } from './operations.ts';
import type { ResetWatch } from './reset-watch.ts';
import type { SendBatch } from './send-batch.ts';
import type { SendingHalf } from './sending-half.ts';
import type { Slots } from './slots.ts';
import type { Transfers } from './transfers.ts';

export interface RingHost {
  readonly slots: Slots;
  /** For what is read by a call. */
  readonly hot: HotBuffers;
  readonly operations: Operations;
  /** Those added hear sentNow() when the kernel has consumed what was pushed. */
  readonly sends: SendBatch;
  /** For connections whose receive stays armed after bytes have come. */
  readonly resets: ResetWatch;
  readonly transfers: Transfers;
  /** Calls deliver() once the current callbacks are over. */
  queue(connection: SendingHalf): void;
  close(fd: number): void;
  /** The kernel takes what was pushed, now. */
  handOver(): void;
  /** No slot is left: retry() is called when there is one. */
  starve(connection: SendingHalf): void;
  /** Of a connection whose end has come: the next that is told of it is that. */
  endsNext(connection: SendingHalf): boolean;
  forget(connection: SendingHalf): void;
  /** Closed, and nothing of it is in the kernel any more. */
  release(connection: SendingHalf): void;
}
