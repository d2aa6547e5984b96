/**
 * What samples can ask about the client connection of one HTTP/2 stream: its addresses and its requests' moments are
 * its own, all else is told of the connection.
 */
import type { VariableStore } from '../../acl/variables.ts';
import type { Connection, Endpoint } from '../../net/connection.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';
import { ClientConnectionFacts } from '../client/client-facts.ts';

/** What the connection counts. */
export interface Http2Counts {
  /** Streams that are open now. */
  readonly openStreams: number;
  readonly glitches: number;
  /** What a client may have at a time. */
  readonly streamsLimit: number;
}

interface ResetByClient extends Connection {
  /** -1: it has not been. */
  readonly resetCode: number;
}

const NO_COUNTS: Http2Counts = { openStreams: 0, glitches: 0, streamsLimit: 0 };

/** Begun anew for each stream that its wire serves: an object for each of them is dear (bench: h2-small). */
export class Http2StreamFacts extends ClientConnectionFacts {
  readonly #wire: ResetByClient;
  /** In the place of a connection, between two streams: none is kept that is gone. */
  readonly #nobody: ClientConnectionFacts;
  #parent: ClientConnectionFacts;
  #counts = NO_COUNTS;

  constructor(wire: ResetByClient) {
    super(wire, 0, 0);
    this.#wire = wire;
    this.#nobody = this.#parent = new ClientConnectionFacts(wire, 0, 0);
  }

  /** Of another stream from now on. `timeOfDay`, `now`: milliseconds since 1970, and of the wheel. */
  begin(parent: ClientConnectionFacts, counts: Http2Counts, timeOfDay: number, now: number): void {
    this.beginAnew(timeOfDay, now);
    this.#parent = parent;
    this.#counts = counts;
    this.proxyProtocol = parent.proxyProtocol;
    this.namespace = parent.namespace;
    // none is the first of its connection, as HAProxy sees it: others may have been asked before
    this.requestCount = ++parent.requestCount;
    this.counters = parent.counters;
    this.transport = parent.transport;
    this.beginRequests();
  }

  /** What the connection tracks is let go by the connection. */
  override end(): void {
    this.counters = this.proxyProtocol = undefined;
    this.#parent = this.#nobody;
    this.#counts = NO_COUNTS;
  }

  override get variables(): VariableStore {
    return this.#parent.variables;
  }

  override get originalSource(): Endpoint {
    return this.#parent.originalSource;
  }

  override get originalDestination(): Endpoint {
    return this.#parent.originalDestination;
  }

  override get ofConnection(): ClientConnectionFacts {
    return this.#parent;
  }

  override get acceptTimeUs(): number {
    return this.#parent.acceptTimeUs;
  }

  override get tls(): TlsFacts | undefined {
    return this.#parent.tls;
  }

  override get streams(): number {
    return this.#counts.openStreams;
  }

  override get streamId(): number {
    return this.connection.id;
  }

  override get rstCode(): number | undefined {
    const { resetCode } = this.#wire;
    return resetCode < 0 ? undefined : resetCode;
  }

  override get glitches(): number {
    return this.#counts.glitches;
  }

  override get streamsLimit(): number {
    return this.#counts.streamsLimit;
  }

  override get httpMajor(): number {
    return 2;
  }
}
