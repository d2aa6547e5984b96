/** The other ends of an explained exchange: hears what the session sends, answers for the server, knows when it is over. */
import type { BackendRuntime, ServerRuntime, WatchedExchange } from '../../proxy/runtime/runtime.ts';
import type { ExplainedEvent, Outcome } from './explanation.ts';
import type { MemoryConnection, MemoryPeer } from './memory-engine.ts';

/** Read while the session still knows them: it forgets all of a request that is over. */
interface Facts {
  readonly backend: BackendRuntime | undefined;
  readonly server: ServerRuntime | undefined;
  readonly cookieServer: ServerRuntime | undefined;
  readonly termination: string;
}

const NOTHING: Facts = { backend: undefined, server: undefined, cookieServer: undefined, termination: '--' };

export class Story implements MemoryPeer {
  readonly events: ExplainedEvent[] = [];
  exchange: WatchedExchange | undefined;
  client: MemoryConnection | undefined;
  facts: Facts = NOTHING;
  readonly #response: Buffer | undefined;
  readonly #toClient: Buffer[] = [];
  readonly #toServer: Buffer[] = [];
  #server: MemoryConnection | undefined;
  #responded = false;

  /** `response`: what the server answers, if the story goes on behind it. */
  constructor(response: Buffer | undefined) {
    this.#response = response;
  }

  onOutput(connection: MemoryConnection, bytes: Buffer): void {
    this.#remember();
    if (connection === this.client) this.#toClient.push(bytes);
    else {
      this.#server = connection;
      this.#toServer.push(bytes);
    }
  }

  onClosed(connection: MemoryConnection): void {
    if (connection === this.client && this.#toClient.length === 0) this.#remember();
  }

  #remember(): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    const { backendRuntime: backend, serverRuntime: server, cookieServer } = exchange;
    this.facts = { backend, server, cookieServer, termination: exchange.terminationState };
  }

  /** Asked when nothing but the passing of time could happen next. */
  get over(): boolean {
    if (this.client?.closed === true || this.#hasAnswer()) return true;
    if (this.#server === undefined) return false;
    if (this.#response === undefined || this.#responded) return true;
    this.#responded = true;
    this.#server.deliver(this.#response);
    return false;
  }

  /** Something else than interim answers (1xx). */
  #hasAnswer(): boolean {
    return /^(?:HTTP\/1\.1 1\d\d [\s\S]*?\r\n\r\n)*HTTP\/1\.1 [2-5]/.test(text(this.#toClient) ?? '');
  }

  get outcome(): Outcome {
    const toServer = text(this.#toServer);
    const toClient = text(this.#toClient);
    if (toClient === undefined)
      return { kind: toServer === undefined ? 'closed' : 'forwarded', toServer, toClient };
    return { kind: this.#responded ? 'responded' : 'answered', toServer, toClient };
  }
}

function text(chunks: readonly Buffer[]): string | undefined {
  return chunks.length === 0 ? undefined : Buffer.concat(chunks).toString('latin1');
}
