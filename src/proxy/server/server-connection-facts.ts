/** What samples can ask about the server's connection of one exchange. */
import type { ConnectionError, ServerFacts } from '../../acl/context.ts';
import type { CarriedFacts, Connection } from '../../net/connection.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';
import type { ServerRefusal } from './dial-failure.ts';
import type { ServerRuntime } from '../runtime/runtime.ts';

interface ServerConnectionOwner {
  readonly serverRuntime: ServerRuntime | undefined;
  readonly serverConnection: Connection | undefined;
  readonly serverReused: boolean;
  readonly serverRefusal: ServerRefusal | undefined;
}

export class ServerConnectionFacts implements ServerFacts {
  readonly #exchange: ServerConnectionOwner;

  constructor(exchange: ServerConnectionOwner) {
    this.#exchange = exchange;
  }
  get error(): ConnectionError | undefined {
    return this.#exchange.serverRefusal?.error;
  }
  get tls(): TlsFacts | undefined {
    return (this.#exchange.serverConnection ?? this.#exchange.serverRefusal)?.tls;
  }
  get name(): string {
    return this.#exchange.serverRuntime?.config.name ?? '';
  }
  get id(): number {
    return this.#exchange.serverRuntime?.config.id ?? 0;
  }
  get destination(): ServerFacts['destination'] {
    return this.#exchange.serverConnection?.remote ?? this.#exchange.serverRefusal?.destination;
  }
  get source(): ServerFacts['source'] {
    return this.#exchange.serverConnection?.local;
  }
  get fd(): number {
    return this.#exchange.serverConnection?.fd ?? -1;
  }
  get httpMajor(): number {
    return this.#carrier() === undefined ? 1 : 2;
  }
  get streams(): number {
    return this.#carrier()?.openStreams ?? 1;
  }
  get streamsLimit(): number {
    return this.#carrier()?.streamsLimit ?? 1;
  }
  get glitches(): number {
    return this.#carrier()?.glitches ?? this.#exchange.serverConnection?.glitches ?? 0;
  }
  get streamId(): number | undefined {
    return this.#exchange.serverConnection?.streamId;
  }
  get rstCode(): number | undefined {
    const code = this.#exchange.serverConnection?.rstCode ?? -1;
    return code < 0 ? undefined : code;
  }
  #carrier(): CarriedFacts | undefined {
    return this.#exchange.serverConnection?.carrier;
  }
  get reused(): boolean {
    return this.#exchange.serverReused;
  }
}
