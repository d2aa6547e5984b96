/**
 * The PROXY protocol's words (the specification of its versions 1 and 2 that comes with HAProxy's manual): what a
 * header says of the connection it stands in front of. parse.ts reads them, build.ts writes them.
 */
import type { Endpoint } from '../connection.ts';

export const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

export const TLV_ALPN = 0x01;
export const TLV_AUTHORITY = 0x02;
export const TLV_CRC32C = 0x03;
export const TLV_UNIQUE_ID = 0x05;
export const TLV_SSL = 0x20;
export const TLV_SSL_VERSION = 0x21;
export const TLV_SSL_CN = 0x22;
export const TLV_SSL_CIPHER = 0x23;
export const TLV_SSL_SIG_ALG = 0x24;
export const TLV_SSL_KEY_ALG = 0x25;
export const TLV_NETNS = 0x30;

export interface Tlv {
  readonly type: number;
  readonly value: Buffer;
}

export interface ProxyHeader {
  /** Both missing: the sender speaks for itself (LOCAL) or of a family we do not know; our own addresses hold. */
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
  readonly tlvs: readonly Tlv[];
}

/** Why bytes are no header: they do not begin like one, name an unknown protocol, or are malformed. */
export type HeaderFault = 'not-a-header' | 'bad-protocol' | 'bad-header';

export type ParsedHeader =
  | { readonly kind: 'header'; readonly header: ProxyHeader; readonly length: number }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly fault: HeaderFault };

export const INCOMPLETE: ParsedHeader = { kind: 'incomplete' };

export function invalid(fault: HeaderFault): ParsedHeader {
  return { kind: 'invalid', fault };
}
