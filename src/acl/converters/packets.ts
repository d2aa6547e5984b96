/** Fields of Ethernet, IP and TCP headers in a captured SYN packet (manual, section 7.3.1; RFC 791, 8200, 9293). */
import { IpAddress } from '../../base/ip-address.ts';
import type { ConverterRow } from '../row.ts';

const byte = (bytes: string, at: number): number => bytes.charCodeAt(at);
const word = (bytes: string, at: number): number => (byte(bytes, at) << 8) | byte(bytes, at + 1);
const long = (bytes: string, at: number): number => ((word(bytes, at) << 16) | word(bytes, at + 2)) >>> 0;

const VLAN_TAG = 0x8100;

/** Where the type behind all VLAN tags stands; undefined when the header is cut. */
function etherType(bytes: string): number | undefined {
  for (let at = 12; at + 2 < bytes.length; at += 4) if (word(bytes, at) !== VLAN_TAG) return at;
  return undefined;
}

function lastVlan(bytes: string): number | undefined {
  const at = etherType(bytes);
  const vlan = at === undefined || at === 12 ? 0 : word(bytes, at - 2) & 0xfff;
  return vlan === 0 ? undefined : vlan;
}

const ipVersion = (bytes: string): number => (bytes === '' ? 0 : byte(bytes, 0) >> 4);

const TCP = 6;
const UDP = 17;

interface IpHeader {
  readonly length: number;
  readonly protocol: number;
}

/** Extension headers of IPv6 included. */
function ipHeader(bytes: string): IpHeader | undefined {
  const version = ipVersion(bytes);
  if (version === 4) {
    const length = (byte(bytes, 0) & 15) * 4;
    return bytes.length < Math.max(length, 10) ? undefined : { length, protocol: byte(bytes, 9) };
  }
  if (version !== 6 || bytes.length < 40) return undefined;
  let length = 40;
  let protocol = byte(bytes, 6);
  while (protocol !== TCP && protocol !== UDP) {
    if (bytes.length < length + 2) return undefined;
    protocol = byte(bytes, length);
    length += byte(bytes, length + 1) * 8 + 8;
  }
  return bytes.length < length ? undefined : { length, protocol };
}

function ipAddress(bytes: string, at4: number, at6: number): IpAddress | undefined {
  const version = ipVersion(bytes);
  if (version === 4 && bytes.length >= 20) return IpAddress.v4(long(bytes, at4));
  if (version !== 6 || bytes.length < 40) return undefined;
  return new IpAddress(
    6,
    long(bytes, at6),
    long(bytes, at6 + 4),
    long(bytes, at6 + 8),
    long(bytes, at6 + 12),
  );
}

/** A field that stands elsewhere in the two versions. */
function byVersion(
  bytes: string,
  least: number,
  v4: (bytes: string) => number,
  v6: (bytes: string) => number,
): number | undefined {
  const version = ipVersion(bytes);
  if (bytes.length < least || (version !== 4 && version !== 6)) return undefined;
  return version === 4 ? v4(bytes) : v6(bytes);
}

function tcpHeaderLength(bytes: string): number | undefined {
  if (bytes.length < 20) return undefined;
  const length = (byte(bytes, 12) >> 4) * 4;
  return length < 20 || bytes.length < length ? undefined : length;
}

interface TcpOption {
  readonly kind: number;
  readonly at: number;
}

/** Kinds and places of the options; undefined when the header is cut. */
function tcpOptions(bytes: string): TcpOption[] | undefined {
  const length = tcpHeaderLength(bytes);
  if (length === undefined) return undefined;
  const options: TcpOption[] = [];
  let at = 20;
  while (at < length && byte(bytes, at) !== 0) {
    const kind = byte(bytes, at);
    options.push({ kind, at });
    if (kind === 1) at++;
    else if (at + 1 < length && byte(bytes, at + 1) > 1) at += byte(bytes, at + 1);
    else break;
  }
  return options;
}

/** A value within an option, 0 without the option. */
function tcpOption(kind: number, read: (bytes: string, at: number) => number) {
  return (bytes: string): number | undefined => {
    const options = tcpOptions(bytes);
    if (options === undefined) return undefined;
    const option = options.find(candidate => candidate.kind === kind);
    return option === undefined ? 0 : read(bytes, option.at);
  };
}

function tcpField(read: (bytes: string) => number) {
  return (bytes: string): number | undefined => (bytes.length < 20 ? undefined : read(bytes));
}

function row(
  name: string,
  out: 'bin' | 'int' | 'addr',
  summary: string,
  apply: (bytes: string) => string | number | IpAddress | undefined,
): ConverterRow {
  return { name, in: 'bin', out, summary, compile: () => (bytes: string) => apply(bytes) };
}

function sliceAt(bytes: string, at: number | undefined, part: 'head' | 'tail'): string | undefined {
  if (at === undefined) return undefined;
  return part === 'head' ? bytes.slice(0, at) : bytes.slice(at);
}

const behindType = (bytes: string): number | undefined => {
  const at = etherType(bytes);
  return at === undefined ? undefined : at + 2;
};

export const PACKET_CONVERTERS: readonly ConverterRow[] = [
  row('eth.data', 'bin', 'what follows the Ethernet header', bytes =>
    sliceAt(bytes, behindType(bytes), 'tail'),
  ),
  row('eth.hdr', 'bin', 'Ethernet header', bytes => sliceAt(bytes, behindType(bytes), 'head')),
  row('eth.dst', 'bin', 'Ethernet destination', bytes => (bytes.length < 6 ? undefined : bytes.slice(0, 6))),
  row('eth.src', 'bin', 'Ethernet source', bytes => (bytes.length < 12 ? undefined : bytes.slice(6, 12))),
  row('eth.proto', 'int', 'Ethernet type', bytes => {
    const at = etherType(bytes);
    return at === undefined ? undefined : word(bytes, at);
  }),
  row('eth.vlan', 'int', 'last VLAN', lastVlan),
  row('ip.data', 'bin', 'what follows the IP header', bytes =>
    sliceAt(bytes, ipHeader(bytes)?.length, 'tail'),
  ),
  row('ip.hdr', 'bin', 'IP header', bytes => sliceAt(bytes, ipHeader(bytes)?.length, 'head')),
  row('ip.proto', 'int', 'IP protocol', bytes => ipHeader(bytes)?.protocol),
  row('ip.src', 'addr', 'IP source', bytes => ipAddress(bytes, 12, 8)),
  row('ip.dst', 'addr', 'IP destination', bytes => ipAddress(bytes, 16, 24)),
  row('ip.df', 'int', 'not to be fragmented', bytes =>
    byVersion(
      bytes,
      7,
      all => (byte(all, 6) >> 6) & 1,
      () => 1,
    ),
  ),
  row('ip.tos', 'int', 'type of service', bytes =>
    byVersion(
      bytes,
      2,
      all => byte(all, 1),
      all => (word(all, 0) >> 4) & 255,
    ),
  ),
  row('ip.ttl', 'int', 'time to live', bytes =>
    byVersion(
      bytes,
      20,
      all => byte(all, 8),
      all => byte(all, 7),
    ),
  ),
  row('ip.ver', 'int', 'IP version', bytes => (bytes === '' ? undefined : ipVersion(bytes))),
  {
    name: 'ip.fp',
    args: ['mode:int?'],
    in: 'bin',
    out: 'bin',
    summary: 'fingerprint of a SYN packet',
    missing: 'saved SYN packets',
  },
  row(
    'tcp.src',
    'int',
    'TCP source port',
    tcpField(bytes => word(bytes, 0)),
  ),
  row(
    'tcp.dst',
    'int',
    'TCP destination port',
    tcpField(bytes => word(bytes, 2)),
  ),
  row(
    'tcp.seq',
    'int',
    'TCP sequence number',
    tcpField(bytes => long(bytes, 4)),
  ),
  row(
    'tcp.flags',
    'int',
    'TCP flags',
    tcpField(bytes => byte(bytes, 13)),
  ),
  row(
    'tcp.win',
    'int',
    'TCP window',
    tcpField(bytes => word(bytes, 14)),
  ),
  row(
    'tcp.options.mss',
    'int',
    'TCP maximum segment size, 0 without',
    tcpOption(2, (bytes, at) => word(bytes, at + 2)),
  ),
  row(
    'tcp.options.wscale',
    'int',
    'TCP window scale, 0 without',
    tcpOption(3, (bytes, at) => byte(bytes, at + 2)),
  ),
  row(
    'tcp.options.wsopt',
    'int',
    'TCP window scale is offered',
    tcpOption(3, () => 1),
  ),
  row(
    'tcp.options.sack',
    'int',
    'TCP selective acknowledgement is offered',
    tcpOption(4, () => 1),
  ),
  row(
    'tcp.options.tsopt',
    'int',
    'TCP timestamps are offered',
    tcpOption(8, () => 1),
  ),
  row(
    'tcp.options.tsval',
    'int',
    'TCP timestamp, 0 without',
    tcpOption(8, (bytes, at) => long(bytes, at + 2)),
  ),
  row('tcp.options_list', 'bin', 'kinds of the TCP options in order', bytes =>
    tcpOptions(bytes)
      ?.map(({ kind }) => String.fromCharCode(kind))
      .join(''),
  ),
];
