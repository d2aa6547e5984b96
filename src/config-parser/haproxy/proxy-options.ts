/** `option ...` that only switch something on or off, and those that exclude each other (manual, section 4.2). */
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { readInteger } from './argument.ts';
import { CHECK_OPTION_KEYWORDS } from './proxy-checks.ts';
import { ignoredWithoutBackend, ignoredWithoutFrontend } from './proxy-capability.ts';
import { FORWARD_OPTION_KEYWORDS } from './proxy-forward.ts';
import { LOG_OPTION_KEYWORDS } from './proxy-log-options.ts';
import type { ProxyDraft } from './proxy-draft.ts';

const ALL_SECTIONS: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];
const FRONTENDS: readonly SectionKind[] = ['defaults', 'frontend', 'listen'];
const BACKENDS: readonly SectionKind[] = ['defaults', 'listen', 'backend'];

type FlagRow = readonly [name: string, side: 'frontend' | 'backend' | 'both', summary: string];

/** HAProxy's on/off options. */
const FLAGS: readonly FlagRow[] = [
  [
    'abortonclose',
    'both',
    'a client that closes its side leaves the queue, and its server is told; on by default in mode http',
  ],
  ['accept-unsafe-violations-in-http-request', 'frontend', 'lets doubtful requests through'],
  ['accept-unsafe-violations-in-http-response', 'backend', 'lets doubtful responses through'],
  ['allbackups', 'backend', 'all backup servers at once'],
  ['checkcache', 'backend', 'refuses responses that would be cached with a cookie'],
  ['clitcpka', 'frontend', 'TCP keep-alive to clients'],
  ['contstats', 'frontend', 'counters move while a session lasts'],
  ['disable-h2-upgrade', 'frontend', 'no HTTP/2 on plain connections'],
  ['dontlog-normal', 'frontend', 'logs only what went wrong'],
  ['dontlognull', 'frontend', 'no log of connections without data'],
  ['h1-case-adjust-bogus-client', 'frontend', 'case of header names for old clients'],
  ['h1-case-adjust-bogus-server', 'backend', 'case of header names for old servers'],
  ['http-buffer-request', 'both', 'waits for the body before choosing a server'],
  ['http-drop-request-trailers', 'backend', 'no trailers to servers'],
  ['http-drop-response-trailers', 'frontend', 'no trailers to clients'],
  ['http-ignore-probes', 'frontend', 'no 408 and no log for empty connections'],
  ['http-no-delay', 'both', 'sends every piece at once'],
  ['http-pretend-keepalive', 'backend', 'does not tell servers that the connection will close'],
  ['http-use-proxy-header', 'frontend', 'Proxy-Connection instead of Connection'],
  ['idle-close-on-response', 'frontend', 'idle clients keep a stopping process up'],
  ['independent-streams', 'both', 'timeouts of the two directions are independent'],
  ['log-health-checks', 'backend', 'logs every change of a check'],
  ['log-separate-errors', 'frontend', 'errors are logged one level up'],
  ['logasap', 'frontend', 'logs before the end of the transfer'],
  ['nolinger', 'both', 'closes with a reset'],
  ['persist', 'backend', 'persistence also to servers that are down'],
  ['prefer-last-server', 'backend', 'the same server on a kept connection'],
  ['socket-stats', 'frontend', 'statistics for each listener'],
  [
    'splice-auto',
    'both',
    'splicing in the kernel: large bodies are spliced without being asked, see `nosplice`',
  ],
  ['splice-request', 'both', 'the same for requests'],
  ['splice-response', 'both', 'the same for responses'],
  ['srvtcpka', 'backend', 'TCP keep-alive to servers'],
  ['tcp-smart-accept', 'frontend', 'delays the first acknowledgement'],
  ['tcp-smart-connect', 'backend', 'delays the last acknowledgement of a handshake'],
];

/** `option X`, `no option X`, and `default option X`, which forgets both. */
function setFlag(draft: ProxyDraft, name: string, context: LineContext): void {
  const { flags, noFlags } = draft.shared;
  flags.delete(name);
  noFlags.delete(name);
  if (context.prefix === undefined) flags.add(name);
  else if (context.prefix === 'no') noFlags.add(name);
}

function sectionsOf(side: FlagRow[1]): readonly SectionKind[] {
  if (side === 'both') return ALL_SECTIONS;
  return side === 'frontend' ? FRONTENDS : BACKENDS;
}

function flagKeyword([name, side, summary]: FlagRow): Keyword<ProxyDraft> {
  return {
    name: `option ${name}`,
    sections: sectionsOf(side),
    args: '',
    arity: [0, 0],
    summary,
    negatable: true,
    parse: (draft, _, context) => setFlag(draft, name, context),
  };
}

const CONNECTION_MODES = ['httpclose', 'http-server-close', 'http-keep-alive'] as const;

/** The three connection modes override each other; `no` only takes back the one that is in force. */
function connectionMode(name: (typeof CONNECTION_MODES)[number], summary: string): Keyword<ProxyDraft> {
  return {
    name: `option ${name}`,
    sections: ALL_SECTIONS,
    args: '',
    arity: [0, 0],
    summary,
    negatable: true,
    parse: (draft, _, context) => {
      const { flags } = draft.shared;
      if (context.prefix !== undefined) flags.delete(name);
      else {
        for (const mode of CONNECTION_MODES) flags.delete(mode);
        flags.add(name);
      }
    },
  };
}

function parseRedispatch(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  if (ignoredWithoutBackend(draft, 'redispatch', context)) return;
  setFlag(draft, 'redispatch', context);
  draft.backend.redispatchAfter = 0;
  if (context.prefix !== undefined) return;
  const after =
    words[0] === undefined ? -1 : readInteger(words[0], 'option redispatch', context, { leading: true });
  draft.backend.redispatchAfter = after ?? 0;
  if (after === 0) draft.shared.flags.delete('redispatch');
}

function parseTcpka(draft: ProxyDraft): void {
  if (draft.kind !== 'backend') draft.shared.flags.add('clitcpka');
  if (draft.kind !== 'frontend') draft.shared.flags.add('srvtcpka');
}

function parseRestrict(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const word = words[0];
  if (word?.text === 'preserve' || word?.text === 'reject' || word?.text === 'delete') {
    draft.shared.restrictHeaderNames = word.text;
    return;
  }
  const expects = `option 'http-restrict-req-hdr-names' expects 'preserve', 'reject' or 'delete' option.`;
  context.alert(word ?? context.position, `invalid parameter '${word?.text ?? ''}'. ${expects}`);
}

const SMALL_BUFFER_USES: readonly string[] = ['queue', 'l7-retries', 'check'];

function parseSmallBuffers(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  if (ignoredWithoutBackend(draft, 'use-small-buffers', context)) return;
  const unknown = words.find(word => !SMALL_BUFFER_USES.includes(word.text));
  if (unknown === undefined) return;
  const expects = `option 'use-small-buffers' expects 'queue', 'l7-retries' or 'check' value.`;
  context.alert(unknown, `invalid parameter '${unknown.text}'. ${expects}`);
}

const TRANSPARENT_IS_OLD =
  `'transparent' is deprecated in 3.3 and will be removed in 3.5. ` +
  'Please create a server with the address 0.0.0.0 instead.';

function parseTransparent(draft: ProxyDraft, _: readonly Word[], context: LineContext): void {
  setFlag(draft, 'transparent', context);
}

/** Old names of what is now said with a warning in the name. */
function acceptInvalid(side: 'request' | 'response'): Keyword<ProxyDraft> {
  const name = `accept-invalid-http-${side}`;
  const modern = `accept-unsafe-violations-in-http-${side}`;
  return {
    name: `option ${name}`,
    sections: ALL_SECTIONS,
    args: '',
    arity: [0, 0],
    summary: `former ${modern}`,
    deprecated: `option '${name}' is deprecated. please use 'option ${modern}' if absolutely needed.`,
    negatable: true,
    parse: (draft, _, context) => {
      const ignored = side === 'request' ? ignoredWithoutFrontend : ignoredWithoutBackend;
      if (!ignored(draft, name, context)) setFlag(draft, modern, context);
    },
  };
}

function removedOption(name: string, message: string): Keyword<ProxyDraft> {
  return {
    name: `option ${name}`,
    sections: ALL_SECTIONS,
    args: '',
    arity: [0, 64],
    summary: 'refused',
    negatable: true,
    removed: `option '${name}' is not supported any more since HAProxy ${message}`,
    parse: () => undefined,
  };
}

const SPECIAL: readonly Keyword<ProxyDraft>[] = [
  connectionMode('httpclose', 'closes both connections after each response'),
  connectionMode('http-server-close', 'closes the server connection after each response'),
  connectionMode('http-keep-alive', 'keeps both connections'),
  {
    name: 'option redispatch',
    sections: ALL_SECTIONS,
    args: '[<interval>]',
    arity: [0, 1],
    summary: 'retries go to another server',
    negatable: true,
    parse: parseRedispatch,
  },
  {
    name: 'option tcpka',
    sections: ALL_SECTIONS,
    args: '',
    arity: [0, 0],
    summary: 'TCP keep-alive on both sides',
    parse: parseTcpka,
  },
  {
    name: 'option http-restrict-req-hdr-names',
    sections: ALL_SECTIONS,
    args: '{ preserve | delete | reject }',
    arity: [1, 1],
    summary: 'what happens to header names with odd characters',
    parse: parseRestrict,
  },
  {
    name: 'option use-small-buffers',
    sections: ALL_SECTIONS,
    args: '[ queue | l7-retries | check ]*',
    arity: [0, 3],
    summary: 'smaller buffers where HAProxy can do with them',
    negatable: true,
    parse: parseSmallBuffers,
  },
  {
    name: 'option transparent',
    sections: BACKENDS,
    args: '',
    arity: [0, 0],
    summary: 'connects to the destination the client chose',
    deprecated: TRANSPARENT_IS_OLD,
    negatable: true,
    parse: parseTransparent,
  },
  {
    name: 'transparent',
    sections: ALL_SECTIONS,
    args: '',
    arity: [0, 0],
    summary: 'connects to the destination the client chose',
    deprecated: TRANSPARENT_IS_OLD,
    parse: parseTransparent,
  },
  acceptInvalid('request'),
  acceptInvalid('response'),
  removedOption('forceclose', `2.0, please just remove it, or use 'option httpclose' if absolutely needed.`),
  removedOption('http-tunnel', `2.1, please just remove it, it shouldn't be needed.`),
  removedOption('http_proxy', `2.5, use 'http-request set-dst' and 'http-request set-uri' instead.`),
];

const KNOWN_OPTIONS: readonly Keyword<ProxyDraft>[] = [
  ...FLAGS.map(flagKeyword),
  ...SPECIAL,
  ...FORWARD_OPTION_KEYWORDS,
  ...LOG_OPTION_KEYWORDS,
  ...CHECK_OPTION_KEYWORDS,
];

function unknownOption(_: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const name = words[0];
  if (name === undefined) {
    context.alert(context.position, `'option' expects an option name.`);
    return;
  }
  const names = KNOWN_OPTIONS.filter(row => row.name.startsWith('option ')).map(row => row.name.slice(7));
  context.alert(name, `unknown option '${name.text}'`, didYouMean(name.text, names));
}

export const OPTION_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  ...KNOWN_OPTIONS,
  {
    name: 'option',
    sections: ALL_SECTIONS,
    args: '<name> [<arg> ...]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'unknown options are refused with the nearest known one',
    negatable: true,
    parse: unknownOption,
  },
];
