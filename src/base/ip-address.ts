/**
 * An IP address as four 32-bit words, so that comparing and masking need no text. An IPv4 address keeps its
 * bits in `w3` under the prefix ::ffff:0:0, so that both families order and compare alike.
 */
export class IpAddress {
  readonly family: 4 | 6;
  /** Most significant first, each unsigned. */
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  #text: string | undefined;

  constructor(family: 4 | 6, w0: number, w1: number, w2: number, w3: number) {
    this.family = family;
    this.w0 = w0;
    this.w1 = w1;
    this.w2 = w2;
    this.w3 = w3;
    this.#text = undefined;
  }

  static v4(bits: number): IpAddress {
    return new IpAddress(4, 0, 0, 0xffff, bits >>> 0);
  }

  toString(): string {
    this.#text ??= this.family === 4 ? renderIpv4(this.w3) : renderIpv6(this);
    return this.#text;
  }
}

function renderIpv4(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

/** RFC 5952: lower case, longest run of zeros shortened, IPv4 tail for mapped and compatible addresses. */
function renderIpv6(ip: IpAddress): string {
  const groups = [ip.w0, ip.w1, ip.w2, ip.w3].flatMap(word => [word >>> 16, word & 0xffff]);
  const [start, length] = longestZeroRun(groups);
  if (start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff)))
    return `::${length === 5 ? 'ffff:' : ''}${renderIpv4(ip.w3)}`;
  const hex = groups.map(group => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): [number, number] {
  let best: [number, number] = [-1, 0];
  let start = 0;
  for (let index = 0; index <= groups.length; index++) {
    if (groups[index] === 0) continue;
    if (index - start > best[1]) best = [start, index - start];
    start = index + 1;
  }
  return best;
}

/** Dotted quad as inet_pton(3) takes it: four decimal numbers without leading zeros; undefined when it is not. */
export function parseIpv4(text: string): IpAddress | undefined {
  const bits = parseIpv4Bits(text);
  return bits === undefined ? undefined : IpAddress.v4(bits);
}

export function parseIpv4Bits(text: string): number | undefined {
  let bits = 0;
  let value = -1;
  let dots = 0;
  const length = text.length;
  if (length > 15) return undefined;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code === 46) {
      if (value < 0 || ++dots > 3) return undefined;
      bits = (bits << 8) | value;
      value = -1;
    } else {
      if (code < 48 || code > 57 || value === 0) return undefined;
      value = (value < 0 ? 0 : value * 10) + code - 48;
      if (value > 255) return undefined;
    }
  }
  return dots === 3 && value >= 0 ? ((bits << 8) | value) >>> 0 : undefined;
}

/** The IPv4 address a text begins with, as samples are read: a port or a mask may follow, numbers may begin with zeros. */
export function parseLeadingIpv4(text: string): IpAddress | undefined {
  let bits = 0;
  let value = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 46) {
      if (value < 0 || ++dots > 3) return undefined;
      bits = (bits << 8) | value;
      value = -1;
    } else if (code >= 48 && code <= 57) {
      value = (value < 0 ? 0 : value * 10) + code - 48;
      if (value > 255) return undefined;
    } else break;
  }
  return dots === 3 && value >= 0 ? IpAddress.v4(((bits << 8) | value) >>> 0) : undefined;
}

/** Any textual IPv6 form, without brackets and without zone. */
export function parseIpv6(text: string): IpAddress | undefined {
  const gap = text.indexOf('::');
  if (gap >= 0 && text.includes('::', gap + 1)) return undefined;
  const head = parseGroups(gap < 0 ? text : text.slice(0, gap), gap < 0);
  const tail = gap < 0 ? [] : parseGroups(text.slice(gap + 2), true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<number>(gap < 0 ? 0 : missing).fill(0), ...tail];
  const word = (at: number): number => (((groups[at] as number) << 16) | (groups[at + 1] as number)) >>> 0;
  return new IpAddress(6, word(0), word(2), word(4), word(6));
}

function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes('.')) {
      const bits = parseIpv4Bits(part);
      if (bits === undefined) return undefined;
      groups.push(bits >>> 16, bits & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

export function sameIp(a: IpAddress, b: IpAddress): boolean {
  return a.w3 === b.w3 && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0 && a.family === b.family;
}

/** IPv4 out of mapped, compatible (RFC 4291) and 6to4 (RFC 3056) addresses; undefined for all others. */
export function toIpv4(ip: IpAddress): IpAddress | undefined {
  if (ip.family === 4) return ip;
  if (ip.w0 === 0 && ip.w1 === 0 && (ip.w2 === 0 || ip.w2 === 0xffff)) return IpAddress.v4(ip.w3);
  if (ip.w0 >>> 16 === 0x2002) return IpAddress.v4(((ip.w0 << 16) | (ip.w1 >>> 16)) >>> 0);
  return undefined;
}

/** ::ffff:a.b.c.d for an IPv4 address. */
export function toIpv6(ip: IpAddress): IpAddress {
  return ip.family === 6 ? ip : new IpAddress(6, 0, 0, 0xffff, ip.w3);
}

/** Network byte order, 4 or 16 chars, one char a byte. */
export function ipToBytes(ip: IpAddress): string {
  const word = (bits: number): string =>
    String.fromCharCode(bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255);
  return ip.family === 4 ? word(ip.w3) : word(ip.w0) + word(ip.w1) + word(ip.w2) + word(ip.w3);
}
