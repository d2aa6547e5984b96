/** `ip.fp`: what tells hosts behind one address apart, from the SYN packet they sent (manual, section 7.3.1). */
import { byteAt, ipHeader, ipVersion, tcpHeaderLength, tcpOptions, wordAt } from './packet-fields.ts';

const WITH_TTL = 1;
const WITH_OPTIONS = 2;
const WITH_SOURCE = 4;
const CWR_AND_ECE = 6;
const MSS = 2;
const WINDOW_SCALE = 3;

interface IpFacts {
  readonly tos: number;
  readonly ttl: number;
  readonly length: number;
  /** Bits 7, 6 and 3 of the second byte: IPv6, not to be fragmented, with options. */
  readonly flags: number;
  readonly source: string;
}

function ipFacts(packet: string): IpFacts | undefined {
  if (ipVersion(packet) === 4) {
    if (packet.length < Math.max(20, (byteAt(packet, 0) & 15) * 4)) return undefined;
    const hasOptions = (byteAt(packet, 0) & 15) === 5 ? 0 : 8;
    return {
      tos: byteAt(packet, 1),
      ttl: byteAt(packet, 8),
      length: wordAt(packet, 2),
      flags: (byteAt(packet, 6) & 0x40) | hasOptions,
      source: packet.slice(12, 16),
    };
  }
  if (ipVersion(packet) !== 6 || packet.length < 40) return undefined;
  const next = byteAt(packet, 6);
  return {
    tos: (wordAt(packet, 0) >> 4) & 255,
    ttl: byteAt(packet, 7),
    length: 40 + wordAt(packet, 4),
    flags: 0xc0 | (next === 6 || next === 17 ? 0 : 8),
    source: packet.slice(8, 24),
  };
}

/** 0: up to 32, 1: up to 64, 2: up to 128, 3: more. */
function ttlClass(ttl: number): number {
  if (ttl > 128) return 3;
  if (ttl > 64) return 2;
  return ttl > 32 ? 1 : 0;
}

const bytes = (...values: readonly number[]): string =>
  String.fromCharCode(...values.map(value => value & 255));

export function fingerprint(packet: string, mode: number): string | undefined {
  const ip = ipFacts(packet);
  const headerLength = ipHeader(packet)?.length;
  if (ip === undefined || headerLength === undefined || headerLength > ip.length) return undefined;
  const tcp = packet.slice(headerLength);
  const tcpLength = tcpHeaderLength(tcp);
  const left = ip.length - headerLength;
  const options = tcpOptions(tcp);
  if (tcpLength === undefined || options === undefined || tcpLength > left) return undefined;

  const valueAt = (kind: number, size: number, read: (at: number) => number): number | undefined => {
    const option = options.findLast(one => one.kind === kind && one.at + size <= tcpLength);
    return option && read(option.at + 2);
  };
  const mss = valueAt(MSS, 4, at => wordAt(tcp, at)) ?? 0;
  const scale = valueAt(WINDOW_SCALE, 3, at => byteAt(tcp, at));
  const present = options
    .filter(({ kind }) => kind > 1)
    .reduce((bits, { kind }) => bits | optionBit(kind), 0);
  const hasData = left > tcpLength ? 4 : 0;
  const second = ip.flags | (ttlClass(ip.ttl) << 4) | hasData | (byteAt(tcp, 13) >> CWR_AND_ECE);
  const third = (tcpLength << 2) | (scale === undefined ? 0 : Math.min(15, scale + 1));
  const window = wordAt(tcp, 14);
  return (
    bytes(ip.tos, second, third, window >> 8, window, mss >> 8, mss, present) +
    (mode & WITH_TTL ? bytes(ip.ttl) : '') +
    (mode & WITH_OPTIONS ? bytes(...options.map(({ kind }) => kind)) : '') +
    (mode & WITH_SOURCE ? ip.source : '')
  );
}

/** Kinds 2 to 8 have a bit of their own. */
function optionBit(kind: number): number {
  return 1 << (kind < 9 ? kind - 2 : 7);
}
