/**
 * Keyword rows of `resolvers` sections (manual, section 5.3.2). Lines are kept as written; nameservers that are asked over
 * streams are read as servers, too.
 */
import type { Position } from '../../model/diagnostic.ts';
import type { Word } from '../../model/word.ts';
import { integer, leadingInteger, nothing, text, time } from '../argument-shape.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import type { ParsedAddress } from '../address.ts';
import { readParsedAddress } from './address-argument.ts';
import { badNameCharacter, withPrefix } from './argument.ts';
import { rowsOf, uniqueName, type LineCheck, type OtherDraft } from './other-rows.ts';
import { createProxyDraft } from './proxy-draft.ts';
import { createServerDraft, type ServerDraft } from './server-draft.ts';
import { readServerOptions, setAddress } from './server-line.ts';
import { warnOfOption } from './server-params.ts';

export interface ResolversDraft extends OtherDraft {
  readonly name: string;
  readonly position: Position;
  /** Those behind `tcp@`. */
  readonly servers: ServerDraft[];
}

export function createResolversDraft(name: string, position: Position): ResolversDraft {
  return { name, position, lines: [], names: new Map(), servers: [] };
}

/** What concerns connections; which of it has no effect on some is told when all is read (unheeded-options.ts). */
const HEEDED = new Set(
  `allow-0rtt alpn ca-file cc ciphers ciphersuites client-sigalgs crl-file crt curves force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12
  force-tlsv13 maxconn namespace no-ssl no-ssl-reuse no-sslv3 no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 send-proxy
  send-proxy-v2 sigalgs sni socks4 source ssl ssl-max-ver ssl-min-ver ssl-reuse tcp-md5sig tcp-ut tfo tls-tickets verify verifyhost`.split(
    /\s+/,
  ),
);

const MAX = 0x7fffffff;
const ADDRESS = { port: 'required', transport: 'datagram', accepts: ['stream', 'datagram'] } as const;
const NAMESERVER = text('<name> <address>:<port> [param*]', 2, 64);

function parseNameserver(draft: ResolversDraft, words: readonly Word[], context: LineContext): void {
  if (!NAMESERVER.read(words, 'nameserver', context)) return;
  if (!uniqueName('nameserver')(draft, words, context)) return;
  const [name, where, ...options] = words as [Word, Word, ...Word[]];
  if (/^quic[46]?@/.test(where.text))
    return context.alert(where, `QUIC is not supported, as '${where.text}' asks for.`);
  const bad = badNameCharacter(name.text);
  if (bad !== undefined)
    return context.alert(name, `character '${bad}' is not permitted in server name '${name.text}'.`);
  const about = withPrefix(context, `'nameserver ${name.text}'`);
  const address = readParsedAddress(where, 'address', about, ADDRESS);
  if (address === undefined) return;
  if (address.address.kind !== 'ip' && address.address.kind !== 'name')
    return about.alert(where, `nameservers are asked over IP, not at '${where.text}'.`);
  if (address.transport === 'stream') draft.servers.push(readStream(name, address, options, context));
  else judgeDatagrams(options, about);
  draft.lines.push(context.line);
}

function readStream(
  name: Word,
  address: ParsedAddress,
  options: readonly Word[],
  context: LineContext,
): ServerDraft {
  const label = `'nameserver ${name.text}'`;
  const server = createServerDraft();
  server.name = name.text;
  server.position = context.position;
  setAddress(server, address);
  const proxy = createProxyDraft('backend', '', context.position);
  for (const option of readServerOptions(server, options, proxy, withPrefix(context, label)))
    if (!HEEDED.has(option.text)) warnOfOption(option, label, context);
  return server;
}

/** There is no TLS over datagrams here: what was to be kept secret would go out as plain text. */
function judgeDatagrams(options: readonly Word[], context: LineContext): void {
  const ssl = options.find(({ text: option }) => option === 'ssl');
  const [first] = options;
  if (ssl !== undefined)
    context.alert(
      ssl,
      `'ssl' takes a stream: write 'tcp@' in front of the address, datagrams are plain text.`,
    );
  else if (first !== undefined)
    context.warn(first, `'${first.text}' is ignored: parameters are for nameservers behind 'tcp@'.`);
}

/** `10` is meant to be seconds more often than not. */
const warnOfSmallTime: LineCheck = (_draft, [time], context) => {
  const ms = Number(time?.text);
  if (time === undefined || !/^\d+$/.test(time.text) || ms === 0 || ms >= 100) return true;
  const said = context.line.map(({ text: word }) => word).join(' ');
  const why = 'looks suspiciously small for a value in milliseconds';
  context.warn(time, `'${said}' ${why}. Please use an explicit unit ('${ms}ms') if that was the intent.`);
  return true;
};

const resolvers = rowsOf('resolvers');

export const RESOLVERS_KEYWORDS: readonly Keyword<ResolversDraft>[] = [
  {
    name: 'nameserver',
    sections: ['resolvers'],
    args: NAMESERVER.args,
    arity: NAMESERVER.arity,
    summary: 'a DNS server',
    parse: parseNameserver,
  },
  resolvers('parse-resolv-conf', nothing(), `takes the system's DNS servers`),
  ...['nx', 'refused', 'timeout', 'other', 'valid', 'obsolete'].map(event =>
    resolvers(`hold ${event}`, time(), `how long the last answer counts after '${event}'`, warnOfSmallTime),
  ),
  resolvers('resolve_retries', leadingInteger(0, MAX), 'queries before giving up'),
  resolvers('timeout resolve', time(), 'interval between resolutions', warnOfSmallTime),
  resolvers('timeout retry', time(), 'wait for an answer', warnOfSmallTime),
  resolvers('accepted_payload_size', integer(12, 65_535), 'largest answer asked for'),
  resolvers('resolution_pool_size', text('<number>', 0, 64), 'removed', undefined, {
    removed: `'resolution_pool_size' directive is not supported anymore (it never appeared in a stable release).`,
  }),
];
