/** What samples in check rules may read: the server, the answer received so far, variables. Made anew for each run. */
import type {
  BodyFacts,
  ByteView,
  ProcessFacts,
  ProxyFacts,
  SampleContext,
  ServerFacts,
  ServersView,
  StatsView,
} from '../../acl/context.ts';
import type { VariableRoom } from '../../acl/variable-memory.ts';
import { VariableStore } from '../../acl/variables.ts';
import type { CheckFacts } from '../../health/check-facts.ts';
import type { ResponseHead } from '../../http/head.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Endpoint } from '../../net/connection.ts';

/** What all checks of the control thread share. */
export interface CheckSurroundings {
  readonly process: ProcessFacts;
  readonly stats: StatsView;
  readonly servers: ServersView;
  readonly processVariables: VariableStore;
  /** Undefined: they may take as much as there is. */
  readonly variableRoom?: VariableRoom | undefined;
  /** `unique-id-format` of a proxy. */
  readonly uniqueId: (proxy: Proxy, context: CheckContext) => string | undefined;
}

export class CheckContext implements SampleContext {
  readonly final = true;
  needMoreData = false;
  readonly client = undefined;
  readonly listener = undefined;
  readonly frontend = undefined;
  readonly request = undefined;
  readonly requestLine = undefined;
  readonly requestBody = undefined;
  readonly requestPayload = undefined;
  readonly sessionVariables = new VariableStore();
  readonly transactionVariables = undefined;
  readonly requestVariables = undefined;
  readonly responseVariables = undefined;
  readonly checkVariables: VariableStore;
  readonly requestCaptures: (string | undefined)[] = [];
  readonly responseCaptures: (string | undefined)[] = [];
  readonly requestCookieCapture = undefined;
  readonly responseCookieCapture = undefined;
  readonly transaction = undefined;
  readonly ownCounters = undefined;
  readonly sessionCounters = undefined;
  readonly #around: CheckSurroundings;
  #facts: CheckFacts | undefined;
  #uniqueId: string | undefined;

  constructor(around: CheckSurroundings) {
    this.#around = around;
    this.checkVariables = new VariableStore(around.variableRoom?.ofCheck());
  }

  /** The scope of a run is such a context: it learns of the run at its first use. */
  static of(facts: CheckFacts): CheckContext {
    const context = facts.scope as CheckContext;
    context.#facts = facts;
    return context;
  }

  get process(): ProcessFacts {
    return this.#around.process;
  }

  get stats(): StatsView {
    return this.#around.stats;
  }

  get servers(): ServersView {
    return this.#around.servers;
  }

  get processVariables(): VariableStore {
    return this.#around.processVariables;
  }

  get backend(): ProxyFacts | undefined {
    const proxy = this.#facts?.server.proxy;
    return proxy && { name: proxy.name, id: proxy.id, defaultBackend: undefined, timeouts: proxy.timeouts };
  }

  get server(): ServerFacts | undefined {
    const server = this.#facts?.server;
    if (server === undefined) return undefined;
    const { name, id } = server.config;
    const destination = endpointOf(this.#facts as CheckFacts);
    return {
      name,
      id,
      destination,
      source: undefined,
      fd: -1,
      reused: false,
      httpMajor: 1,
      streams: 1,
      streamsLimit: 1,
      streamId: undefined,
      rstCode: undefined,
      glitches: 0,
      error: undefined,
      tls: undefined,
    };
  }

  get response(): ResponseHead | undefined {
    const answer = this.#facts?.answer(true);
    return typeof answer === 'object' ? answer.head : undefined;
  }

  get responseBody(): BodyFacts | undefined {
    const answer = this.#facts?.answer(true);
    if (typeof answer !== 'object') return undefined;
    const buffer = Buffer.from(answer.body, 'latin1');
    return {
      buffer,
      offset: 0,
      length: buffer.length,
      complete: true,
      broken: false,
      announced: buffer.length,
    };
  }

  get responsePayload(): ByteView | undefined {
    const received = this.#facts?.received;
    return received && { buffer: received, offset: 0, length: received.length };
  }

  get uniqueId(): string | undefined {
    const proxy = this.#facts?.server.proxy;
    return proxy && (this.#uniqueId ??= this.#around.uniqueId(proxy, this));
  }
}

function endpointOf({ server, life }: CheckFacts): Endpoint | undefined {
  const { ip, port } = life.effects.servers.addresses.read(server.row);
  return ip && { family: ip.family, host: ip.toString(), port };
}
