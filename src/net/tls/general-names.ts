/** Alternative names of certificates (RFC 5280, section 4.2.1.6), worded as OpenSSL prints them. */
import { latin1Slice } from '../../base/latin1.ts';
import { derInside, derWithin, identifierText, type DerElement } from './der.ts';
import { DistinguishedName } from './distinguished-name.ts';

const SMTP_UTF8_MAILBOX = '1.3.6.1.5.5.7.8.9';
const XMPP_ADDRESS = '1.3.6.1.5.5.7.8.5';
const SRV_NAME = '1.3.6.1.5.5.7.8.7';
const NAI_REALM = '1.3.6.1.5.5.7.8.8';
const USER_PRINCIPAL_NAME = '1.3.6.1.4.1.311.20.2.3';

const OTHER_NAMES: Readonly<Record<string, string>> = {
  [SMTP_UTF8_MAILBOX]: 'SmtpUTF8Mailbox',
  [XMPP_ADDRESS]: 'XmppAddr',
  [SRV_NAME]: 'SRVName',
  [NAI_REALM]: 'NAIRealm',
  [USER_PRINCIPAL_NAME]: 'UPN',
};

/** `DNS:a.example, IP Address:192.0.2.1`; empty when there are none. */
export function generalNames(buffer: Buffer, list: DerElement): string {
  const names: string[] = [];
  for (const name of derWithin(buffer, list)) names.push(generalName(buffer, name));
  return names.join(', ');
}

function generalName(buffer: Buffer, name: DerElement): string {
  switch (name.tag & 0x1f) {
    case 0:
      return otherName(buffer, name);
    case 1:
      return `email:${printable(buffer, name)}`;
    case 2:
      return `DNS:${printable(buffer, name)}`;
    case 3:
      return 'X400Name:<unsupported>';
    case 4:
      return directoryName(buffer, name);
    case 5:
      return 'EdiPartyName:<unsupported>';
    case 6:
      return `URI:${printable(buffer, name)}`;
    case 7:
      return `IP Address:${addressText(buffer.subarray(name.start, name.end))}`;
    default:
      return `Registered ID:${identifierText(buffer, name)}`;
  }
}

function otherName(buffer: Buffer, name: DerElement): string {
  const [type, wrapped] = derWithin(buffer, name);
  const label = type && OTHER_NAMES[identifierText(buffer, type)];
  const value = wrapped && derInside(buffer, wrapped);
  return label === undefined || value === undefined
    ? 'othername:<unsupported>'
    : `othername:${label}:${latin1Slice(buffer, value.start, value.end)}`;
}

function directoryName(buffer: Buffer, name: DerElement): string {
  const inner = derInside(buffer, name);
  return `DirName:${inner === undefined ? '' : new DistinguishedName(buffer, inner).spaced()}`;
}

/** Bytes that cannot be printed are dots. */
function printable(buffer: Buffer, { start, end }: DerElement): string {
  return latin1Slice(buffer, start, end).replace(/[^ -~\n\r]/g, '.');
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  if (bytes.length !== 16) return '<invalid>';
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16).toUpperCase());
  return groups.join(':');
}
