/**
 * Reads a PROXY protocol header, version 1 or 2, from the first bytes of a connection (bind: accept-proxy). What
 * is given back refers to no received memory. The caller asks again with more bytes when it is incomplete.
 */
import { crc32c } from '../../base/crc32c.ts';
import { type IpAddress, parseIpv4, parseIpv6 } from '../../base/ip-address.ts';
import type { Endpoint } from '../connection.ts';
import { readIpv4, readIpv6 } from '../socket-address.ts';
import {
  INCOMPLETE,
  invalid,
  type ParsedHeader,
  type ProxyHeader,
  SIGNATURE,
  type Tlv,
  TLV_AUTHORITY,
  TLV_CRC32C,
  TLV_UNIQUE_ID,
} from './header.ts';

export function parseProxyHeader(buffer: Buffer, start: number, end: number): ParsedHeader {
  if (end - start < 1) return INCOMPLETE;
  return buffer[start] === 0x50 ? parseText(buffer, start, end) : parseBinary(buffer, start, end);
}

// ── version 1 (section 2.1): one line of text ──

/** With its CRLF. */
const LONGEST_LINE = 107;
const WORD = 'PROXY ';

function parseText(buffer: Buffer, start: number, end: number): ParsedHeader {
  const text = buffer.toString('latin1', start, Math.min(end, start + LONGEST_LINE));
  if (!text.startsWith(WORD.slice(0, text.length))) return invalid('not-a-header');
  const stop = text.indexOf('\n');
  if (stop < 0) return text.length < LONGEST_LINE ? INCOMPLETE : invalid('bad-header');
  if (text[stop - 1] !== '\r') return invalid('bad-header');
  const header = readLine(text.slice(WORD.length, stop - 1));
  return typeof header === 'string' ? invalid(header) : { kind: 'header', header, length: stop + 1 };
}

function readLine(line: string): ProxyHeader | 'bad-header' | 'bad-protocol' {
  const words = line.split(' ');
  const [protocol, from = '', to = '', fromPort = '', toPort = ''] = words;
  if (protocol === 'UNKNOWN') return { tlvs: [] };
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return 'bad-protocol';
  const parse = protocol === 'TCP4' ? parseIpv4 : parseIpv6;
  const source = endpoint(parse(from), fromPort);
  const destination = endpoint(parse(to), toPort);
  if (words.length !== 5 || source === undefined || destination === undefined) return 'bad-header';
  return { source, destination, tlvs: [] };
}

function endpoint(ip: IpAddress | undefined, port: string): Endpoint | undefined {
  if (ip === undefined || !/^(?:0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65535) return undefined;
  return { family: ip.family, host: ip.toString(), port: Number(port) };
}

// ── version 2 (section 2.2): signature:12  version|command:1  family|transport:1  length:2  addresses  TLVs ──

const FIXED = 16;
const VERSION = 0x20;
const LOCAL = 0;
const PROXY = 1;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

function parseBinary(buffer: Buffer, start: number, end: number): ParsedHeader {
  const seen = Math.min(end - start, SIGNATURE.length);
  if (buffer.compare(SIGNATURE, 0, seen, start, start + seen) !== 0) return invalid('not-a-header');
  if (end - start < FIXED) return INCOMPLETE;
  const versionAndCommand = buffer[start + 12] as number;
  if ((versionAndCommand & 0xf0) !== VERSION) return invalid('not-a-header');
  const command = versionAndCommand & 0x0f;
  if (command !== LOCAL && command !== PROXY) return invalid('bad-header');
  const length = FIXED + buffer.readUInt16BE(start + 14);
  if (end - start < length) return INCOMPLETE;
  const header = readBinary(buffer.subarray(start, start + length), command);
  return header === undefined ? invalid('bad-header') : { kind: 'header', header, length };
}

function readBinary(bytes: Buffer, command: number): ProxyHeader | undefined {
  const family = bytes[13] as number;
  if (command === LOCAL) return withTlvs({}, bytes, FIXED);
  const size = family === TCP_OVER_IPV4 ? 4 : family === TCP_OVER_IPV6 ? 16 : 0;
  if (size === 0) return { tlvs: [] };
  const ports = FIXED + 2 * size;
  if (bytes.length < ports + 4) return undefined;
  const read = size === 4 ? readIpv4 : readIpv6;
  const at = (offset: number, portAt: number): Endpoint => ({
    family: size === 4 ? 4 : 6,
    host: read(bytes, offset),
    port: bytes.readUInt16BE(portAt),
  });
  const addresses = { source: at(FIXED, ports), destination: at(FIXED + size, ports + 2) };
  return withTlvs(addresses, bytes, ports + 4);
}

function withTlvs(header: Omit<ProxyHeader, 'tlvs'>, bytes: Buffer, start: number): ProxyHeader | undefined {
  const tlvs: Tlv[] = [];
  for (let at = start; at < bytes.length;) {
    if (at + 3 > bytes.length) return undefined;
    const next = at + 3 + bytes.readUInt16BE(at + 1);
    if (next > bytes.length) return undefined;
    const tlv = { type: bytes[at] as number, value: Buffer.from(bytes.subarray(at + 3, next)) };
    if (!acceptable(tlv, bytes, at + 3)) return undefined;
    tlvs.push(tlv);
    at = next;
  }
  return { ...header, tlvs };
}

/** Longest values HAProxy takes. */
const LONGEST_AUTHORITY = 255;
const LONGEST_UNIQUE_ID = 128;
const LONGEST_VALUE = 1024;

function acceptable(tlv: Tlv, bytes: Buffer, valueAt: number): boolean {
  const { type, value } = tlv;
  if (type === TLV_CRC32C) return value.length === 4 && checksum(bytes, valueAt) === value.readUInt32BE();
  if (type === TLV_AUTHORITY) return value.length <= LONGEST_AUTHORITY;
  if (type === TLV_UNIQUE_ID) return value.length <= LONGEST_UNIQUE_ID;
  return value.length <= LONGEST_VALUE;
}

/** Of the whole header, its own four bytes taken as zero (section 2.2.3). */
export function checksum(bytes: Buffer, valueAt: number): number {
  const text = bytes.toString('latin1');
  return crc32c(`${text.slice(0, valueAt)}\0\0\0\0${text.slice(valueAt + 4)}`);
}
