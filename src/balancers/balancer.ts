/** The interface of all balancing algorithms, and what they may ask about a request. */
import type { RequestHead } from '../http/head.ts';
import type { Endpoint } from '../net/connection.ts';

/** No server of the backend is usable: 503. */
export const NO_SERVER = -1;
/** All usable servers are full: wait in the backend's queue. */
export const ALL_FULL = -2;

export interface BalanceFacts {
  /** The client, as PROXY protocol and rules left it. */
  readonly remote: Endpoint;
  /** The request's head; undefined in tcp mode. */
  readonly request: RequestHead | undefined;
  /** Payload received so far, one char a byte: for `rdp-cookie` and `url_param`. */
  payload(): string;
  /** Result of the expression of `balance hash` as bytes (text for `hash-type ... none`); undefined: no result. */
  expression(): string | undefined;
}

export interface Balancer {
  /**
   * Which server should serve this request: a row of the server table, NO_SERVER or ALL_FULL. `avoid` is the
   * server that just failed (redispatch), -1 otherwise; it is chosen again only where the algorithm knows no other.
   * The answer takes no place on the server: that is ServerQueues' business.
   */
  pick(facts: BalanceFacts, avoid: number): number;
}
