/** Server options about connections to it: pools, source, PROXY protocol, addresses (manual, section 5.2). */
import { isIP } from 'node:net';
import { parseNetwork } from '../../base/cidr.ts';
import { oneOf, readInteger, readSize, readTime } from './argument.ts';
import { readAddress } from './address-argument.ts';
import { readSource } from './proxy-source.ts';
import { forgetOption, keepOption, type ServerOption, type ServerOptionLine } from './server-option.ts';
import { setOtherOption } from './server-draft.ts';

const PROXY_V2_OPTIONS: ReadonlySet<string> = new Set([
  'ssl',
  'cert-cn',
  'ssl-cipher',
  'cert-sig',
  'cert-key',
  'authority',
  'crc32c',
  'unique-id',
]);

function parseProxyV2Options({ server, option, values, context }: ServerOptionLine): void {
  for (const name of values[0]?.text.split(',') ?? []) {
    if (!PROXY_V2_OPTIONS.has(name)) {
      context.alert(values[0] ?? option, `'${name}' : proxy v2 option not implemented`);
      return;
    }
    server.sendProxyOptions = new Set(server.sendProxyOptions).add(name);
  }
}

const RESOLVE_OPTIONS: ReadonlySet<string> = new Set(['allow-dup-ip', 'ignore-weight', 'prevent-dup-ip']);

/** Kept behind what `default-server` lists when each part is known; `wrong` is said of one that is not. */
function parseList(
  { server, option, values, context }: ServerOptionLine,
  isKnown: (part: string) => boolean,
  wrong: string,
): void {
  const list = values[0]?.text ?? '';
  const unknown = list.split(',').find(part => !isKnown(part));
  if (unknown !== undefined) {
    context.alert(values[0] ?? option, `'${option.text}' : ${wrong} '${unknown}'.`);
    return;
  }
  const before = server.otherOptions.get(option.text) ?? [];
  setOtherOption(server, option.text, [[...before, list].join(',')]);
}

function parseInitAddr({ server, option, values, context }: ServerOptionLine): void {
  const methods = values[0]?.text.split(',') ?? [];
  for (const method of methods) {
    if (['last', 'libc', 'none'].includes(method) || isIP(method) !== 0) continue;
    const known = `supported methods are 'libc', 'last', 'none'.`;
    context.alert(values[0] ?? option, `'${option.text}' : unknown init-addr method '${method}', ${known}`);
    return;
  }
  server.initAddr = methods;
}

function parseSource({ server, rest, option, context }: ServerOptionLine): number {
  const { source, taken } = readSource(option, rest, context, { portRange: true });
  if (source !== undefined) server.source = source;
  return taken;
}

/** `set-proxy-v2-tlv-fmt(<id>) <fmt>`, once for each id; without a format the TLV is empty. */
function parseTlv({ server, rest, option, context }: ServerOptionLine): number {
  const id = Number(/\((.+)\)$/.exec(option.text)?.[1]);
  if (Number.isInteger(id) && id >= 0 && id <= 255)
    server.sendProxyTlvs = [...server.sendProxyTlvs, { type: id, format: rest[0] }];
  else context.alert(option, `'${option.text}' : the TLV ID has to be between 0 and 255.`);
  return Math.min(rest.length, 1);
}

function sendProxyV2Tls(option: string, value: boolean): ServerOption['parse'] {
  return ({ server }) => {
    server.sendProxyV2 = value;
    const options = new Set(server.sendProxyOptions);
    if (value) options.add(option);
    else options.delete(option);
    server.sendProxyOptions = options;
  };
}

const POOL: readonly ServerOption[] = [
  {
    name: 'pool-max-conn',
    args: '<max>',
    words: 1,
    summary: 'most idle connections kept, -1 for no limit',
    parse: ({ server, option, values, context }) => {
      const value = readInteger(values[0], option.text, context, { min: -1, leading: true });
      if (value !== undefined) server.poolMaxConn = value;
    },
  },
  {
    name: 'pool-low-conn',
    args: '<max>',
    words: 1,
    summary: 'idle connections below which other threads may not take one',
    parse: ({ server, option, values, context }) => {
      const value = readInteger(values[0], option.text, context, { min: 0, leading: true });
      if (value !== undefined) server.poolLowConn = value;
    },
  },
  {
    name: 'pool-purge-delay',
    args: '<delay>',
    words: 1,
    summary: 'interval at which half of the idle connections go',
    parse: ({ server, option, values, context }) => {
      const value = readTime(values[0], option.text, context);
      if (value !== undefined) server.poolPurgeDelayMs = value;
    },
  },
  {
    name: 'pool-conn-name',
    args: '<expr>',
    words: 1,
    summary: 'name of the connections that a request may use',
    parse: ({ server, values }) => void (server.poolConnName = values[0]),
  },
  {
    name: 'idle-ping',
    args: '<delay>',
    words: 1,
    summary: 'pings idle HTTP/2 connections',
    parse: ({ server, option, values, context }) => {
      const value = readTime(values[0], option.text, context);
      if (value !== undefined) setOtherOption(server, option.text, [String(value)]);
    },
  },
];

const ADDRESSES: readonly ServerOption[] = [
  {
    name: 'source',
    args: '<addr>[:<pl>[-<ph>]] [usesrc { <addr2>[:<port2>] | client | clientip | hdr_ip(<hdr>[,<occ>]) }] [interface <name>]',
    words: -1,
    summary: 'source address of connections',
    parse: parseSource,
  },
  {
    name: 'usesrc',
    args: '{ <addr2>[:<port2>] | client | clientip | hdr_ip(<hdr>[,<occ>]) }',
    words: 1,
    summary: 'part of source',
    parse: ({ option, context }) =>
      context.alert(option, `'${option.text}' only allowed after a 'source' statement.`),
  },
  {
    name: 'init-addr',
    args: '{last | libc | none | <ip>},[...]*',
    words: 1,
    summary: 'how the name is resolved at start',
    parse: parseInitAddr,
  },
  {
    name: 'resolvers',
    args: '<id>',
    words: 1,
    summary: 'resolvers section that follows the name',
    parse: ({ server, option, values, context }) => {
      server.resolvers = values[0]?.text;
      context.notSupportedYet(option, `server ${option.text}`);
    },
  },
  {
    name: 'resolve-prefer',
    args: '<family>',
    words: 1,
    summary: 'address family preferred',
    parse: ({ server, option, values, context }) => {
      const family = oneOf(values[0], option.text, ['ipv4', 'ipv6'] as const, context);
      if (family !== undefined) setOtherOption(server, option.text, [family]);
    },
  },
  {
    name: 'resolve-net',
    args: '<network>[,<network[,...]]',
    words: 1,
    summary: 'networks preferred',
    parse: line => parseList(line, text => parseNetwork(text) !== undefined, 'invalid network'),
  },
  {
    name: 'resolve-opts',
    args: '<option>,<option>,...',
    words: 1,
    summary: 'details of resolution',
    parse: line => parseList(line, text => RESOLVE_OPTIONS.has(text), 'unknown resolve-opts option'),
  },
  {
    name: 'socks4',
    args: '<addr>:<port>',
    words: 1,
    summary: 'connects through a SOCKS4 proxy',
    parse: ({ server, option, values, context }) => {
      const address = readAddress(values[0], option.text, context, { port: 'required' });
      if (address === undefined || address.kind === 'ip') server.socks4 = address;
      else context.alert(values[0] ?? option, `'${option.text}' : expects an IP address and a port.`);
    },
  },
  {
    name: 'namespace',
    args: '<name>',
    words: 1,
    summary: "network namespace of connections; '*': the client's",
    parse: ({ server, values }) => void (server.namespace = values[0]?.text),
  },
];

const PROTOCOL: readonly ServerOption[] = [
  {
    name: 'send-proxy',
    args: '',
    words: 0,
    summary: 'sends a PROXY header, version 1',
    parse: ({ server }) => void (server.sendProxyV1 = true),
  },
  {
    name: 'no-send-proxy',
    args: '',
    words: 0,
    summary: 'cancels an inherited send-proxy',
    parse: ({ server }) => void (server.sendProxyV1 = false),
  },
  {
    name: 'send-proxy-v2',
    args: '',
    words: 0,
    summary: 'sends a PROXY header, version 2',
    parse: ({ server }) => void (server.sendProxyV2 = true),
  },
  {
    name: 'no-send-proxy-v2',
    args: '',
    words: 0,
    summary: 'cancels an inherited send-proxy-v2',
    parse: ({ server }) => void (server.sendProxyV2 = false),
  },
  {
    name: 'send-proxy-v2-ssl',
    args: '',
    words: 0,
    summary: 'version 2 with what is known of TLS',
    parse: sendProxyV2Tls('ssl', true),
  },
  {
    name: 'no-send-proxy-v2-ssl',
    args: '',
    words: 0,
    summary: 'cancels an inherited send-proxy-v2-ssl',
    parse: sendProxyV2Tls('ssl', false),
  },
  {
    name: 'send-proxy-v2-ssl-cn',
    args: '',
    words: 0,
    summary: 'version 2 with TLS and the common name',
    parse: sendProxyV2Tls('cert-cn', true),
  },
  {
    name: 'no-send-proxy-v2-ssl-cn',
    args: '',
    words: 0,
    summary: 'cancels an inherited send-proxy-v2-ssl-cn',
    parse: sendProxyV2Tls('cert-cn', false),
  },
  {
    name: 'proxy-v2-options',
    args: '<option>[,<option>]*',
    words: 1,
    summary: 'what a version 2 header carries',
    parse: parseProxyV2Options,
  },
  {
    name: 'set-proxy-v2-tlv-fmt',
    args: '(<id>) <fmt>',
    words: -1,
    parenthesised: true,
    summary: 'adds a TLV to a version 2 header',
    parse: parseTlv,
  },
  {
    name: 'proto',
    args: '<name>',
    words: 1,
    summary: 'protocol spoken without negotiation',
    parse: ({ server, option, values, context }) => {
      const name = oneOf(
        values[0],
        option.text,
        ['h1', 'h2', 'none', 'fcgi', 'spop', 'qmux'] as const,
        context,
      );
      if (name === undefined) return;
      server.proto = name;
      if (name !== 'h1' && name !== 'h2' && name !== 'none')
        context.notSupportedYet(values[0] ?? option, `server proto ${name}`);
    },
  },
  {
    name: 'ws',
    args: '{ auto | h1 | h2 }',
    words: 1,
    summary: 'protocol of WebSocket requests',
    parse: ({ server, option, values, context }) => {
      const ws = oneOf(values[0], option.text, ['auto', 'h1', 'h2'] as const, context);
      if (ws !== undefined) server.ws = ws;
    },
  },
  {
    name: 'log-proto',
    args: '{ legacy | octet-count }',
    words: 1,
    summary: 'framing of log messages',
    parse: ({ server, option, values, context }) => {
      const framing = oneOf(values[0], option.text, ['legacy', 'octet-count'] as const, context);
      if (framing !== undefined) setOtherOption(server, option.text, [framing]);
    },
  },
  {
    name: 'log-bufsize',
    args: '<bufsize>',
    words: 1,
    summary: 'buffer of a log server',
    parse: ({ server, option, values, context }) => {
      const size = readSize(values[0], option.text, context);
      if (size !== undefined) setOtherOption(server, option.text, [String(size)]);
    },
  },
  { name: 'shard', args: '<shard>', ...keepOption(1), summary: 'share of the peers table' },
  {
    name: 'tcp-ut',
    args: '<delay>',
    words: 1,
    summary: 'TCP user timeout',
    parse: ({ server, option, values, context }) => {
      const value = readTime(values[0], option.text, context);
      if (value !== undefined) server.tcpUserTimeoutMs = value;
    },
  },
  { name: 'tfo', args: '', ...keepOption(0), summary: 'TCP fast open' },
  { name: 'no-tfo', args: '', ...forgetOption('tfo'), summary: 'cancels an inherited tfo' },
  { name: 'cc', args: '<algo>', ...keepOption(1), summary: 'TCP congestion control' },
  {
    name: 'tcp-md5sig',
    args: '<password>',
    words: 1,
    summary: 'TCP MD5 signature',
    parse: ({ server, values }) => void (server.md5Signature = values[0]?.text),
  },
];

export const CONNECTION_OPTIONS: readonly ServerOption[] = [...POOL, ...ADDRESSES, ...PROTOCOL];
