/**
 * Where the fields of a certificate lie in its DER (RFC 5280, section 4.1). What is none is answered with undefined.
 *
 *   Certificate      { tbsCertificate, signatureAlgorithm, signature }
 *   tbsCertificate   { [0] version, serial, signature algorithm, issuer, { from, to }, subject, { key algorithm, key }, …, [3] extensions }
 */
import { DER, derAt, derInside, derWithin, identifierText, type DerElement } from './der.ts';

export interface CertificateFields {
  readonly version: DerElement | undefined;
  readonly serial: DerElement;
  readonly signature: DerElement;
  readonly issuer: DerElement;
  readonly validity: DerElement;
  readonly subject: DerElement;
  readonly key: DerElement;
  readonly extensions: DerElement | undefined;
}

const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

export function certificateFields(der: Buffer): CertificateFields | undefined {
  const whole = derAt(der, 0, der.length);
  const body = whole && derInside(der, whole);
  if (body === undefined) return undefined;
  const fields = [...derWithin(der, body)];
  const version = fields[0]?.tag === VERSION ? fields.shift() : undefined;
  const [serial, signature, issuer, validity, subject, key, ...rest] = fields;
  if (serial === undefined || signature === undefined || issuer === undefined) return undefined;
  if (validity === undefined || subject === undefined || key === undefined) return undefined;
  const extensions = rest.find(({ tag }) => tag === EXTENSIONS);
  return { version, serial, signature, issuer, validity, subject, key, extensions };
}

/** What stands in the extension with that identifier. */
export function extensionOf(
  der: Buffer,
  { extensions }: CertificateFields,
  wanted: string,
): DerElement | undefined {
  const list = extensions && derInside(der, extensions);
  if (list === undefined) return undefined;
  for (const extension of derWithin(der, list)) {
    const fields = [...derWithin(der, extension)];
    const value = fields.at(-1);
    const isWanted = fields[0] !== undefined && identifierText(der, fields[0]) === wanted;
    if (isWanted && value?.tag === DER.OCTET_STRING) return derInside(der, value);
  }
  return undefined;
}

/** The bits of the public key, which hashes are made of: without the byte that says how many of the last are unused. */
export function keyBits(der: Buffer, key: DerElement): Buffer | undefined {
  const [, bits] = derWithin(der, key);
  return bits?.tag === DER.BIT_STRING ? der.subarray(bits.start + 1, bits.end) : undefined;
}
