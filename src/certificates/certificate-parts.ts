/**
 * From texts to a certificate that can be served: what a PEM file holds, whether its key fits, what names it is for.
 * Nothing is read from disk here: files are loaded by certificate-loader.ts, payloads come from the admin socket.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { KeyType, LoadedCertificate } from '../model/tls-material.ts';
import { readPem } from '../net/tls/pem.ts';

/** Of a PEM file; the key may come from elsewhere. */
export interface CertificateParts {
  readonly certPem: string;
  readonly x509: X509Certificate;
  readonly chainPem: string;
  readonly keyPem?: string;
  readonly dhPem?: string;
  readonly ocsp?: Uint8Array;
  readonly sctl?: Uint8Array;
  readonly issuerPem?: string;
}

/** Answers passphrases to try for an encrypted key, one after the other. */
type Passphrases = () => Iterable<string>;

const NO_PASSPHRASES: Passphrases = () => [];

type Wrong = { readonly error: string };

/** OpenSSL's words, in which HAProxy tells them. */
function reasonOf(error: unknown): string {
  const { reason, message } = error as { reason?: string; message: string };
  return reason ?? message;
}

function readX509(pem: string): X509Certificate | Wrong {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

function reasonAgainst(pem: string): string | undefined {
  const read = readX509(pem);
  return 'error' in read ? read.error : undefined;
}

/** The certificate comes first, its chain behind it; a key and DH parameters may stand anywhere. */
export function readCertificateFile(
  text: string,
  path: string,
  passphrases: Passphrases = NO_PASSPHRASES,
): CertificateParts | Wrong {
  const { certificates, keys, dhParameters, fault } = readPem(text);
  const [certPem, ...chain] = certificates;
  const refuse = (reason: string): Wrong => ({
    error: `unable to load certificate from file '${path}': ${reason}.`,
  });
  if (certPem === undefined) return refuse(fault ?? 'no start line');
  const x509 = readX509(certPem);
  if ('error' in x509) return refuse(x509.error);
  const wrong = fault ?? chain.map(reasonAgainst).find(reason => reason !== undefined);
  if (wrong !== undefined) return { error: `unable to load certificate chain from file '${path}': ${wrong}` };
  const key = keys[0] === undefined ? undefined : readKey(keys[0], passphrases);
  return {
    certPem,
    x509,
    chainPem: chain.join(''),
    ...(key !== undefined && !('error' in key) && { keyPem: key.pem }),
    ...(dhParameters[0] !== undefined && { dhPem: dhParameters[0] }),
  };
}

const ENCRYPTED = /ENCRYPTED/;

export function isEncryptedKey(text: string): boolean {
  return ENCRYPTED.test(readPem(text).keys[0] ?? '');
}

interface ReadKey {
  readonly pem: string;
  readonly key: KeyObject | Wrong;
}

/** OpenSSL takes a third of a millisecond for a key, which is held against its certificate as soon as it has been read. */
let lastRead: ReadKey = { pem: '', key: { error: 'no start line' } };

/** Plain PEM: threads get no passphrase. */
function readKey(pem: string, passphrases: Passphrases): { readonly pem: string } | Wrong {
  if (!ENCRYPTED.test(pem)) {
    lastRead = { pem, key: tryKey(pem) };
    return 'error' in lastRead.key ? lastRead.key : { pem };
  }
  for (const passphrase of passphrases()) {
    const key = tryKey(pem, passphrase);
    if (!('error' in key)) return { pem: String(key.export({ type: 'pkcs8', format: 'pem' })) };
  }
  return { error: 'bad decrypt' };
}

function tryKey(pem: string, passphrase?: string): KeyObject | Wrong {
  try {
    return createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

/** A key in a file of its own. */
export function readKeyFile(
  text: string,
  path: string,
  passphrases: Passphrases = NO_PASSPHRASES,
): { readonly pem: string } | Wrong {
  const [pem] = readPem(text).keys;
  const key = pem === undefined ? { error: 'no start line' } : readKey(pem, passphrases);
  return 'error' in key ? { error: `unable to load private key from file '${path}' (${key.error}).` } : key;
}

/** The certificate of an issuer in a file of its own. */
export function readIssuerFile(text: string, path: string): { readonly pem: string } | Wrong {
  const [pem] = readPem(text).certificates;
  if (pem === undefined || 'error' in readX509(pem)) return { error: `'${path}' cannot be read or parsed'.` };
  return { pem };
}

export function isIssuedBy(x509: X509Certificate, issuerPem: string): boolean {
  const issuer = readX509(issuerPem);
  return !('error' in issuer) && x509.checkIssued(issuer);
}

export function keyFits({ x509 }: CertificateParts, keyPem: string): boolean {
  const key = lastRead.pem === keyPem ? lastRead.key : tryKey(keyPem);
  return !('error' in key) && x509.checkPrivateKey(key);
}

/** A list of signed certificate timestamps by its lengths only (RFC 6962, section 3.3). */
export function isTimestampList(bytes: Uint8Array): boolean {
  const lengthAt = (at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  if (bytes.length < 2 || lengthAt(0) + 2 !== bytes.length) return false;
  for (let at = 2; at < bytes.length;) {
    if (bytes.length - at < 2) return false;
    at += 2 + lengthAt(at);
    if (at > bytes.length) return false;
  }
  return true;
}

/** `parts` with a key that fits. */
export function toCertificate(name: string, parts: CertificateParts, keyPem: string): LoadedCertificate {
  const { certPem, chainPem, dhPem, ocsp, sctl, issuerPem, x509 } = parts;
  return {
    name,
    certPem,
    keyPem,
    chainPem,
    ...(dhPem !== undefined && { dhPem }),
    ...(ocsp !== undefined && { ocsp }),
    ...(sctl !== undefined && { sctl }),
    ...(issuerPem !== undefined && { issuerPem }),
    names: namesOf(x509),
    keyType: keyTypeOf(x509),
  };
}

/** Back from what is served to what a change starts from. */
export function toParts({
  name: _name,
  names: _names,
  keyType: _keyType,
  ...texts
}: LoadedCertificate): CertificateParts {
  return { ...texts, x509: new X509Certificate(texts.certPem) };
}

function keyTypeOf({ publicKey }: X509Certificate): KeyType {
  const type = publicKey.asymmetricKeyType;
  return type === 'rsa' ? 'rsa' : type === 'ec' ? 'ecdsa' : 'dsa';
}

const DNS_NAME = /(?:^|, )DNS:("(?:[^"\\]|\\.)*"|[^,]*)/g;

/** SAN dNSNames, then common names, lower case. */
function namesOf({ subjectAltName, subject }: X509Certificate): readonly string[] {
  const alternative = [...(subjectAltName ?? '').matchAll(DNS_NAME)].map(([, name = '']) =>
    name.startsWith('"') ? (JSON.parse(name) as string) : name,
  );
  const common = (subject ?? '')
    .split(/[\n+]/)
    .filter(part => part.startsWith('CN='))
    .map(part => part.slice(3).replace(/\\(.)/g, '$1'));
  return [...new Set([...alternative, ...common].map(name => name.toLowerCase()))];
}
