/**
 * Makes and signs certificates (RFC 5280, section 4.1) for names that a client asks for and nobody has one for
 * (`generate-certificates`; manual, section 5.1).
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import type { SigningAuthority } from '../../model/tls-material.ts';
import { certificateFields, extensionOf, keyBits } from './certificate-fields.ts';
import { DER, derAt, type DerElement } from './der.ts';
import { bitString, derElement, identifier, sequence, time } from './der-writer.ts';

interface SignatureKind {
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

/** Whether certificates can be signed with a key. */
export function canSign({ asymmetricKeyType }: KeyObject): boolean {
  return KINDS.has(asymmetricKeyType ?? '');
}

const DAY_MS = 86_400_000;
/** Clocks of clients may be behind. */
const BEFORE_MS = DAY_MS;
const AFTER_MS = 365 * DAY_MS;
const SERIAL_BYTES = 16;
/** RFC 5280, appendix A.1: ub-common-name. */
const LONGEST_COMMON_NAME = 64;

const COMMON_NAME = '2.5.4.3';
const SUBJECT_KEY = '2.5.29.14';
const EXTENSIONS = 0xa3;
const VERSION_3 = Buffer.from('a003020102', 'hex');
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
    const kindOfKey = KINDS.get(this.#key.asymmetricKeyType ?? '');
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
    const signature = sign(this.#kind.digest, signed, this.#key);
    const der = sequence(signed, this.#kind.algorithm, bitString(signature));
    const lines = der.toString('base64').replace(/.{1,64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
  }

  /** The authority's, as HAProxy has it, and behind it the name where it is not too long for that. */
  #subjectOf(name: string): Buffer {
    const { start, end } = this.#subject;
    const common = sequence(identifier(COMMON_NAME), derElement(DER.UTF8_STRING, Buffer.from(name)));
    const more = name.length > LONGEST_COMMON_NAME ? [] : [derElement(DER.SET, common)];
    return sequence(this.#der.subarray(start, end), ...more);
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
      extension('2.5.29.17', sequence(derElement(0x82, Buffer.from(name)))),
    );
    return [spki, derElement(EXTENSIONS, extensions)];
  }
}

function extension(oid: string, value: Buffer): Buffer {
  return sequence(identifier(oid), derElement(DER.OCTET_STRING, value));
}

/** Positive, and without a zero in front. */
function serialNumber(): Buffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return derElement(DER.INTEGER, bytes);
}
