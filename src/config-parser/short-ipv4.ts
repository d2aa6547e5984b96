/**
 * IPv4 addresses with fewer than four numbers, or with numbers in octal and hexadecimal: `0`, `127.1`, `0x7f.1`. HAProxy
 * takes them where a name may stand, as the system's resolver reads them (inet_aton(3)).
 */

const PART = '(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)';
const PARTS = new RegExp(`^${PART}(\\.${PART}){0,3}$`, 'i');

/** `0` before a number makes it octal. */
function numberOf(part: string): number {
  return /^0[0-7]+$/.test(part) ? Number.parseInt(part, 8) : Number(part);
}

/** The address with four decimal numbers; undefined if the text is none. The last number fills all bytes that are left. */
export function fullIPv4(text: string): string | undefined {
  if (!PARTS.test(text)) return undefined;
  const parts = text.split('.').map(numberOf);
  const last = parts.pop() as number;
  const bytes = 4 - parts.length;
  if (parts.some(part => part > 255) || last >= 256 ** bytes) return undefined;
  for (let shift = bytes - 1; shift >= 0; shift--) parts.push(Math.floor(last / 256 ** shift) % 256);
  return parts.join('.');
}

/** `10.12/8` is `10.0.0.12/8` (manual, section 7.1.6); what has no such address in front stays as it is. */
export function fullNetwork(text: string): string {
  const [host = '', ...mask] = text.split('/');
  return [fullIPv4(host) ?? host, ...mask].join('/');
}
