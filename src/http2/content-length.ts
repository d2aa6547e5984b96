/** Content-Length as HTTP/2 needs it beforehand, to hold DATA against it (RFC 9110 section 8.6, RFC 9113 section 8.1.1). */

/** All lengths a double holds exactly, and then some that no content has. */
const MOST_DIGITS = 15;
const ZERO = 0x30;

/** A number, or a list of equal ones; -1: anything else. */
export function readLength(value: string): number {
  const plain = digits(value);
  if (plain >= 0) return plain;
  const [first = -1, ...others] = value.split(',').map(item => digits(item.trim()));
  return others.every(other => other === first) ? first : -1;
}

function digits(text: string): number {
  if (text === '' || text.length > MOST_DIGITS) return -1;
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}
