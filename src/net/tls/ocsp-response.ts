/**
 * Reads OCSP responses (RFC 6960, section 4.2.1). Bytes that are none are answered with undefined.
 *
 *   OCSPResponse       { status, [0] { type, BasicOCSPResponse } }
 *   BasicOCSPResponse  { response data, signature algorithm, signature, [0] certificates }
 *   response data      { [0] version, responder, produced at, { single response, … }, [1] extensions }
 *   single response    { CertID, status, this update, [0] next update, [1] extensions }
 */
import { asn1Time } from './asn1-time.ts';
import { DER, derAt, derInside, derWithin, identifierText, type DerElement } from './der.ts';
import { DistinguishedName } from './distinguished-name.ts';
import { signatureName } from './signature-names.ts';

const ENUMERATED = 0x0a;
const BY_NAME = 0xa1;
const NEXT_UPDATE = 0xa0;
const STATUSES = new Map([
  [0x80, 'good'],
  [0xa1, 'revoked'],
  [0x82, 'unknown'],
]);

export interface SingleResponse {
  /** DER of the CertID. */
  readonly id: Buffer;
  readonly status: string;
  readonly revokedMs: number | undefined;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number | undefined;
}

export interface OcspResponse {
  /** 0: successful; then the rest is there. */
  readonly status: number;
  readonly responder: string;
  readonly producedMs: number;
  readonly singles: readonly SingleResponse[];
  readonly signatureAlgorithm: string;
  readonly signature: Buffer;
  /** What is signed. */
  readonly signed: Buffer;
  /** DER of those that came along. */
  readonly certificates: readonly Buffer[];
}

const NOTHING = {
  responder: '',
  producedMs: 0,
  singles: [],
  signatureAlgorithm: '',
  signature: Buffer.alloc(0),
  signed: Buffer.alloc(0),
  certificates: [],
};

export function readOcspResponse(bytes: Uint8Array): OcspResponse | undefined {
  const der = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = derAt(der, 0, der.length);
  const [code, wrapped] = whole === undefined ? [] : derWithin(der, whole);
  if (code?.tag !== ENUMERATED || code.end !== code.start + 1) return undefined;
  const status = der.readUInt8(code.start);
  if (status !== 0) return { ...NOTHING, status };
  const typed = wrapped && derInside(der, wrapped);
  const [, octets] = typed === undefined ? [] : derWithin(der, typed);
  const basic = octets && derInside(der, octets);
  return basic && readBasic(der, basic, status);
}

function readBasic(der: Buffer, basic: DerElement, status: number): OcspResponse | undefined {
  const [data, algorithm, signature, extra] = derWithin(der, basic);
  if (data === undefined || algorithm === undefined || signature?.tag !== DER.BIT_STRING) return undefined;
  const fields = [...derWithin(der, data)].filter(({ tag }) => tag !== 0xa0);
  const [responder, produced, list] = fields;
  if (responder === undefined || produced === undefined || list === undefined) return undefined;
  const singles = [...derWithin(der, list)].map(single => readSingle(der, single));
  const known = singles.filter(single => single !== undefined);
  if (known.length !== singles.length) return undefined;
  const identifier = derInside(der, algorithm);
  const sequence = extra && derInside(der, extra);
  const certificates = sequence === undefined ? [] : [...derWithin(der, sequence)];
  return {
    status,
    responder: responderText(der, responder),
    producedMs: asn1Time(der, produced) ?? 0,
    singles: known,
    signatureAlgorithm: identifier === undefined ? '' : signatureName(identifierText(der, identifier)),
    signature: der.subarray(signature.start + 1, signature.end),
    signed: der.subarray(data.at, data.end),
    certificates: certificates.map(({ at, end }) => der.subarray(at, end)),
  };
}

function responderText(der: Buffer, responder: DerElement): string {
  const inner = derInside(der, responder);
  if (inner === undefined) return '';
  return responder.tag === BY_NAME
    ? new DistinguishedName(der, inner).spaced()
    : der.toString('hex', inner.start, inner.end).toUpperCase();
}

function readSingle(der: Buffer, single: DerElement): SingleResponse | undefined {
  const [id, status, thisUpdate, ...rest] = derWithin(der, single);
  if (id === undefined || status === undefined || thisUpdate === undefined) return undefined;
  const thisUpdateMs = asn1Time(der, thisUpdate);
  const next = rest.find(({ tag }) => tag === NEXT_UPDATE);
  const nextTime = next && derInside(der, next);
  const revoked = status.tag === 0xa1 ? derInside(der, status) : undefined;
  const text = STATUSES.get(status.tag);
  if (thisUpdateMs === undefined || text === undefined) return undefined;
  return {
    id: der.subarray(id.at, id.end),
    status: text,
    revokedMs: revoked && asn1Time(der, revoked),
    thisUpdateMs,
    nextUpdateMs: nextTime && asn1Time(der, nextTime),
  };
}

/** HAProxy's margin between clocks. */
const MOST_SKEW_MS = 300_000;

/** What speaks against serving it, in HAProxy's words; or until when it can be. `id`: the certificate it is for. */
export function judgeOcspResponse(
  bytes: Uint8Array,
  id: Buffer | undefined,
  nowMs: number,
): { readonly untilMs: number; readonly id: Buffer } | { readonly error: string } {
  const response = readOcspResponse(bytes);
  if (response === undefined) return { error: 'Unable to parse OCSP response' };
  if (response.status !== 0) return { error: 'OCSP response status not successful' };
  const { singles } = response;
  const [single] = singles;
  if (singles.length > 1)
    return { error: `OCSP response ignored because contains multiple single responses (${singles.length})` };
  if (single === undefined) return { error: 'Failed to get OCSP single response' };
  if (single.status === 'unknown') return { error: 'OCSP single response: certificate status is unknown' };
  if (single.nextUpdateMs === undefined) return { error: 'OCSP single response: missing nextupdate' };
  const { thisUpdateMs, nextUpdateMs } = single;
  if (
    thisUpdateMs > nowMs + MOST_SKEW_MS ||
    nextUpdateMs < nowMs - MOST_SKEW_MS ||
    nextUpdateMs < thisUpdateMs
  )
    return { error: 'OCSP single response: no longer valid.' };
  if (id !== undefined && !id.equals(single.id))
    return { error: 'OCSP single response: Certificate ID does not match certificate and issuer' };
  const untilMs = nextUpdateMs - MOST_SKEW_MS;
  if (untilMs < nowMs)
    return {
      error: `OCSP single response: no longer valid. Must be valid during at least ${MOST_SKEW_MS / 1000}s.`,
    };
  return { untilMs, id: single.id };
}
