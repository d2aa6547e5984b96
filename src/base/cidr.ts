/** An IP network, `address/prefix`, as options and rules name it. */
import { parseIp, toIpv6, type IpAddress } from './ip-address.ts';

export interface Network {
  contains(ip: IpAddress): boolean;
}

/** Undefined when the text is not a network. Without a prefix it is one address. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/');
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (ip === undefined) return undefined;
  const width = ip.family === 4 ? 32 : 128;
  const bits = slash < 0 ? width : prefixBits(text.slice(slash + 1), width);
  if (bits === undefined) return undefined;
  const masks = wordMasks(ip.family === 4 ? bits + 96 : bits);
  const base = toIpv6(ip);
  return {
    contains: other => {
      const wide = toIpv6(other);
      return (
        ((wide.w0 ^ base.w0) & masks[0]) === 0 &&
        ((wide.w1 ^ base.w1) & masks[1]) === 0 &&
        ((wide.w2 ^ base.w2) & masks[2]) === 0 &&
        ((wide.w3 ^ base.w3) & masks[3]) === 0
      );
    },
  };
}

/** `24` or `255.255.255.0`. */
function prefixBits(text: string, width: number): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= width ? Number(text) : undefined;
  const mask = width === 32 ? parseIp(text) : undefined;
  if (mask === undefined || mask.family !== 4) return undefined;
  const ones = Math.clz32(~mask.w3);
  return ones === 32 || mask.w3 << ones === 0 ? ones : undefined;
}

function wordMasks(bits: number): readonly [number, number, number, number] {
  const mask = (word: number): number => {
    const ones = Math.min(Math.max(bits - word * 32, 0), 32);
    return ones === 0 ? 0 : -1 << (32 - ones);
  };
  return [mask(0), mask(1), mask(2), mask(3)];
}
