/** The transfers of an engine: begins them, and tells them of their polls by place and serial. */
import type { MoveSink } from '../../connection.ts';
import { type Operations, SERIAL_MASK } from './operations.ts';
import type { Pipes } from './pipes.ts';
import { Transfer, type TransferEnd, type TransferHost } from './transfer.ts';

export class Transfers implements TransferHost {
  readonly operations: Operations;
  readonly pipes: Pipes;
  readonly #places: (Transfer | undefined)[] = [];
  #serial = 0;

  constructor(operations: Operations, pipes: Pipes) {
    this.operations = operations;
    this.pipes = pipes;
  }

  /** Undefined: there is no pipe for it. */
  begin(source: TransferEnd, target: TransferEnd, length: number, sink: MoveSink): Transfer | undefined {
    const pipe = this.pipes.open();
    if (pipe === undefined) return undefined;
    const free = this.#places.indexOf(undefined);
    const index = free < 0 ? this.#places.length : free;
    this.#serial = (this.#serial + 1) & SERIAL_MASK;
    const place = { index, serial: this.#serial };
    const transfer = new Transfer(this, place, { source, target }, length, sink, pipe);
    this.#places[index] = transfer;
    return transfer;
  }

  polled(index: number, serial: number): void {
    const transfer = this.#places[index];
    if (transfer?.serial !== serial) throw new Error('a completion of no transfer');
    transfer.polled();
  }

  release(transfer: Transfer): void {
    this.#places[transfer.index] = undefined;
  }
}
