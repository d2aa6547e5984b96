/**
 * Identifier, master key and group within the DER that TLSSocket.getSession() gives (OpenSSL's SSL_SESSION):
 *
 *   { version INTEGER, TLS version INTEGER, cipher OCTET STRING, id OCTET STRING, master key OCTET STRING, …,
 *     [19] group of the key exchange INTEGER }
 */
import { latin1Slice } from '../../base/latin1.ts';
import { DER, derAt, derInside, derWithin, type DerElement } from './der.ts';

export interface SessionData {
  readonly id: string | undefined;
  readonly masterKey: string | undefined;
  readonly group: number | undefined;
}

export const NO_SESSION: SessionData = { id: undefined, masterKey: undefined, group: undefined };

const GROUP = 0xb3;

export function readSession(der: Buffer): SessionData {
  const whole = derAt(der, 0, der.length);
  const fields = whole === undefined ? [] : [...derWithin(der, whole)];
  const bytes = (field: DerElement | undefined): string | undefined =>
    field?.tag === DER.OCTET_STRING && field.end > field.start
      ? latin1Slice(der, field.start, field.end)
      : undefined;
  return { id: bytes(fields[3]), masterKey: bytes(fields[4]), group: readGroup(der, fields) };
}

function readGroup(der: Buffer, fields: readonly DerElement[]): number | undefined {
  const field = fields.find(({ tag }) => tag === GROUP);
  const number = field && derInside(der, field);
  if (number?.tag !== DER.INTEGER) return undefined;
  const length = number.end - number.start;
  return length < 1 || length > 3 ? undefined : der.readUIntBE(number.start, length);
}
