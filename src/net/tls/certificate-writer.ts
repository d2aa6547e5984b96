/**
 * Writes what is signed with the key of a site: requests for certificates (RFC 2986), which an authority answers, and
 * certificates that nobody else vouches for (RFC 5280).
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { ipToBytes, parseIp } from '../../base/ip-address.ts';
import { DER } from './der.ts';
import { derElement, identifier, sequence, time } from './der-writer.ts';
import {
  ALTERNATIVE_NAME,
  commonName,
  DNS_NAME,
  extension,
  EXTENSIONS,
  IP_ADDRESS,
  pemOf,
  serialNumber,
  signatureKind,
  signedDer,
  type SignatureKind,
  VERSION_3,
} from './signed-der.ts';

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
/** `[0]` of a request. */
const ATTRIBUTES = 0xa0;
const VERSION_1 = derElement(DER.INTEGER, Buffer.alloc(1));

export interface CertifiedNames {
  /** Host names in ASCII; the first one is the common name too. */
  readonly domains: readonly string[];
  readonly ips: readonly string[];
}

/** DER of a request for these names, signed with the key. */
export function certificateRequest(names: CertifiedNames, key: KeyObject): Buffer {
  const extensions = derElement(DER.SET, sequence(alternativeNames(names)));
  const attributes = derElement(ATTRIBUTES, sequence(identifier(EXTENSION_REQUEST), extensions));
  return signedDer(sequence(VERSION_1, subjectOf(names), publicKeyOf(key), attributes), key, kindOf(key));
}

/** PEM of a certificate that the key signs for itself. Times in milliseconds. */
export function selfSignedCertificate(
  names: CertifiedNames,
  key: KeyObject,
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
): string {
  const name = subjectOf(names);
  const content = sequence(
    VERSION_3,
    serialNumber(),
    kindOf(key).algorithm,
    name,
    sequence(time(fromMs), time(untilMs)),
    name,
    publicKeyOf(key),
    derElement(EXTENSIONS, sequence(alternativeNames(names))),
  );
  return pemOf('CERTIFICATE', signedDer(content, key, kindOf(key)));
}

function kindOf(key: KeyObject): SignatureKind {
  const kind = signatureKind(key);
  if (kind === undefined) throw new Error(`a key of type ${key.asymmetricKeyType} cannot sign`);
  return kind;
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function subjectOf({ domains: [name] }: CertifiedNames): Buffer {
  return sequence(...(name === undefined ? [] : commonName(name)));
}

function alternativeNames({ domains, ips }: CertifiedNames): Buffer {
  const names = [
    ...domains.map(domain => derElement(DNS_NAME, Buffer.from(domain, 'latin1'))),
    ...ips.map(ip => derElement(IP_ADDRESS, addressBytes(ip))),
  ];
  return extension(ALTERNATIVE_NAME, sequence(...names));
}

function addressBytes(text: string): Buffer {
  const ip = parseIp(text);
  return Buffer.from(ip === undefined ? '' : ipToBytes(ip), 'latin1');
}
