/**
 * Reads the packets of a raw socket as they come; of a flood it reads many at a time, with pauses in between, so that
 * each costs little. What comes faster than that the kernel drops, and counts. Called by advert-receiver.ts.
 */
import { getOption } from '../net/system-calls.ts';
import type { Clock } from './clock.ts';
import { errorText, SOL_SOCKET } from './kernel-calls.ts';
import { BATCH_PACKETS, readPackets } from './packet-batch.ts';
import { createRawSocket, type RawSocket } from './raw-socket.ts';

const WINDOW_MS = 100;
/** In one turn of the event loop. */
const MOST_PACKETS = 1024;
/** More than fit into the socket's queue. */
const MOST_TURNS = 8;
const EAGAIN = -11;
const SO_MEMINFO = 55;
const SK_MEMINFO_DROPS = 8;

export interface QueuePace {
  /** So many in a tenth of a second are read as they come. */
  readonly freePackets: number;
  /** After each reading when there are more. */
  readonly pauseMs: number;
}

export interface QueueEvents {
  packet(packet: Buffer, ipv6Source: Buffer): void;
  error(error: Error): void;
}

export class AdvertQueue {
  readonly socket: RawSocket;
  readonly #pace: QueuePace;
  readonly #events: QueueEvents;
  readonly #clock: Clock;
  #windowAt = -Infinity;
  #count = 0;
  #closed = false;
  #cancelPause = (): void => {};

  constructor(family: 4 | 6, protocol: number, pace: QueuePace, events: QueueEvents, clock: Clock) {
    this.#pace = pace;
    this.#events = events;
    this.#clock = clock;
    this.socket = createRawSocket(
      family,
      protocol,
      () => this.#readable(),
      error => events.error(error),
    );
  }

  /** Dropped by the kernel, unseen. */
  get dropped(): number {
    const info = Buffer.alloc(4 * (SK_MEMINFO_DROPS + 1));
    return getOption(this.socket.fd, SOL_SOCKET, SO_MEMINFO, info) < info.length
      ? 0
      : info.readUInt32LE(4 * SK_MEMINFO_DROPS);
  }

  /** All that wait now; what comes meanwhile may be left. */
  readWaiting(): void {
    for (let turns = 0; turns < MOST_TURNS && this.#drain() >= MOST_PACKETS; turns++);
  }

  /** Before a filter is attached everything comes. */
  forgetWaiting(): void {
    while (readPackets(this.socket.fd, () => {}) === BATCH_PACKETS);
  }

  close(): void {
    this.#closed = true;
    this.#cancelPause();
    this.socket.close();
  }

  #readable(): void {
    const now = this.#clock.now();
    if (now - this.#windowAt >= WINDOW_MS) {
      this.#windowAt = now;
      this.#count = 0;
    }
    this.#count += this.#drain();
    if (this.#closed || this.#count <= this.#pace.freePackets) return;
    this.socket.pause();
    this.#cancelPause = this.#clock.after(this.#pace.pauseMs, () => this.socket.resume());
  }

  #drain(): number {
    let total = 0;
    let count = BATCH_PACKETS;
    while (count === BATCH_PACKETS && total < MOST_PACKETS && !this.#closed) {
      count = readPackets(this.socket.fd, this.#take);
      if (count > 0) total += count;
      else if (count !== EAGAIN) this.#events.error(new Error(errorText(count)));
    }
    return total;
  }

  readonly #take = (packet: Buffer, ipv6Source: Buffer): void => {
    if (!this.#closed) this.#events.packet(packet, ipv6Source);
  };
}
