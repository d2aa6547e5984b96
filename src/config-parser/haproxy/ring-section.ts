/** Keyword rows of `ring` sections (manual, section 12.6). Lines are kept as written, but for servers, which are read as others are. */
import type { Position } from '../../model/diagnostic.ts';
import type { Word } from '../../model/word.ts';
import { oneWordOf, size, text, time } from '../argument-shape.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { readParsedAddress } from './address-argument.ts';
import { withPrefix } from './argument.ts';
import { rowsOf, uniqueName, type LineCheck, type OtherDraft } from './other-rows.ts';
import { createProxyDraft } from './proxy-draft.ts';
import { createServerDraft, type ServerDraft } from './server-draft.ts';
import { readServerOptions, setAddress } from './server-line.ts';
import { warnOfOption } from './server-params.ts';

export interface RingDraft extends OtherDraft {
  readonly name: string;
  readonly position: Position;
  readonly servers: ServerDraft[];
}

export function createRingDraft(name: string, position: Position): RingDraft {
  return { name, position, lines: [], names: new Map(), servers: [] };
}

const MAX = 0x7fffffff;
const BACKING_FILE = 'backing-file';

/** What concerns connections; which of it has no effect on some is told when all is read (unheeded-options.ts). */
const HEEDED = new Set(
  `allow-0rtt alpn ca-file cc ciphers ciphersuites client-sigalgs crl-file crt curves force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12
  force-tlsv13 log-proto namespace no-ssl no-sslv3 no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 send-proxy send-proxy-v2
  sigalgs sni socks4 source ssl ssl-max-ver ssl-min-ver tcp-md5sig tcp-ut tfo verify verifyhost`.split(/\s+/),
);

/** Once in a section. */
const checkBackingFile: LineCheck = (draft, [path], context) => {
  const first = draft.names.get(BACKING_FILE);
  draft.names.set(BACKING_FILE, path as Word);
  if (first === undefined) return true;
  context.alert(path as Word, `'${BACKING_FILE}' already specified for this ring (was '${first.text}').`);
  return false;
};

const ADDRESS = { port: 'optional', accepts: ['stream', 'datagram'] } as const;

function parseServer(draft: RingDraft, words: readonly Word[], context: LineContext): void {
  if (!SERVER.read(words, 'server', context) || !uniqueName('server')(draft, words, context)) return;
  const [name, where, ...options] = words as [Word, Word, ...Word[]];
  const label = `'server ${name.text}'`;
  const about = withPrefix(context, label);
  const address = readParsedAddress(where, 'address', about, ADDRESS);
  if (address === undefined) return;
  if (address.transport === 'datagram')
    context.warn(where, `${label} : lines of a ring go by streams, by TCP here.`);
  const server = createServerDraft();
  server.name = name.text;
  server.position = context.position;
  setAddress(server, address);
  const proxy = createProxyDraft('backend', draft.name, draft.position);
  for (const option of readServerOptions(server, options, proxy, about))
    if (!HEEDED.has(option.text)) warnOfOption(option, label, context);
  draft.servers.push(server);
  draft.lines.push(context.line);
}

const SERVER = text('<name> <address> [param*]', 2, 64);
const ring = rowsOf('ring');

export const RING_KEYWORDS: readonly Keyword<RingDraft>[] = [
  ring('backing-file', text('<path>'), 'file that holds the ring', checkBackingFile),
  ring('description', text('<text>', 1, 64), 'text shown for the ring'),
  ring(
    'format',
    oneWordOf('rfc3164', 'rfc5424', 'priority', 'short', 'timed', 'iso', 'raw', 'local'),
    'layout of messages',
  ),
  ring('maxlen', size(MAX), 'longest message'),
  {
    name: 'server',
    sections: ['ring'],
    args: SERVER.args,
    arity: SERVER.arity,
    summary: 'where messages are sent',
    parse: parseServer,
  },
  ring('size', size(), 'bytes of the ring', (draft, _words, context) => {
    if (!draft.names.has(BACKING_FILE)) return true;
    const what = `cannot resize an already mapped file, please specify 'size' before 'backing-file'.`;
    context.alert(context.line[0] as Word, what);
    return false;
  }),
  ring('timeout connect', time(), 'connecting to a server'),
  ring('timeout server', time(), 'silence of a server'),
];
