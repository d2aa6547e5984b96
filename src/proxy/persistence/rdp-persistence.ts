/**
 * `persist rdp-cookie` (manual, section 4.2): a terminal server names itself in the cookie that the client shows
 * when it comes back, as `<address>.<port>.<reserved>`, both numbers as the little-endian reading of what stands
 * in network order ([MS-RDPBCGR] routing tokens).
 */
import { rdpCookie } from '../../balancers/key-span.ts';
import type { ServerRuntime } from '../runtime/runtime.ts';

/** The server the cookie names, usable or not. `payload`: the first bytes of the client, one char a byte. */
export function serverOfRdpCookie(
  payload: string,
  name: string,
  servers: readonly ServerRuntime[],
): ServerRuntime | undefined {
  const span = rdpCookie(payload, name);
  const match =
    span === undefined ? null : /^(\d{1,10})\.(\d{1,5})\./.exec(span.text.slice(span.start, span.end));
  if (match === null) return undefined;
  const host = hostOf(Number(match[1]));
  const port = swapBytes(Number(match[2]));
  return servers.find(({ address }) => address.port === port && address.ip?.toString() === host);
}

function hostOf(word: number): string {
  return [word, word >>> 8, word >>> 16, word >>> 24].map(byte => byte & 0xff).join('.');
}

function swapBytes(port: number): number {
  return ((port & 0xff) << 8) | ((port >>> 8) & 0xff);
}
