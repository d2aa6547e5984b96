/**
 * BFD control packets <-> bytes (RFC 5880 4.1). Parsing never throws: what is no packet for us is undefined. Nobody here
 * authenticates.
 *
 *   0        8          16         24       31
 *   |vers|dia|st|PFCADM | multiple | length  |
 *   | my discriminator, your discriminator   |
 *   | desired min tx, required min rx, required min echo rx, in µs |
 */
export const AdminDown = 0;
export const Down = 1;
export const Init = 2;
export const Up = 3;

/** RFC 5880 4.1, Sta. */
export type BfdState = typeof AdminDown | typeof Down | typeof Init | typeof Up;

/** RFC 5880 4.1, Diag: why a session is not up. */
export const DETECTION_TIME_EXPIRED = 1;
export const NEIGHBOR_SAYS_DOWN = 3;
export const ADMINISTRATIVELY_DOWN = 7;

const LENGTH = 24;
const VERSION = 1;
const POLL = 0x20;
const FINAL = 0x10;
const AUTHENTICATED = 0x04;
const MULTIPOINT = 0x01;

export interface ControlPacket {
  readonly diagnostic: number;
  readonly state: BfdState;
  /** An answer with `final` is wanted. */
  readonly poll: boolean;
  readonly final: boolean;
  readonly multiplier: number;
  readonly discriminator: number;
  /** The receiver's; 0: not known yet. */
  readonly yourDiscriminator: number;
  /** Microseconds. */
  readonly minTxUs: number;
  readonly minRxUs: number;
}

/** The checks of RFC 5880 6.8.6 that need no session. */
export function parseControl(bytes: Buffer): ControlPacket | undefined {
  if (bytes.length < LENGTH) return undefined;
  const [first = 0, second = 0, multiplier = 0, length = 0] = bytes;
  if (first >> 5 !== VERSION || length !== LENGTH || multiplier === 0) return undefined;
  if ((second & (AUTHENTICATED | MULTIPOINT)) !== 0) return undefined;
  const state = (second >> 6) as BfdState;
  const discriminator = bytes.readUInt32BE(4);
  const yourDiscriminator = bytes.readUInt32BE(8);
  if (discriminator === 0 || (yourDiscriminator === 0 && state > Down)) return undefined;
  return {
    diagnostic: first & 31,
    state,
    poll: (second & POLL) !== 0,
    final: (second & FINAL) !== 0,
    multiplier,
    discriminator,
    yourDiscriminator,
    minTxUs: bytes.readUInt32BE(12),
    minRxUs: bytes.readUInt32BE(16),
  };
}

export function encodeControl(packet: ControlPacket): Buffer {
  const bytes = Buffer.alloc(LENGTH);
  bytes[0] = (VERSION << 5) | packet.diagnostic;
  bytes[1] = (packet.state << 6) | (packet.poll ? POLL : 0) | (packet.final ? FINAL : 0);
  bytes[2] = packet.multiplier;
  bytes[3] = LENGTH;
  bytes.writeUInt32BE(packet.discriminator, 4);
  bytes.writeUInt32BE(packet.yourDiscriminator, 8);
  bytes.writeUInt32BE(packet.minTxUs, 12);
  bytes.writeUInt32BE(packet.minRxUs, 16);
  return bytes;
}
