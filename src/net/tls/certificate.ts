/**
 * What samples ask of one certificate (RFC 5280, section 4.1), read from its DER when it is asked for. Node's own
 * X509Certificate has no serial bytes, no algorithms and other forms of names.
 */
import { createHash } from 'node:crypto';
import { latin1Slice } from '../../base/latin1.ts';
import { certificateFields, extensionOf, type CertificateFields } from './certificate-fields.ts';
import { DER, derInside, derWithin, identifierText, type DerElement } from './der.ts';
import { DistinguishedName } from './distinguished-name.ts';
import { generalNames } from './general-names.ts';
import { shortName } from './object-names.ts';
import type { CertificateFacts } from './tls-facts.ts';

const SUBJECT_ALT_NAME = '2.5.29.17';

export class Certificate implements CertificateFacts {
  readonly #der: Buffer;
  readonly #parts: CertificateFields | undefined;

  constructor(der: Buffer) {
    this.#der = der;
    this.#parts = certificateFields(der);
  }

  get der(): string {
    return latin1Slice(this.#der, 0, this.#der.length);
  }

  get sha1(): string {
    return createHash('sha1').update(this.#der).digest().toString('latin1');
  }

  /** The number's bytes without its sign: one zero in front of a high bit is DER's, not the number's. */
  get serial(): string | undefined {
    if (this.#parts === undefined) return undefined;
    const { start, end } = this.#parts.serial;
    const isPadded = end - start > 1 && this.#der.readUInt8(start) === 0;
    return latin1Slice(this.#der, isPadded ? start + 1 : start, end);
  }

  get version(): number | undefined {
    if (this.#parts === undefined) return undefined;
    const { version } = this.#parts;
    const number = version && derInside(this.#der, version);
    return number === undefined || number.end !== number.start + 1
      ? 1
      : this.#der.readUInt8(number.start) + 1;
  }

  get signatureAlgorithm(): string | undefined {
    return this.#parts && this.#algorithm(this.#parts.signature);
  }

  get keyAlgorithm(): string | undefined {
    const algorithm = this.#parts && derInside(this.#der, this.#parts.key);
    return algorithm && this.#algorithm(algorithm);
  }

  get notBefore(): string | undefined {
    return this.#time(0);
  }

  get notAfter(): string | undefined {
    return this.#time(1);
  }

  get subject(): DistinguishedName | undefined {
    return this.#parts && new DistinguishedName(this.#der, this.#parts.subject);
  }

  get issuer(): DistinguishedName | undefined {
    return this.#parts && new DistinguishedName(this.#der, this.#parts.issuer);
  }

  get alternativeNames(): string | undefined {
    const list = this.#parts && extensionOf(this.#der, this.#parts, SUBJECT_ALT_NAME);
    return list && (generalNames(this.#der, list) || undefined);
  }

  #algorithm(sequence: DerElement): string {
    const identifier = derInside(this.#der, sequence);
    return (identifier && shortName(identifierText(this.#der, identifier))) ?? 'UNDEF';
  }

  /** YYMMDDhhmmss[Z], from both forms of times; years before 2000 and after 2099 have none. */
  #time(index: 0 | 1): string | undefined {
    const time = this.#parts && [...derWithin(this.#der, this.#parts.validity)][index];
    if (time === undefined) return undefined;
    const text = latin1Slice(this.#der, time.start, time.end);
    if (time.tag === DER.GENERALIZED_TIME)
      return text.length >= 12 && text.startsWith('20') ? text.slice(2) : undefined;
    return time.tag === DER.UTC_TIME && text.length >= 10 && text.charCodeAt(0) < 0x35 ? text : undefined;
  }
}
