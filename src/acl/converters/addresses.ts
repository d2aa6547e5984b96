/** Converters on addresses, language preferences and certificate errors (manual, section 7.3.1). */
import { IpAddress, toIpv4 } from '../../base/ip-address.ts';
import { verificationName } from '../../base/x509-verification.ts';
import type { Arguments } from '../arguments.ts';
import type { Convert, ConverterRow } from '../row.ts';

/** IPv6 addresses that stand for an IPv4 one take the IPv4 mask. */
function compileMask(args: Arguments): Convert {
  const mask4 = args[0]?.ip;
  const mask6 = args[1]?.ip;
  return (ip: IpAddress) => {
    const v4 = toIpv4(ip);
    if (v4 !== undefined) return IpAddress.v4(v4.w3 & (mask4?.w3 ?? 0));
    if (mask6 === undefined) return undefined;
    const and = (a: number, b: number): number => (a & b) >>> 0;
    return new IpAddress(
      6,
      and(ip.w0, mask6.w0),
      and(ip.w1, mask6.w1),
      and(ip.w2, mask6.w2),
      and(ip.w3, mask6.w3),
    );
  };
}

/** A language range against one asked for: equal, or a prefix up to a dash (RFC 4647, section 3.3.1). */
function rangeMatches(range: string, tag: string): boolean {
  return range === tag || range.startsWith(`${tag}-`);
}

/** Thousandths; nonsense counts as it starts. */
function parseQuality(text: string): number {
  const match = /^([01])(?:\.([0-9]{0,3}))?/.exec(text);
  if (match === null) return text === '' ? 1000 : 0;
  return Math.min(1000, Number(match[1]) * 1000 + Number((match[2] ?? '').padEnd(3, '0')));
}

/** The best of the offered values by an Accept-Language header. */
function preferred(header: string, offered: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestQuality = 0;
  for (const item of header.split(',')) {
    const [range, ...parameters] = item.split(';').map(part => part.trim());
    const found =
      range === undefined || range === '' ? undefined : offered.find(tag => rangeMatches(range, tag));
    if (found === undefined) continue;
    const quality = /^q\s*=\s*(.*)$/.exec(parameters[0] ?? '');
    const value = quality === null ? 1000 : parseQuality(quality[1] as string);
    if (value > bestQuality) {
      best = found;
      bestQuality = value;
    }
    if (bestQuality >= 1000) break;
  }
  return best;
}

export const ADDRESS_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'ipmask',
    args: ['mask4:mask4', 'mask6:mask6?'],
    in: 'addr',
    out: 'addr',
    summary: 'address under a mask',
    compile: compileMask,
  },
  {
    name: 'language',
    args: ['value:str', 'default:str?'],
    in: 'str',
    out: 'str',
    summary: 'best of some languages by an Accept-Language header',
    compile: args => {
      const offered = (args[0]?.text ?? '').split(';');
      const fallback = args[1]?.text;
      return (header: string) => preferred(header, offered) ?? fallback;
    },
  },
  {
    name: 'x509_v_err_str',
    in: 'int',
    out: 'str',
    summary: 'name of a certificate verification result',
    compile: () => (value: number) => verificationName(value) ?? String(value),
  },
];
