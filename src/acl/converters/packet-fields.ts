/** Where things stand in IP and TCP headers (RFC 791, 8200, 9293). Packets are strings, one char a byte. */

export const byteAt = (bytes: string, at: number): number => bytes.charCodeAt(at);
export const wordAt = (bytes: string, at: number): number => (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);
export const longAt = (bytes: string, at: number): number =>
  ((wordAt(bytes, at) << 16) | wordAt(bytes, at + 2)) >>> 0;

export const ipVersion = (bytes: string): number => (bytes === '' ? 0 : byteAt(bytes, 0) >> 4);

const TCP = 6;
const UDP = 17;

interface IpHeader {
  readonly length: number;
  readonly protocol: number;
}

/** Extension headers of IPv6 included. */
export function ipHeader(bytes: string): IpHeader | undefined {
  const version = ipVersion(bytes);
  if (version === 4) {
    const length = (byteAt(bytes, 0) & 15) * 4;
    return bytes.length < Math.max(length, 10) ? undefined : { length, protocol: byteAt(bytes, 9) };
  }
  if (version !== 6 || bytes.length < 40) return undefined;
  let length = 40;
  let protocol = byteAt(bytes, 6);
  while (protocol !== TCP && protocol !== UDP) {
    if (bytes.length < length + 2) return undefined;
    protocol = byteAt(bytes, length);
    length += byteAt(bytes, length + 1) * 8 + 8;
  }
  return bytes.length < length ? undefined : { length, protocol };
}

export function tcpHeaderLength(bytes: string): number | undefined {
  if (bytes.length < 20) return undefined;
  const length = (byteAt(bytes, 12) >> 4) * 4;
  return length < 20 || bytes.length < length ? undefined : length;
}

interface TcpOption {
  readonly kind: number;
  readonly at: number;
}

/** Kinds and places of the options; undefined when the header is cut. */
export function tcpOptions(bytes: string): TcpOption[] | undefined {
  const length = tcpHeaderLength(bytes);
  if (length === undefined) return undefined;
  const options: TcpOption[] = [];
  let at = 20;
  while (at < length && byteAt(bytes, at) !== 0) {
    const kind = byteAt(bytes, at);
    options.push({ kind, at });
    if (kind === 1) at++;
    else if (at + 1 < length && byteAt(bytes, at + 1) > 1) at += byteAt(bytes, at + 1);
    else break;
  }
  return options;
}
