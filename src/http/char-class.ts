/** What each byte may be part of (RFC 9110 section 5.6.2, RFC 9112 section 3). One table lookup a byte. */
export const TOKEN = 1;
/** Visible ASCII characters but `#`: request targets. */
export const TARGET = 2;
/** Field content as HAProxy takes it: all but NUL and line ends. */
export const FIELD = 4;
export const HEX = 8;
/** What `option accept-unsafe-violations-in-http-request` lets into a target: `#` and obs-text. */
export const UNSAFE_TARGET = 16;
/** What it lets into a field value: all but CR and LF. */
export const UNSAFE_FIELD = 32;

/** Field content of RFC 9110 section 5.5: visible, obs-text, space, tab. */
export const STRICT_FIELD = 128;

/** What stands in a host and a port without more ado: TARGET but for delimiters and brackets. */
export const PLAIN_HOST = 64;

export const CLASS = new Uint8Array(256);
/** The lower-case form of bytes a field name may have, 0 for all others. */
export const LOWER_TOKEN = new Uint8Array(256);

for (let byte = 0; byte < 256; byte++) {
  const char = String.fromCharCode(byte);
  let bits = 0;
  if (/[A-Za-z0-9!#$%&'*+.^_`|~-]/.test(char)) {
    bits |= TOKEN;
    LOWER_TOKEN[byte] = char.toLowerCase().charCodeAt(0);
  }
  if (byte > 0x20 && byte < 0x7f && char !== '#') bits |= TARGET;
  if (byte >= 0x80 || char === '#') bits |= UNSAFE_TARGET;
  if ((byte >= 0x20 && byte !== 0x7f) || byte === 0x09) bits |= STRICT_FIELD;
  if (byte !== 0x0a && byte !== 0x0d) bits |= byte === 0 ? UNSAFE_FIELD : UNSAFE_FIELD | FIELD;
  if ((bits & TARGET) !== 0 && !',/?@[\\]'.includes(char)) bits |= PLAIN_HOST;
  if (/[0-9A-Fa-f]/.test(char)) bits |= HEX;
  CLASS[byte] = bits;
}

const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;

export function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}
