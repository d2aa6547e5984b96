/** Times in DER (RFC 5280, section 4.1.2.5), and as OpenSSL prints them: `Jan  1 00:00:00 2020 GMT`. */
import { latin1Slice } from '../../base/latin1.ts';
import { DER, type DerElement } from './der.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Milliseconds since 1970; undefined: no time of either form. */
export function asn1Time(der: Buffer, { tag, start, end }: DerElement): number | undefined {
  const text = latin1Slice(der, start, end);
  const isLong = tag === DER.GENERALIZED_TIME;
  if (!isLong && tag !== DER.UTC_TIME) return undefined;
  const parts = (isLong ? LONG : SHORT).exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map(part => Number(part ?? 0));
  // RFC 5280: two digits from 50 on are of the century before
  const fullYear = isLong ? year : year < 50 ? 2000 + year : 1900 + year;
  return Date.UTC(fullYear, month - 1, day, hour, minute, second);
}

const LONG = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.\d+)?Z$/;
const SHORT = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/;

export function printTime(ms: number): string {
  const date = new Date(ms);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${MONTHS[date.getUTCMonth()]} ${day} ${time} ${date.getUTCFullYear()} GMT`;
}
