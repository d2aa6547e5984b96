/**
 * Makes and signs certificates (RFC 5280, section 4.1) for names that a client asks for and nobody has one for
 * (`generate-certificates`; manual, section 5.1).
 */
import { createHash, createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { SigningAuthority } from '../../model/tls-material.ts';
import { certificateFields, extensionOf, keyBits } from './certificate-fields.ts';
import { DER, derAt, type DerElement } from './der.ts';
import { bitString, derElement, identifier, sequence, time } from './der-writer.ts';
import {
  ALTERNATIVE_NAME,
  commonName,
  DNS_NAME,
  extension,
  EXTENSIONS,
  pemOf,
  serialNumber,
  signatureKind,
  signedDer,
  type SignatureKind,
  VERSION_3,
} from './signed-der.ts';

/** Whether certificates can be signed with a key. */
export function canSign(key: KeyObject): boolean {
  return signatureKind(key) !== undefined;
}

const DAY_MS = 86_400_000;
/** Clocks of clients may be behind. */
const BEFORE_MS = DAY_MS;
const AFTER_MS = 365 * DAY_MS;

const SUBJECT_KEY = '2.5.29.14';
/** Not an authority. */
const NO_AUTHORITY = extension('2.5.29.19', sequence());
/** Digital signature, non-repudiation, key encipherment. */
const KEY_USAGE = extension('2.5.29.15', bitString(Buffer.from([0xe0]), 5));
/** Of servers. */
const EXTENDED_KEY_USAGE = extension('2.5.29.37', sequence(identifier('1.3.6.1.5.5.7.3.1')));

export class CertificateMaker {
  readonly #key: KeyObject;
  readonly #kind: SignatureKind;
  readonly #der: Buffer;
  readonly #subject: DerElement;
  readonly #authorityKey: Buffer;

  /** Throws when the authority cannot sign; loading the configuration has found that out. */
  constructor({ certPem, keyPem }: SigningAuthority) {
    this.#key = createPrivateKey(keyPem);
    const kindOfKey = signatureKind(this.#key);
    this.#der = new X509Certificate(certPem).raw;
    const fields = certificateFields(this.#der);
    if (kindOfKey === undefined || fields === undefined) throw new Error('the authority cannot sign');
    this.#kind = kindOfKey;
    this.#subject = fields.subject;
    const id = extensionOf(this.#der, fields, SUBJECT_KEY);
    const own = id && this.#der.subarray(id.start, id.end);
    this.#authorityKey = own ? extension('2.5.29.35', sequence(derElement(0x80, own))) : Buffer.alloc(0);
  }

  /** A certificate in PEM. `key`: of which the public half stands in it. `name`: ASCII. */
  make(name: string, key: KeyObject, nowMs: number): string {
    const signed = sequence(
      VERSION_3,
      serialNumber(),
      this.#kind.algorithm,
      this.#der.subarray(this.#subject.at, this.#subject.end),
      sequence(time(nowMs - BEFORE_MS), time(nowMs + AFTER_MS)),
      this.#subjectOf(name),
      ...this.#keyAndExtensions(name, key),
    );
    return pemOf('CERTIFICATE', signedDer(signed, this.#key, this.#kind));
  }

  /** The authority's, as HAProxy has it, and behind it the name where it is not too long for that. */
  #subjectOf(name: string): Buffer {
    const { start, end } = this.#subject;
    return sequence(this.#der.subarray(start, end), ...commonName(name));
  }

  #keyAndExtensions(name: string, key: KeyObject): readonly Buffer[] {
    const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
    const whole = derAt(spki, 0, spki.length);
    const bits = whole && keyBits(spki, whole);
    const id = createHash('sha1')
      .update(bits ?? spki)
      .digest();
    const extensions = sequence(
      NO_AUTHORITY,
      KEY_USAGE,
      EXTENDED_KEY_USAGE,
      extension(SUBJECT_KEY, derElement(DER.OCTET_STRING, id)),
      this.#authorityKey,
      extension(ALTERNATIVE_NAME, sequence(derElement(DNS_NAME, Buffer.from(name)))),
    );
    return [spki, derElement(EXTENSIONS, extensions)];
  }
}
