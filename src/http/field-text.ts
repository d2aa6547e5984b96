/** What names and values of fields have to be as text: names are compared in lower case, a value stays on its line. */

/** Lower-case forms of names seen; bounded, since clients choose names. */
const lowered = new Map<string, string>();
const LOWERED_AT_MOST = 4096;

export function lowerCase(name: string): string {
  let lower = lowered.get(name);
  if (lower === undefined) {
    lower = name.toLowerCase();
    if (lowered.size < LOWERED_AT_MOST) lowered.set(name, lower);
  }
  return lower;
}

/** A value from a rule must not end the line: CR, LF and NUL become blanks (RFC 9110 section 5.5). */
export function oneLine(value: string): string {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code <= 13 && (code === 13 || code === 10 || code === 0)) return value.replace(/[\0\r\n]/g, ' ');
  }
  return value;
}
