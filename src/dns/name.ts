/** Domain names as text and as labels in a message (RFC 1035, sections 3.1 and 4.1.4). */

const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;
const POINTER = 0xc0;

/** Labels with their lengths; undefined: no name that could be asked for. */
export function encodeName(name: string): Buffer | undefined {
  const text = name.endsWith('.') ? name.slice(0, -1) : name;
  if (text === '' || text.length > LONGEST_NAME - 2) return undefined;
  const labels = text.split('.');
  if (!labels.every(label => /^[\x21-\x7e]{1,63}$/.test(label) && label.length <= LONGEST_LABEL))
    return undefined;
  const pieces = labels.map(label => `${String.fromCharCode(label.length)}${label}`);
  return Buffer.from(`${pieces.join('')}\0`, 'latin1');
}

interface NameRead {
  /** In lower case, without the dot at the end; the root is empty. */
  readonly name: string;
  /** Behind the name where it stands in the message. */
  readonly end: number;
}

/**
 * Undefined: the message ends within it, or it is no name. Pointers lead backwards only, so that reading comes to
 * an end whatever the message says.
 */
export function readName(message: Buffer, start: number): NameRead | undefined {
  const labels: string[] = [];
  let at = start;
  let end = -1;
  let lowest = start;
  let length = 0;
  for (;;) {
    const size = message[at];
    if (size === undefined) return undefined;
    if (size >= POINTER) {
      const target = ((size & ~POINTER) << 8) | (message[at + 1] ?? -1);
      if (end < 0) end = at + 2;
      if (target < 0 || target >= lowest) return undefined;
      lowest = at = target;
      continue;
    }
    if (size > LONGEST_LABEL) return undefined;
    at++;
    if (size === 0) return { name: labels.join('.').toLowerCase(), end: end < 0 ? at : end };
    length += size + 1;
    if (length >= LONGEST_NAME || at + size > message.length) return undefined;
    labels.push(message.toString('latin1', at, at + size));
    at += size;
  }
}
