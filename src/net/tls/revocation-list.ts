/**
 * Reads revocation lists (RFC 5280, section 5.1) for who looks at them.
 *
 *   CertificateList  { tbsCertList, signatureAlgorithm, signature }
 *   tbsCertList      { version OPTIONAL, signature algorithm, issuer, this update, next update OPTIONAL, revoked OPTIONAL, … }
 */
import { asn1Time, printTime } from './asn1-time.ts';
import { DER, derAt, derInside, derWithin, identifierText, type DerElement } from './der.ts';
import { DistinguishedName } from './distinguished-name.ts';
import { signatureName } from './signature-names.ts';

interface RevokedCertificate {
  /** Hexadecimal. */
  readonly serial: string;
  readonly date: string;
}

export class RevocationList {
  readonly #der: Buffer;
  readonly #fields: readonly DerElement[];
  readonly version: number;

  private constructor(der: Buffer, fields: readonly DerElement[], version: number) {
    this.#der = der;
    this.#fields = fields;
    this.version = version;
  }

  /** Undefined: it is none. */
  static read(pem: string): RevocationList | undefined {
    const der = Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64');
    const whole = derAt(der, 0, der.length);
    const body = whole && derInside(der, whole);
    if (body === undefined) return undefined;
    const fields = [...derWithin(der, body)];
    const version = fields[0]?.tag === DER.INTEGER ? fields.shift() : undefined;
    if (fields.length < 3) return undefined;
    return new RevocationList(der, fields, version === undefined ? 1 : der.readUInt8(version.start) + 1);
  }

  get signatureAlgorithm(): string {
    const identifier = this.#fields[0] && derInside(this.#der, this.#fields[0]);
    return identifier === undefined ? '' : signatureName(identifierText(this.#der, identifier));
  }

  get issuer(): string {
    const name = this.#fields[1];
    return (name && new DistinguishedName(this.#der, name).oneLine()) ?? '';
  }

  get lastUpdate(): string {
    return this.#time(this.#fields[2]);
  }

  get nextUpdate(): string {
    return this.#time(this.#fields[3]);
  }

  get entries(): readonly RevokedCertificate[] {
    const list = this.#fields.slice(3).find(({ tag }) => tag === DER.SEQUENCE);
    if (list === undefined) return [];
    return [...derWithin(this.#der, list)].flatMap(entry => {
      const [serial, date] = derWithin(this.#der, entry);
      if (serial === undefined) return [];
      return [{ serial: integerText(this.#der, serial), date: this.#time(date) }];
    });
  }

  #time(element: DerElement | undefined): string {
    const time = element && asn1Time(this.#der, element);
    return time === undefined ? '' : printTime(time);
  }
}

/** Hexadecimal, without the zero that only keeps the sign. */
export function integerText(der: Buffer, { start, end }: DerElement): string {
  const from = end - start > 1 && der.readUInt8(start) === 0 ? start + 1 : start;
  return der.toString('hex', from, end).toUpperCase();
}
