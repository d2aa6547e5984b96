/**
 * Socket addresses in all forms of the manual's section 2.9: `:80`, `*:80`, `1.2.3.4:80-90`, `[::1]:80`, `::1:80`,
 * `/path`, `unix@path`, `abns@name`, `fd@N`, `udp4@1.2.3.4:53`, `name:+100`. Used by every keyword with an address.
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { Address } from '../model/address.ts';
import { expandEnvironment } from './environment.ts';
import type { Lookup } from './environment.ts';
import { parsed, refused } from './parsed.ts';
import type { Parsed } from './parsed.ts';
import { fullIPv4 } from './short-ipv4.ts';

/** A name of SRV records (RFC 2782): they give host and port, and the system does not resolve it. */
export function isSrvName(host: string): boolean {
  return host.startsWith('_');
}

export interface AddressRules {
  readonly port: 'forbidden' | 'optional' | 'required';
  /** `:8801-8810` may be written. */
  readonly portRange?: boolean;
  /** `:+100` and `:-100` may be written. */
  readonly portOffset?: boolean;
  /** What an address without a prefix means; `accepts` lists what may be asked for. Both default to stream. */
  readonly transport?: 'stream' | 'datagram';
  readonly accepts?: readonly ('stream' | 'datagram')[];
  /** Host names are kept for resolution at start unless this is false. */
  readonly names?: boolean;
  /** `fd@N` may be written (default yes). */
  readonly fd?: boolean;
  /** `rhttp@` may be written: with the server that is connected to, or alone for a server that connects by itself. */
  readonly reverse?: 'of a server' | 'alone';
  /** Reads `$VAR` inside the address. */
  readonly environment?: Lookup;
}

export interface ParsedAddress {
  /** With the first port of a range; 0 when none was written or an offset stands there. */
  readonly address: Address;
  /** The words as the user wrote them. */
  readonly written: string;
  readonly portLow: number;
  readonly portHigh: number;
  readonly hasPort: boolean;
  /** `+N` or `-N`. */
  readonly portOffset?: number;
  readonly transport: 'stream' | 'datagram';
  /** Datagrams below a stream. */
  readonly quic: boolean;
  readonly mptcp: boolean;
}

type Family = 'any' | 'ipv4' | 'ipv6' | 'unix' | 'abns' | 'abnsz' | 'fd' | 'sockpair' | 'rhttp';

interface Prefix {
  readonly family: Family;
  readonly transport?: 'stream' | 'datagram';
  readonly quic?: boolean;
  readonly mptcp?: boolean;
}

const PREFIXES: Readonly<Record<string, Prefix>> = {
  unix: { family: 'unix' },
  uxdg: { family: 'unix', transport: 'datagram' },
  uxst: { family: 'unix', transport: 'stream' },
  abns: { family: 'abns' },
  abnsz: { family: 'abnsz' },
  ip: { family: 'any' },
  ipv4: { family: 'ipv4' },
  ipv6: { family: 'ipv6' },
  tcp: { family: 'any', transport: 'stream' },
  tcp4: { family: 'ipv4', transport: 'stream' },
  tcp6: { family: 'ipv6', transport: 'stream' },
  mptcp: { family: 'any', transport: 'stream', mptcp: true },
  mptcp4: { family: 'ipv4', transport: 'stream', mptcp: true },
  mptcp6: { family: 'ipv6', transport: 'stream', mptcp: true },
  udp: { family: 'any', transport: 'datagram' },
  udp4: { family: 'ipv4', transport: 'datagram' },
  udp6: { family: 'ipv6', transport: 'datagram' },
  quic4: { family: 'ipv4', transport: 'stream', quic: true },
  quic6: { family: 'ipv6', transport: 'stream', quic: true },
  fd: { family: 'fd' },
  sockpair: { family: 'sockpair' },
  rhttp: { family: 'rhttp' },
};

/** sun_path without its final zero, and without `.<pid>.tmp` for paths that are renamed into place. */
const MAX_UNIX_PATH = 97;
const MAX_ABSTRACT_NAME = 107;

interface Cut extends Prefix {
  readonly rest: string;
}

function cutPrefix(text: string): Cut {
  const socketType = /^(stream|dgram|quic)\+/.exec(text);
  const forced: Partial<Cut> =
    socketType === null
      ? {}
      : socketType[1] === 'quic'
        ? { transport: 'stream', quic: true }
        : { transport: socketType[1] === 'dgram' ? 'datagram' : 'stream' };
  const rest = socketType === null ? text : text.slice(socketType[0].length);
  const match = /^([a-z]+[46]?)@/.exec(rest);
  const name = match?.[1] ?? '';
  const prefix = Object.hasOwn(PREFIXES, name) ? PREFIXES[name] : undefined;
  if (match !== null && prefix !== undefined)
    return { ...forced, ...prefix, rest: rest.slice(match[0].length) };
  return { ...forced, family: rest.startsWith('/') ? 'unix' : 'any', rest };
}

interface Ports {
  readonly low: number;
  readonly high: number;
  readonly hasPort: boolean;
  readonly offset?: number;
}

const NO_PORT: Ports = { low: 0, high: 0, hasPort: false };

function checkPort(text: string, rules: AddressRules, whole: string): Parsed<number> {
  const bad = /[^0-9]/.exec(text);
  if (bad !== null) return refused(`invalid character '${bad[0]}' in port number '${text}' in '${whole}'`);
  const port = Number(text);
  const least = rules.port === 'required' ? 1 : 0;
  return text === '' || port < least || port > 65535 ? refused(`invalid port '${text}'`) : parsed(port);
}

function parsePortRange(text: string, rules: AddressRules, whole: string): Parsed<Ports> {
  const dash = text.indexOf('-');
  if (dash > 0 && rules.portRange !== true) return refused(`port range not permitted here in '${whole}'`);
  const low = checkPort(dash < 0 ? text : text.slice(0, dash), rules, whole);
  if (low.error !== undefined) return refused(low.error);
  const high = dash < 0 ? low : checkPort(text.slice(dash + 1), rules, whole);
  if (high.error !== undefined) return refused(high.error);
  if (low.value > high.value) return refused(`invalid port range '${low.value}-${high.value}'`);
  return parsed({ low: low.value, high: high.value, hasPort: true });
}

function parsePortOffset(text: string, rules: AddressRules, whole: string): Parsed<Ports> {
  if (rules.portOffset !== true) return refused(`port offset not permitted here in '${whole}'`);
  const number = checkPort(text.slice(1), { port: 'optional' }, whole);
  if (number.error !== undefined) return refused(number.error);
  return parsed({
    low: 0,
    high: 0,
    hasPort: false,
    offset: text.startsWith('-') ? -number.value : number.value,
  });
}

function parsePorts(text: string | undefined, rules: AddressRules, whole: string): Parsed<Ports> {
  if (text === undefined || text === '') {
    return rules.port === 'required' ? refused(`missing port specification in '${whole}'`) : parsed(NO_PORT);
  }
  if (text.startsWith('+') || text.startsWith('-')) return parsePortOffset(text, rules, whole);
  if (!/^[0-9]/.test(text))
    return refused(`invalid character '${text.charAt(0)}' in port number '${text}' in '${whole}'`);
  return parsePortRange(text, rules, whole);
}

/** Where the port starts: after the last colon, unless a `]` stands behind it. */
function cutPort(text: string): { readonly host: string; readonly port?: string } {
  const colon = text.lastIndexOf(':');
  if (colon < 0 || text.lastIndexOf(']') > colon) return { host: text };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function familyNumber(family: Family): 0 | 4 | 6 {
  if (family === 'ipv4') return 4;
  return family === 'ipv6' ? 6 : 0;
}

const HOST_NAME = /^(?=.*[A-Za-z_])[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/;

function parseHost(host: string, family: Family, port: number, names: boolean): Address | undefined {
  const wanted = familyNumber(family);
  const bare = /^\[.+\]$/.test(host) ? host.slice(1, -1) : host;
  if (host === '' || host === '*')
    return wanted === 6
      ? { kind: 'ip', family: 6, host: '::', port }
      : { kind: 'ip', family: 4, host: '0.0.0.0', port };
  const isV6 = bare.includes(':') && isIPv6(bare);
  if (wanted !== 4 && isV6) return { kind: 'ip', family: 6, host: bare, port };
  if (wanted !== 6 && !isV6 && isIPv4(bare)) return { kind: 'ip', family: 4, host: bare, port };
  const full = wanted !== 6 ? fullIPv4(host) : undefined;
  if (full !== undefined) return { kind: 'ip', family: 4, host: full, port };
  if (names && HOST_NAME.test(host)) return { kind: 'name', host, port, family: wanted };
  return undefined;
}

function parseIp(cut: Cut, rules: AddressRules, text: string): Parsed<readonly [Address, Ports]> {
  const { host, port } = cutPort(cut.rest);
  if (port !== undefined && rules.port === 'forbidden')
    return refused(`port specification not permitted here in '${text}'`);
  const ports = parsePorts(port, rules, text);
  if (ports.error !== undefined) return refused(ports.error);
  const address = parseHost(host, cut.family, ports.value.low, rules.names !== false);
  if (address === undefined) return refused(`invalid address: '${host}' in '${text}'`);
  return parsed([address, ports.value]);
}

function parseUnix(path: string, text: string): Parsed<Address> {
  if (path.length > MAX_UNIX_PATH) return refused(`socket path '${text}' too long (max ${MAX_UNIX_PATH})`);
  return path === '' ? refused(`missing socket path in '${text}'`) : parsed({ kind: 'unix', path });
}

function parseAbstract(name: string, zeroTerminated: boolean, text: string): Parsed<Address> {
  if (name.length > MAX_ABSTRACT_NAME)
    return refused(`socket path '${text}' too long (max ${MAX_ABSTRACT_NAME})`);
  return parsed(zeroTerminated ? { kind: 'abstract', name, zeroTerminated } : { kind: 'abstract', name });
}

function parseDescriptor(
  kind: 'fd' | 'sockpair',
  number: string,
  rules: AddressRules,
  text: string,
): Parsed<Address> {
  if (!/^\d{1,9}$/.test(number))
    return refused(`file descriptor '${number}' is not a valid integer in '${text}'`);
  if (rules.fd === false) return refused(`a file descriptor is not acceptable here in '${text}'`);
  return parsed({ kind, fd: Number(number) });
}

function parseReverse(target: string, { reverse }: AddressRules, text: string): Parsed<Address> {
  if (reverse === undefined) return refused(`reverse HTTP is not possible here in '${text}'`);
  if (reverse === 'alone')
    return target === ''
      ? parsed({ kind: 'reverse', backend: '', server: '' })
      : refused(`nothing may follow 'rhttp@' in '${text}': whoever connects becomes the server`);
  const [, backend, server] = /^([^/]+)\/([^/]+)$/.exec(target) ?? [];
  if (backend === undefined || server === undefined)
    return refused(`'rhttp@<backend>/<server>' expected in place of '${text}'`);
  return parsed({ kind: 'reverse', backend, server });
}

function parseByFamily(cut: Cut, rules: AddressRules, text: string): Parsed<readonly [Address, Ports]> {
  let address: Parsed<Address>;
  switch (cut.family) {
    case 'unix':
      address = parseUnix(cut.rest, text);
      break;
    case 'abns':
    case 'abnsz':
      address = parseAbstract(cut.rest, cut.family === 'abnsz', text);
      break;
    case 'fd':
    case 'sockpair':
      address = parseDescriptor(cut.family, cut.rest, rules, text);
      break;
    case 'rhttp':
      address = parseReverse(cut.rest, rules, text);
      break;
    case 'any':
    case 'ipv4':
    case 'ipv6':
      return parseIp(cut, rules, text);
  }
  return address.error === undefined ? parsed([address.value, NO_PORT]) : refused(address.error);
}

/** One address. The error is worded without the keyword it belongs to. */
export function parseAddress(written: string, rules: AddressRules): Parsed<ParsedAddress> {
  const text = rules.environment === undefined ? written : expandEnvironment(written, rules.environment);
  if (text === '')
    return refused(`'${written}' resolves to an empty address (environment variable missing?)`);
  const cut = cutPrefix(text);
  const result = parseByFamily(cut, rules, text);
  if (result.error !== undefined) return refused(result.error);
  const [address, ports] = result.value;
  const transport = cut.transport ?? rules.transport ?? 'stream';
  if (!(rules.accepts ?? ['stream']).includes(transport))
    return refused(`${transport === 'stream' ? 'stream' : 'dgram'}-type address not acceptable in '${text}'`);
  return parsed({
    address,
    written,
    portLow: ports.low,
    portHigh: ports.high,
    hasPort: ports.hasPort,
    ...(ports.offset === undefined ? {} : { portOffset: ports.offset }),
    transport,
    quic: cut.quic === true,
    mptcp: cut.mptcp === true,
  });
}

/** `bind`'s comma-separated list; every item keeps its own range. */
export function parseAddressList(written: string, rules: AddressRules): Parsed<readonly ParsedAddress[]> {
  const list: ParsedAddress[] = [];
  for (const item of written.split(',')) {
    const one = parseAddress(item, rules);
    if (one.error !== undefined) return refused(one.error);
    list.push(one.value);
  }
  return parsed(list);
}

/** One address a port for a parsed range. */
export function expandPorts(one: ParsedAddress): readonly Address[] {
  const { address, portLow, portHigh } = one;
  if ((address.kind !== 'ip' && address.kind !== 'name') || portHigh <= portLow) return [address];
  return Array.from({ length: portHigh - portLow + 1 }, (_, index) => ({
    ...address,
    port: portLow + index,
  }));
}
