/** Fields of Ethernet, IP and TCP headers in a captured SYN packet (manual, section 7.3.1; RFC 791, 8200, 9293). */
import { IpAddress } from '../../base/ip-address.ts';
import type { ConverterRow } from '../row.ts';
import { fingerprint } from './fingerprint.ts';
import { byteAt, ipHeader, ipVersion, longAt, tcpOptions, wordAt } from './packet-fields.ts';

const VLAN_TAG = 0x8100;

/** Where the type behind all VLAN tags stands; undefined when the header is cut. */
function etherType(bytes: string): number | undefined {
  for (let at = 12; at + 2 < bytes.length; at += 4) if (wordAt(bytes, at) !== VLAN_TAG) return at;
  return undefined;
}

function lastVlan(bytes: string): number | undefined {
  const at = etherType(bytes);
  const vlan = at === undefined || at === 12 ? 0 : wordAt(bytes, at - 2) & 0xfff;
  return vlan === 0 ? undefined : vlan;
}

function ipAddress(bytes: string, at4: number, at6: number): IpAddress | undefined {
  const version = ipVersion(bytes);
  if (version === 4 && bytes.length >= 20) return IpAddress.v4(longAt(bytes, at4));
  if (version !== 6 || bytes.length < 40) return undefined;
  return new IpAddress(
    6,
    longAt(bytes, at6),
    longAt(bytes, at6 + 4),
    longAt(bytes, at6 + 8),
    longAt(bytes, at6 + 12),
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
    return at === undefined ? undefined : wordAt(bytes, at);
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
      all => (byteAt(all, 6) >> 6) & 1,
      () => 1,
    ),
  ),
  row('ip.tos', 'int', 'type of service', bytes =>
    byVersion(
      bytes,
      2,
      all => byteAt(all, 1),
      all => (wordAt(all, 0) >> 4) & 255,
    ),
  ),
  row('ip.ttl', 'int', 'time to live', bytes =>
    byVersion(
      bytes,
      20,
      all => byteAt(all, 8),
      all => byteAt(all, 7),
    ),
  ),
  row('ip.ver', 'int', 'IP version', bytes => (bytes === '' ? undefined : ipVersion(bytes))),
  {
    name: 'ip.fp',
    args: ['mode:int?'],
    in: 'bin',
    out: 'bin',
    summary: 'fingerprint of a SYN packet',
    compile: args => {
      const mode = Number(args[0]?.int ?? 0);
      return (packet: string) => fingerprint(packet, mode);
    },
  },
  row(
    'tcp.src',
    'int',
    'TCP source port',
    tcpField(bytes => wordAt(bytes, 0)),
  ),
  row(
    'tcp.dst',
    'int',
    'TCP destination port',
    tcpField(bytes => wordAt(bytes, 2)),
  ),
  row(
    'tcp.seq',
    'int',
    'TCP sequence number',
    tcpField(bytes => longAt(bytes, 4)),
  ),
  row(
    'tcp.flags',
    'int',
    'TCP flags',
    tcpField(bytes => byteAt(bytes, 13)),
  ),
  row(
    'tcp.win',
    'int',
    'TCP window',
    tcpField(bytes => wordAt(bytes, 14)),
  ),
  row(
    'tcp.options.mss',
    'int',
    'TCP maximum segment size, 0 without',
    tcpOption(2, (bytes, at) => wordAt(bytes, at + 2)),
  ),
  row(
    'tcp.options.wscale',
    'int',
    'TCP window scale, 0 without',
    tcpOption(3, (bytes, at) => byteAt(bytes, at + 2)),
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
    tcpOption(8, (bytes, at) => longAt(bytes, at + 2)),
  ),
  row('tcp.options_list', 'bin', 'kinds of the TCP options in order', bytes =>
    tcpOptions(bytes)
      ?.map(({ kind }) => String.fromCharCode(kind))
      .join(''),
  ),
];
