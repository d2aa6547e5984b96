/** What each byte may be part of (RFC 9110 section 5.6.2, RFC 9112 section 3). One table lookup a byte. */
export const TOKEN = 1;
/** Visible characters and obs-text: request targets. */
export const TARGET = 2;
/** Field content: visible, obs-text, space, tab. */
export const FIELD = 4;
export const HEX = 8;
/** Bytes above ASCII, which a request target may hold where a proxy is told to accept them. */
export const OBS_TEXT = 16;

export const CLASS = new Uint8Array(256);

for (let byte = 0; byte < 256; byte++) {
  const char = String.fromCharCode(byte);
  let bits = 0;
  if (/[A-Za-z0-9!#$%&'*+.^_`|~-]/.test(char)) bits |= TOKEN;
  if (byte > 0x20 && byte < 0x7f) bits |= TARGET;
  if ((byte >= 0x20 && byte !== 0x7f) || byte === 0x09) bits |= FIELD;
  if (/[0-9A-Fa-f]/.test(char)) bits |= HEX;
  if (byte >= 0x80) bits |= OBS_TEXT;
  CLASS[byte] = bits;
}
