/**
 * Moves bytes from one connection to another inside the kernel, through a pipe (splice(2)): they are not copied, and
 * never seen here. Waiting is left to the ring:
 *
 *   run ─▶ source ─splice─▶ pipe ─splice─▶ target ─▶ again, a few times, then in the next turn
 *             └ nothing there: poll              └ no room: poll
 *
 * Both sockets are non-blocking meanwhile, as splice(2) asks them and nothing else whether it may wait.
 */
import type { MoveSink } from '../../connection.ts';
import { setBlocking, spliceBytes } from '../../system-calls.ts';
import { EAGAIN, EINTR, EPIPE, POLLIN, POLLOUT } from './abi.ts';
import type { Operations } from './operations.ts';
import type { Pipe, Pipes } from './pipes.ts';

/** A connection as its transfer sees it. */
export interface TransferEnd {
  readonly fd: number;
  bytesIn: number;
  bytesOut: number;
  /** It takes part no more: with a negative error number, or 0. */
  givesNoMore(result: number): void;
  takesNoMore(result: number): void;
}

export interface TransferHost {
  readonly operations: Operations;
  readonly pipes: Pipes;
  /** Stopped, and nothing of it is in the kernel any more. */
  release(transfer: Transfer): void;
}

/** Pipefuls moved before others have their turn. */
const ROUNDS = 4;

export class Transfer {
  /** In the engine's table, and told apart from an earlier user of that place by `serial`. */
  readonly index: number;
  readonly serial: number;
  readonly #host: TransferHost;
  readonly #source: TransferEnd;
  readonly #target: TransferEnd;
  readonly #sink: MoveSink;
  readonly #pipe: Pipe;
  /** Still to come from the source. */
  #left: number;
  #inPipe = 0;
  #polling = false;
  #over = false;

  constructor(
    host: TransferHost,
    place: { readonly index: number; readonly serial: number },
    ends: { readonly source: TransferEnd; readonly target: TransferEnd },
    length: number,
    sink: MoveSink,
    pipe: Pipe,
  ) {
    this.#host = host;
    this.index = place.index;
    this.serial = place.serial;
    this.#source = ends.source;
    this.#target = ends.target;
    this.#left = length;
    this.#sink = sink;
    this.#pipe = pipe;
    setBlocking(ends.source.fd, false);
    setBlocking(ends.target.fd, false);
  }

  /** Bytes, or room for them, may be there. */
  polled(): void {
    this.#polling = false;
    if (this.#over) this.#host.release(this);
    else this.run();
  }

  run(): void {
    for (let round = 0; round < ROUNDS; round++) {
      if (this.#inPipe === 0 && !this.#pull()) return;
      if (!this.#push()) return;
    }
    this.#waitFor(this.#inPipe === 0 ? 'source' : 'target');
  }

  /** Either connection is about to be closed: what is in the pipe is lost. */
  stop(): void {
    if (!this.#over) this.#leave(0, 0);
  }

  /** True: there is something to push. */
  #pull(): boolean {
    const wanted = Math.min(this.#left, this.#pipe.size);
    const moved = spliceBytes(this.#source.fd, this.#pipe.writeFd, wanted);
    if (moved === -EAGAIN || moved === -EINTR) return this.#waitFor('source');
    if (moved < 0) return this.#leave(moved, 0);
    if (moved === 0) return this.#sourceEnded();
    this.#left -= moved;
    this.#inPipe = moved;
    this.#source.bytesIn += moved;
    this.#sink.taken(moved);
    return true;
  }

  /** True: all of it went, and there is more to come. */
  #push(): boolean {
    const moved = spliceBytes(this.#pipe.readFd, this.#target.fd, this.#inPipe);
    if (moved === -EAGAIN || moved === -EINTR) return this.#waitFor('target');
    if (moved <= 0) return this.#leave(0, moved || -EPIPE);
    this.#inPipe -= moved;
    this.#target.bytesOut += moved;
    this.#sink.passed(moved);
    if (this.#over) return false;
    if (this.#inPipe === 0 && this.#left === 0) return this.#done();
    return true;
  }

  #waitFor(side: 'source' | 'target'): false {
    this.#polling = true;
    const { fd } = side === 'source' ? this.#source : this.#target;
    this.#host.operations.poll(this, fd, side === 'source' ? POLLIN : POLLOUT);
    this.#sink.waitsFor(side);
    return false;
  }

  #sourceEnded(): false {
    this.#leave(0, 0);
    this.#sink.sourceEnded();
    return false;
  }

  #done(): false {
    this.#leave(0, 0);
    this.#sink.done();
    return false;
  }

  /** Both go on as before, or have failed. */
  #leave(sourceResult: number, targetResult: number): false {
    this.#over = true;
    this.#host.pipes.close(this.#pipe);
    setBlocking(this.#source.fd, true);
    setBlocking(this.#target.fd, true);
    if (this.#polling) this.#host.operations.cancelPoll(this);
    else this.#host.release(this);
    this.#source.givesNoMore(sourceResult);
    this.#target.takesNoMore(targetResult);
    return false;
  }
}
