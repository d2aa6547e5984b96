/**
 * Frames that tell the neighbours where an address lives now: gratuitous ARP (RFC 5227 3, RFC 5798 8.1.2) and
 * unsolicited neighbour advertisements (RFC 4861 7.2.6). Pure; network.ts sends them.
 */
import type { IpAddress } from '../base/ip-address.ts';
import { addWords, foldChecksum } from './checksum.ts';
import { bytesOfIp } from './ip-bytes.ts';

const ETHER_ARP = 0x0806;
const ETHER_IPV6 = 0x86dd;
const ARP_REQUEST = 1;
const ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;
const OVERRIDE = 0x20;
const ROUTER = 0x80;
const TARGET_LINK_ADDRESS = 2;

interface Frame {
  readonly etherType: number;
  readonly destination: Buffer;
  /** With the Ethernet header. */
  readonly bytes: Buffer;
}

export function announcementOf(ip: IpAddress, mac: Buffer, isRouter: boolean): Frame {
  return ip.family === 4 ? gratuitousArp(ip, mac) : neighbourAdvertisement(ip, mac, isRouter);
}

/** A request that asks for the address and carries it as the sender's: every stack updates its table. */
function gratuitousArp(ip: IpAddress, mac: Buffer): Frame {
  const destination = Buffer.alloc(6, 0xff);
  const address = bytesOfIp(ip);
  const head = Buffer.from([0, 1, 8, 0, 6, 4, 0, ARP_REQUEST]);
  const payload = Buffer.concat([head, mac, address, destination, address]);
  return { etherType: ETHER_ARP, destination, bytes: frame(destination, mac, ETHER_ARP, payload) };
}

function neighbourAdvertisement(ip: IpAddress, mac: Buffer, isRouter: boolean): Frame {
  const destination = Buffer.from([0x33, 0x33, 0, 0, 0, 1]);
  const allNodes = Buffer.from('ff020000000000000000000000000001', 'hex');
  const source = bytesOfIp(ip);
  const body = Buffer.concat([
    Buffer.from([NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, OVERRIDE | (isRouter ? ROUTER : 0), 0, 0, 0]),
    source,
    Buffer.from([TARGET_LINK_ADDRESS, 1]),
    mac,
  ]);
  const pseudo = addWords(addWords(ICMPV6 + body.length, source), allNodes);
  body.writeUInt16BE(foldChecksum(addWords(pseudo, body)), 2);
  const header = Buffer.alloc(8);
  header[0] = 0x60;
  header.writeUInt16BE(body.length, 4);
  header[6] = ICMPV6;
  header[7] = 255;
  const payload = Buffer.concat([header, source, allNodes, body]);
  return { etherType: ETHER_IPV6, destination, bytes: frame(destination, mac, ETHER_IPV6, payload) };
}

function frame(destination: Buffer, source: Buffer, etherType: number, payload: Buffer): Buffer {
  return Buffer.concat([destination, source, Buffer.from([etherType >> 8, etherType & 255]), payload]);
}
