/**
 * Writes the PROXY protocol header that goes in front of a connection to a server (server: send-proxy,
 * send-proxy-v2, proxy-v2-options, set-proxy-v2-tlv-fmt). Health checks speak for themselves.
 */
import { isIPv4 } from 'node:net';
import type { Endpoint } from '../connection.ts';
import { writeIpv4, writeIpv6 } from '../socket-address.ts';
import {
  SIGNATURE,
  TLV_ALPN,
  TLV_AUTHORITY,
  TLV_CRC32C,
  TLV_NETNS,
  TLV_SSL,
  TLV_SSL_CIPHER,
  TLV_SSL_CN,
  TLV_SSL_KEY_ALG,
  TLV_SSL_SIG_ALG,
  TLV_SSL_VERSION,
  TLV_UNIQUE_ID,
} from './header.ts';
import { checksum } from './parse.ts';

/** Version 1. Two families in one connection are written as IPv6, the IPv4 address mapped. */
export function buildProxyV1(source: Endpoint, destination: Endpoint): Buffer {
  if (source.family === 0 || destination.family === 0) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
  const both4 = source.family === 4 && destination.family === 4;
  const text = (endpoint: Endpoint): string => (both4 ? endpoint.host : asIpv6(endpoint.host));
  const words = [
    'PROXY',
    both4 ? 'TCP4' : 'TCP6',
    text(source),
    text(destination),
    source.port,
    destination.port,
  ];
  return Buffer.from(`${words.join(' ')}\r\n`, 'latin1');
}

function asIpv6(host: string): string {
  return isIPv4(host) ? `::ffff:${host}` : (host.split('%')[0] as string);
}

/** What a TLS client connection adds (proxy-v2-options ssl, cert-cn, ssl-cipher, cert-sig, cert-key). */
export interface ClientTlsTlv {
  /** False: the client's connection is plain; the TLV then says so. */
  readonly used: boolean;
  readonly version?: string | undefined;
  readonly clientCertificate?: 'this-connection' | 'this-session';
  /** Result of verifying the client's certificate; 0: good. */
  readonly verifyResult?: number;
  readonly commonName?: string | undefined;
  readonly keyAlgorithm?: string | undefined;
  readonly signatureAlgorithm?: string | undefined;
  readonly cipher?: string | undefined;
}

interface ProxyV2Options {
  /** Both missing, or of a unix socket: LOCAL. */
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
  /** set-proxy-v2-tlv-fmt, in the order configured. */
  readonly custom?: readonly { readonly type: number; readonly value: string }[];
  readonly crc32c?: boolean;
  readonly alpn?: string;
  readonly authority?: string;
  readonly uniqueId?: string;
  readonly tls?: ClientTlsTlv;
  /** The network namespace the client came in by. */
  readonly namespace?: string;
}

export function buildProxyV2(options: ProxyV2Options): Buffer {
  const parts: Buffer[] = [startOf(options)];
  for (const { type, value } of options.custom ?? []) parts.push(tlv(type, value));
  const crcAt = parts.reduce((sum, part) => sum + part.length, 0) + 3;
  if (options.crc32c === true) parts.push(tlv(TLV_CRC32C, '\0\0\0\0'));
  if (options.alpn !== undefined) parts.push(tlv(TLV_ALPN, options.alpn));
  if (options.authority !== undefined) parts.push(tlv(TLV_AUTHORITY, options.authority));
  if (options.uniqueId !== undefined) parts.push(tlv(TLV_UNIQUE_ID, options.uniqueId));
  if (options.tls !== undefined) parts.push(tlsTlv(options.tls));
  if (options.namespace !== undefined) parts.push(tlv(TLV_NETNS, options.namespace));
  const header = Buffer.concat(parts);
  header.writeUInt16BE(header.length - 16, 14);
  if (options.crc32c === true) header.writeUInt32BE(checksum(header, crcAt), crcAt);
  return header;
}

/** Version 1 has no LOCAL: UNKNOWN makes the receiver keep the addresses it sees. */
export function buildLocal(version: 1 | 2): Buffer {
  return version === 1 ? Buffer.from('PROXY UNKNOWN\r\n', 'latin1') : buildProxyV2({});
}

/** Signature, command, family and addresses; the length is filled in at the end. */
function startOf({ source, destination }: ProxyV2Options): Buffer {
  if (!isIp(source) || !isIp(destination)) return fixed(0x20, 0, 0);
  if (source.family === 4 && destination.family === 4) {
    const header = fixed(0x21, 0x11, 12);
    writeIpv4(header, 16, source.host);
    writeIpv4(header, 20, destination.host);
    header.writeUInt16BE(source.port, 24);
    header.writeUInt16BE(destination.port, 26);
    return header;
  }
  const header = fixed(0x21, 0x21, 36);
  writeIpv6(header, 16, asIpv6(source.host));
  writeIpv6(header, 32, asIpv6(destination.host));
  header.writeUInt16BE(source.port, 48);
  header.writeUInt16BE(destination.port, 50);
  return header;
}

function isIp(endpoint: Endpoint | undefined): endpoint is Endpoint {
  return endpoint !== undefined && endpoint.family !== 0;
}

function fixed(versionAndCommand: number, family: number, addresses: number): Buffer {
  const header = Buffer.alloc(16 + addresses);
  SIGNATURE.copy(header);
  header[12] = versionAndCommand;
  header[13] = family;
  return header;
}

function tlv(type: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const header = Buffer.alloc(3);
  header[0] = type;
  header.writeUInt16BE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}

const CLIENT_TLS = 1;
const CERTIFICATE_THIS_CONNECTION = 2;
const CERTIFICATE_THIS_SESSION = 4;

/** Section 2.2.6: client bits:1  verify:4  sub-TLVs. */
function tlsTlv(tls: ClientTlsTlv): Buffer {
  const fixedPart = Buffer.alloc(5);
  if (!tls.used) return tlv(TLV_SSL, fixedPart);
  fixedPart[0] = CLIENT_TLS;
  if (tls.clientCertificate !== undefined) {
    fixedPart[0] |= CERTIFICATE_THIS_SESSION;
    if (tls.clientCertificate === 'this-connection') fixedPart[0] |= CERTIFICATE_THIS_CONNECTION;
    fixedPart.writeUInt32BE((tls.verifyResult ?? 0) >>> 0, 1);
  }
  const parts: Buffer[] = [fixedPart];
  const add = (type: number, value: string | undefined): void => {
    if (value !== undefined) parts.push(tlv(type, value));
  };
  add(TLV_SSL_VERSION, tls.version);
  add(TLV_SSL_CN, tls.commonName);
  add(TLV_SSL_KEY_ALG, tls.keyAlgorithm);
  add(TLV_SSL_SIG_ALG, tls.signatureAlgorithm);
  add(TLV_SSL_CIPHER, tls.cipher);
  return tlv(TLV_SSL, Buffer.concat(parts));
}
