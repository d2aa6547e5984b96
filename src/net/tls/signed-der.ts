/** What certificates and requests for them are made of (RFC 5280, section 4.1; RFC 2986), and how they are signed. */
import { randomBytes, sign, type KeyObject } from 'node:crypto';
import { DER } from './der.ts';
import { bitString, derElement, identifier, sequence } from './der-writer.ts';

export interface SignatureKind {
  readonly digest: string | null;
  readonly algorithm: Buffer;
}

const KINDS: ReadonlyMap<string, SignatureKind> = new Map([
  ['rsa', kind('1.2.840.113549.1.1.11', 'sha256', derElement(DER.NULL))],
  ['ec', kind('1.2.840.10045.4.3.2', 'sha256')],
  ['dsa', kind('2.16.840.1.101.3.4.3.2', 'sha256')],
  ['ed25519', kind('1.3.101.112', null)],
  ['ed448', kind('1.3.101.113', null)],
]);

function kind(oid: string, digest: string | null, parameters?: Buffer): SignatureKind {
  return { digest, algorithm: sequence(identifier(oid), ...(parameters === undefined ? [] : [parameters])) };
}

/** How a key signs; undefined: it cannot. */
export function signatureKind({ asymmetricKeyType }: KeyObject): SignatureKind | undefined {
  return KINDS.get(asymmetricKeyType ?? '');
}

/** The content, the algorithm, and the signature over the content. */
export function signedDer(content: Buffer, key: KeyObject, { digest, algorithm }: SignatureKind): Buffer {
  return sequence(content, algorithm, bitString(sign(digest, content, key)));
}

export const VERSION_3 = Buffer.from('a003020102', 'hex');
/** `[3]` of a certificate. */
export const EXTENSIONS = 0xa3;
export const ALTERNATIVE_NAME = '2.5.29.17';
/** Of alternative names (RFC 5280, section 4.2.1.6). */
export const DNS_NAME = 0x82;
export const IP_ADDRESS = 0x87;

const SERIAL_BYTES = 16;

/** Positive, and without a zero in front. */
export function serialNumber(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return derElement(DER.INTEGER, bytes);
}

export function extension(oid: string, value: Buffer): Buffer {
  return sequence(identifier(oid), derElement(DER.OCTET_STRING, value));
}

/** RFC 5280, appendix A.1: ub-common-name. */
const LONGEST_COMMON_NAME = 64;
const COMMON_NAME = '2.5.4.3';

/** A part of a subject, in ASCII; none where the name is too long for that. */
export function commonName(name: string): readonly Buffer[] {
  if (name.length > LONGEST_COMMON_NAME) return [];
  const common = sequence(identifier(COMMON_NAME), derElement(DER.UTF8_STRING, Buffer.from(name)));
  return [derElement(DER.SET, common)];
}

/** RFC 7468 */
export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
