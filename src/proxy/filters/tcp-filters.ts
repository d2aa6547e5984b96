/** Filters of scripts over the bytes of a connection in mode tcp: both directions of its relay. */
import type { Relay } from '../../net/relay.ts';
import type { RelayFilter } from '../../net/relay-side.ts';
import type { PlacedFilter } from '../../rules/script-filter.ts';
import type { FilterChain } from './filter-chain.ts';
import type { DataThread } from '../runtime/runtime.ts';
import { StreamFilters } from './stream-filters.ts';
import type { Transaction } from '../transaction.ts';

interface TcpFiltersOwner {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  /** One of them has failed. */
  filterFailed(): void;
}

export class TcpFilters {
  readonly #owner: TcpFiltersOwner;
  readonly #filters: StreamFilters;
  readonly #chains: FilterChain[] = [];
  /** Where bytes go that were held back. */
  relay: Relay | undefined;

  constructor(owner: TcpFiltersOwner) {
    this.#owner = owner;
    this.#filters = new StreamFilters(owner.transaction, owner.thread.buffers.size);
  }

  /** The filters of a proxy join. False: one has failed. */
  join(filters: readonly PlacedFilter[]): boolean {
    return this.#filters.attach(filters) && this.#filters.start(false);
  }

  /** The server is there. False: one has failed. */
  connected(): boolean {
    return this.#filters.start(true);
  }

  /** Makes what one direction passes, once for each; undefined: none of the filters wants to see its bytes. */
  open(side: 'client' | 'server'): RelayFilter | undefined {
    const isResponse = side === 'server';
    if (!this.#filters.wantData(isResponse)) return undefined;
    const { thread, transaction } = this.#owner;
    const settings = { wheel: thread.wheel, isMessage: false, patienceMs: transaction.timeout(side) };
    const chain = this.#filters.chain({ ...settings, isResponse });
    chain.onWake = bytes => this.relay?.letPass(side, bytes);
    chain.onFailed = () => this.#owner.filterFailed();
    this.#chains.push(chain);
    return new ChainFilter(chain);
  }

  end(): void {
    for (const chain of this.#chains) chain.close();
    this.#filters.end();
  }
}

class ChainFilter implements RelayFilter {
  readonly #chain: FilterChain;

  constructor(chain: FilterChain) {
    this.#chain = chain;
  }

  take(bytes: Buffer, ended: boolean): Buffer | undefined {
    const going = this.#chain.push(bytes, ended);
    if (!this.#chain.failed) return going;
    this.#chain.onFailed();
    return undefined;
  }

  get isFull(): boolean {
    return this.#chain.isFull;
  }

  get done(): boolean {
    return this.#chain.done;
  }
}
