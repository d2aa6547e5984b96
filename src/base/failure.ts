/**
 * Why a connection or request did not go well: one value, from which HAProxy's termination state, the
 * answer to the client and the retry decision are derived. Expected failures are values, never exceptions.
 */
export type Side = 'client' | 'server' | 'proxy';

export type Cause =
  /** Connection refused by the peer. */
  | 'refused'
  /** Reset by the peer (ECONNRESET, EPIPE). */
  | 'reset'
  /** The peer ended the stream before it should. */
  | 'ended'
  | 'timeout'
  /** No route, network down, host unreachable. */
  | 'unreachable'
  /** Out of descriptors, ports or memory on this host. */
  | 'resource'
  /** What was received breaks the protocol. */
  | 'invalid'
  | 'other';
