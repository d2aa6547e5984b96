/**
 * Reads the NetScaler Client IP header (bind: accept-netscaler-cip <magic>): the client's IP and TCP headers as
 * they were, behind a magic number.
 *
 *   legacy     magic:4  header length:4                             IP header  TCP header
 *   standard   magic:4  total length:4  type 0:2  header length:2   IP header  TCP header
 */
import type { Endpoint } from '../connection.ts';
import { readIpv4, readIpv6 } from '../socket-address.ts';
import { INCOMPLETE, invalid, type ParsedHeader } from './header.ts';

const TCP = 6;
const SHORTEST = 12;
/** More than IP and TCP headers with all their options take. */
const LONGEST = 512;

export function parseNetscalerCip(buffer: Buffer, start: number, end: number, magic: number): ParsedHeader {
  const available = end - start;
  if (available < 4) return INCOMPLETE;
  if (buffer.readUInt32BE(start) !== magic >>> 0) return invalid('not-a-header');
  if (available < SHORTEST) return INCOMPLETE;
  const ninth = buffer[start + 8] as number;
  const legacy = (ninth & 0xd0) === 0x40;
  if (!legacy && ninth !== 0) return invalid('bad-protocol');
  const size = legacy ? buffer.readUInt32BE(start + 4) : buffer.readUInt16BE(start + 10);
  const inner = start + (legacy ? 8 : 12);
  const length = inner - start + size;
  if (length > LONGEST || size < 40) return invalid('bad-header');
  if (available < length) return INCOMPLETE;
  return readPacket(buffer.subarray(inner, inner + size), length);
}

function readPacket(packet: Buffer, length: number): ParsedHeader {
  const version = (packet[0] as number) >> 4;
  if (version !== 4 && version !== 6) return invalid('bad-protocol');
  if (packet[version === 4 ? 9 : 6] !== TCP) return invalid('bad-protocol');
  const tcp = version === 4 ? ((packet[0] as number) & 0x0f) * 4 : 40;
  if (tcp < 20 || tcp + 4 > packet.length) return invalid('bad-header');
  const [read, from, to] = version === 4 ? [readIpv4, 12, 16] : [readIpv6, 8, 24];
  const at = (offset: number, portAt: number): Endpoint => ({
    family: version,
    host: read(packet, offset),
    port: packet.readUInt16BE(portAt),
  });
  return {
    kind: 'header',
    header: { source: at(from, tcp), destination: at(to, tcp + 2), tlvs: [] },
    length,
  };
}
