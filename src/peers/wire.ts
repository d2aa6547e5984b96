/** The numbers of the protocol between peers, version 2.1 (HAProxy's doc/peers.txt). */

export const PROTOCOL = 'HAProxyS';
export const MAJOR_VERSION = 2;
export const MINOR_VERSION = 1;
/** Spoken to those that refuse the other: without times of expiry. */
export const OLD_MINOR_VERSION = 0;

export const CLASS = { control: 0, error: 1, table: 10, reserved: 255 } as const;

export const CONTROL = {
  resyncRequest: 0,
  resyncFinished: 1,
  resyncPartial: 2,
  resyncConfirm: 3,
  heartbeat: 4,
} as const;

export const ERROR = { protocol: 0, sizeLimit: 1 } as const;

/** Types from this one on have a length and a body. */
export const WITH_BODY = 0x80;

export const TABLE = {
  update: 0x80,
  incrementalUpdate: 0x81,
  definition: 0x82,
  switch: 0x83,
  acknowledgement: 0x84,
  timedUpdate: 0x85,
  incrementalTimedUpdate: 0x86,
} as const;

/** Answers to a hello; those below 200 are this process's own, for what has no answer yet. */
export const STATUS = {
  none: 0,
  connecting: 100,
  handshake: 110,
  success: 200,
  tryAgain: 300,
  protocolError: 501,
  badVersion: 502,
  localMismatch: 503,
  remoteMismatch: 504,
} as const;

/** Names of key types on the wire. */
export const KEY_TYPES = { integer: 2, ip: 4, ipv6: 5, string: 6, binary: 7 } as const;

/** Server names that both sides of a connection remember, each way. */
export const DICTIONARY_SIZE = 128;
