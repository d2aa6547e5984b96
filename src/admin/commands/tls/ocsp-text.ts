/** OCSP responses and ids in OpenSSL's words (`show ssl ocsp-response`, `show ssl cert <file>.ocsp`). */
import { printTime } from '../../../net/tls/asn1-time.ts';
import { derAt, derWithin } from '../../../net/tls/der.ts';
import { readOcspResponse, type SingleResponse } from '../../../net/tls/ocsp-response.ts';
import { integerText } from '../../../net/tls/revocation-list.ts';

const STATUSES = [
  'successful',
  'malformedrequest',
  'internalerror',
  'unknown',
  'trylater',
  'sigrequired',
  'unauthorized',
];
const BYTES_IN_A_LINE = 18;

/** `indent`: spaces in front of the title. */
export function idText(id: Buffer, indent: number): string {
  const whole = derAt(id, 0, id.length);
  const [, nameHash, keyHash, serial] = whole === undefined ? [] : derWithin(id, whole);
  if (nameHash === undefined || keyHash === undefined || serial === undefined) return '';
  const space = ' '.repeat(indent);
  const hex = ({ start, end }: { start: number; end: number }): string =>
    id.toString('hex', start, end).toUpperCase();
  return `${space}Certificate ID:
${space}  Hash Algorithm: sha1
${space}  Issuer Name Hash: ${hex(nameHash)}
${space}  Issuer Key Hash: ${hex(keyHash)}
${space}  Serial Number: ${integerText(id, serial)}
`;
}

export function responseText(bytes: Uint8Array): string {
  const response = readOcspResponse(bytes);
  if (response === undefined) return 'Unable to parse OCSP response';
  const { status } = response;
  const head = `OCSP Response Data:\n    OCSP Response Status: ${STATUSES[status] ?? 'unknown'} (0x${status.toString(16)})\n`;
  if (status !== 0) return head;
  return `${head}    Response Type: Basic OCSP Response
    Version: 1 (0x0)
    Responder Id: ${response.responder}
    Produced At: ${printTime(response.producedMs)}
    Responses:
${response.singles.map(singleText).join(' \n')} 
    Signature Algorithm: ${response.signatureAlgorithm}
    Signature Value:
${signatureText(response.signature)}`;
}

function singleText({ id, status, revokedMs, thisUpdateMs, nextUpdateMs }: SingleResponse): string {
  const revoked = revokedMs === undefined ? '' : `    Revocation Time: ${printTime(revokedMs)}\n`;
  const next = nextUpdateMs === undefined ? '' : `    Next Update: ${printTime(nextUpdateMs)}\n`;
  return `${idText(id, 4)}    Cert Status: ${status}\n${revoked}    This Update: ${printTime(thisUpdateMs)}\n${next}`;
}

function signatureText(signature: Buffer): string {
  const bytes = [...signature].map(byte => byte.toString(16).padStart(2, '0'));
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_IN_A_LINE)
    lines.push(`        ${bytes.slice(at, at + BYTES_IN_A_LINE).join(':')}`);
  return `${lines.join(':\n')}\n`;
}
