/** `option ldap-check`: an anonymous simple bind, which has to succeed (RFC 4511, sections 4.1.9 and 4.2). */
import type { CheckFacts } from '../check-facts.ts';
import { plainSend } from '../compile-send.ts';
import type { Step, Verdict } from '../ruleset.ts';
import { answerStep } from './answer.ts';

const BIND_REQUEST = Buffer.from('300C020101600702010304008000', 'hex');
const SEQUENCE = 0x30;
/** messageID 1, then a bindResponse. */
const BIND_RESPONSE = Buffer.from('02010161', 'hex');
const RESULT_CODE = Buffer.from('0a01', 'hex');
const NOT_LDAP = { status: 'L7RSP', info: 'Not LDAPv3 protocol' } as const;
const SHORTEST = 14;

export function ldapSteps(): Step[] {
  return [
    plainSend(BIND_REQUEST, 0),
    answerStep(1, facts => (facts.received[0] === SEQUENCE ? 'passed' : NOT_LDAP), { least: SHORTEST }),
    answerStep(2, judgeBindResponse),
  ];
}

function judgeBindResponse(facts: CheckFacts, last: boolean): Verdict {
  const bytes = facts.received;
  const short: Verdict = last ? { status: 'L7RSP' } : 'wait';
  const length = readLength(bytes, 1);
  if (typeof length === 'string') return length === 'short' ? short : NOT_LDAP;
  if (bytes.length < length.end + length.value) return short;
  if (!startsAt(bytes, length.end, BIND_RESPONSE)) return NOT_LDAP;
  // the size of the response may take one byte or several
  const size = length.end + BIND_RESPONSE.length;
  const sizeByte = bytes[size] ?? 0;
  const result = size + 1 + ((sizeByte & 0x80) === 0 ? 0 : sizeByte & 0x7f);
  if (bytes.length < result + 3) return short;
  if (!startsAt(bytes, result, RESULT_CODE)) return NOT_LDAP;
  const code = bytes[result + 2] as number;
  if (code === 0) return { status: 'L7OK', info: 'Success' };
  return { status: 'L7STS', code, info: 'See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9' };
}

/** The length of the message: one byte, or two or four behind a byte that says so. */
function readLength(bytes: Buffer, at: number): { value: number; end: number } | 'short' | 'unknown' {
  const first = bytes[at];
  if (first === undefined) return 'short';
  if ((first & 0x80) === 0) return { value: first, end: at + 1 };
  const count = first & 0x7f;
  if (bytes.length < at + 1 + count) return 'short';
  if (count !== 2 && count !== 4) return 'unknown';
  return { value: bytes.readUIntBE(at + 1, count), end: at + 1 + count };
}

function startsAt(bytes: Buffer, at: number, wanted: Buffer): boolean {
  return bytes.subarray(at, at + wanted.length).equals(wanted);
}
