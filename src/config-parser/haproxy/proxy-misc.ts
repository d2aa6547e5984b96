/** Settings of a proxy that belong to no family: mode, names, state, limits, retries, keep-alive (manual, section 4.2). */
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { readAddress } from './address-argument.ts';
import { oneOf, readInteger, readSeconds } from './argument.ts';
import { ignoredWithoutBackend, ignoredWithoutFrontend } from './proxy-capability.ts';
import { hasBackend, type FrontendSettings, type ProxyDraft } from './proxy-draft.ts';

const ALL: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];
const PROXIES: readonly SectionKind[] = ['frontend', 'listen', 'backend'];
const BACKENDS: readonly SectionKind[] = ['defaults', 'listen', 'backend'];

const MODES = ['tcp', 'http', 'log', 'spop', 'haterm'];

function parseMode(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const word = words[0] as Word;
  const mode = word.text;
  draft.shared.modeSaid = true;
  draft.shared.haterm = mode === 'haterm' && draft.kind !== 'backend';
  if (mode === 'log' || mode === 'spop') {
    if (!hasBackend(draft)) {
      context.alert(word, `mode ${mode} is only applicable on proxies with backend capability.`);
      return;
    }
    draft.shared.mode = mode;
  } else if (mode === 'tcp' || mode === 'http') draft.shared.mode = mode;
  else if (mode === 'health')
    context.alert(
      word,
      `'mode health' doesn't exist anymore. Please use 'http-request return status 200' instead.`,
    );
  else if (draft.shared.haterm) draft.shared.mode = 'http';
  else if (mode === 'haterm')
    context.alert(word, 'mode haterm is only applicable on proxies with frontend capability.');
  else context.alert(word, `unknown proxy mode '${mode}'.`, didYouMean(mode, MODES));
  context.notSupportedYet(word, `mode ${mode}`);
}

type Limit = keyof {
  [Key in keyof FrontendSettings as FrontendSettings[Key] extends number ? Key : never]: true;
};

/** A whole number of a frontend. */
function frontendLimit(name: string, key: Limit, hint = ''): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    ignoredWithoutFrontend(draft, name, context, hint);
    const value = readInteger(words[0], name, context, { min: 0, leading: true });
    if (value !== undefined) draft.frontend[key] = value;
  };
}

function backendLimit(name: string, key: 'fullconn' | 'retries', hint = ''): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    ignoredWithoutBackend(draft, name, context, hint);
    const value = readInteger(words[0], name, context, { min: 0, leading: true });
    if (value !== undefined) draft.backend[key] = value;
  };
}

function parseRateLimit(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutFrontend(draft, 'rate-limit sessions', context);
  const rate = readInteger(words[0], 'rate-limit sessions', context, { min: 0 });
  if (rate === undefined) return;
  const before = draft.from?.frontend.rateLimitSessions ?? 0;
  if (draft.kind !== 'defaults' && draft.frontend.rateLimitSessions !== before)
    context.warn(context.position, 'overwriting rate-limit sessions which was already specified');
  draft.frontend.rateLimitSessions = rate;
}

function parseKeepAliveQueue(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'max-keep-alive-queue', context);
  const value = readInteger(words[0], 'max-keep-alive-queue', context, { min: -1 });
  if (value !== undefined) draft.backend.maxKeepAliveQueue = value;
}

const RETRY_REASONS: readonly string[] = [
  'conn-failure',
  'empty-response',
  'response-timeout',
  'junk-response',
  '0rtt-rejected',
  'all-retryable-errors',
  '401',
  '403',
  '404',
  '408',
  '421',
  '425',
  '429',
  '500',
  '501',
  '502',
  '503',
  '504',
];

const ALL_RETRYABLE: readonly string[] = [
  'conn-failure',
  'empty-response',
  'response-timeout',
  '500',
  '502',
  '503',
  '504',
  '0rtt-rejected',
  'junk-response',
];

function parseRetryOn(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  if (words.length === 1 && words[0]?.text === 'none') {
    draft.shared.retryOn = [];
    return;
  }
  const none = words.find(word => word.text === 'none');
  const unknown = words.find(word => !RETRY_REASONS.includes(word.text));
  if (none !== undefined) context.alert(none, `'retry-on' 'none' keyword only usable alone`);
  else if (unknown !== undefined) {
    const hint = didYouMean(unknown.text, RETRY_REASONS);
    context.alert(unknown, `'retry-on': unknown keyword '${unknown.text}'`, hint);
  } else {
    const reasons = words.flatMap(({ text }) => (text === 'all-retryable-errors' ? ALL_RETRYABLE : [text]));
    draft.shared.retryOn = [...new Set(reasons)];
  }
}

const FORBIDDEN_NAME_HEADERS: readonly string[] = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
];

function parseSendNameHeader(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'http-send-name-header', context);
  const word = words[0];
  const name = word?.text.toLowerCase();
  if (word === undefined || name === undefined) {
    context.alert(context.position, `'http-send-name-header' requires a header string.`);
  } else if (FORBIDDEN_NAME_HEADERS.includes(name)) {
    const what = `'${word.text}' cannot be used as header name`;
    context.alert(word, `${what} for 'http-send-name-header' directive.`);
  } else draft.shared.sendNameHeader = name;
}

function keepAlive(
  side: 'cli' | 'srv',
  name: 'cnt' | 'idle' | 'intvl',
  summary: string,
): Keyword<ProxyDraft> {
  const keyword = `${side}tcpka-${name}`;
  return {
    name: keyword,
    sections: ALL,
    args: name === 'cnt' ? '<count>' : '<timeout>',
    arity: [1, 1],
    summary,
    parse: (draft, words, context) => {
      const ignored = side === 'cli' ? ignoredWithoutFrontend : ignoredWithoutBackend;
      ignored(draft, keyword, context);
      const settings = side === 'cli' ? draft.frontend.clientKeepAlive : draft.backend.serverKeepAlive;
      const read = name === 'cnt' ? readInteger(words[0], keyword, context, { min: 0 }) : undefined;
      if (name === 'cnt') settings.count = read ?? settings.count;
      else settings[name === 'idle' ? 'idleMs' : 'intervalMs'] = readSeconds(words[0], keyword, context) ?? 0;
    },
  };
}

function parseHttpReuse(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'http-reuse', context);
  const reuse = oneOf(words[0], 'http-reuse', ['never', 'safe', 'aggressive', 'always'] as const, context);
  if (reuse !== undefined) draft.shared.httpReuse = reuse;
}

function parseLoadState(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'load-server-state-from-file', context);
  const from = oneOf(words[0], 'load-server-state-from-file', ['global', 'local', 'none'] as const, context);
  if (from !== undefined) draft.backend.loadServerStateFrom = from;
}

function parseStateFile(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'server-state-file-name', context);
  const name = words[0]?.text ?? 'use-backend-name';
  draft.own.serverStateFileName = name === 'use-backend-name' ? draft.name : name;
}

function parseDispatch(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'dispatch', context);
  const address = readAddress(words[0], 'dispatch', context, { port: 'required' });
  if (address !== undefined) draft.own.dispatch = address;
}

const IDENTITY: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'mode',
    sections: ALL,
    args: '{ tcp | http | log | haterm | spop }',
    arity: [1, 1],
    summary: 'protocol',
    parse: parseMode,
  },
  {
    name: 'id',
    sections: PROXIES,
    args: '<value>',
    arity: [1, 1],
    summary: 'fixed number of the proxy',
    parse: (draft, words, context) => {
      const id = readInteger(words[0], 'id', context, { min: 1 });
      if (id === undefined) return;
      draft.own.id = id;
      draft.own.idPosition = context.position;
    },
  },
  {
    name: 'guid',
    sections: PROXIES,
    args: '<string>',
    arity: [1, 1],
    summary: 'globally unique identifier',
    parse: (draft, words) => void (draft.own.guid = words[0]?.text),
  },
  {
    name: 'description',
    sections: PROXIES,
    args: '<string>',
    arity: [1, 256],
    summary: 'text shown in statistics',
    parse: (draft, words) => void (draft.own.description = words.map(word => word.text).join(' ')),
  },
  {
    name: 'disabled',
    sections: ALL,
    args: '',
    arity: [0, 0],
    summary: 'the proxy is read but not started',
    parse: draft => void (draft.shared.disabled = true),
  },
  {
    name: 'enabled',
    sections: ALL,
    args: '',
    arity: [0, 0],
    summary: 'cancels an inherited disabled',
    parse: draft => void (draft.shared.disabled = false),
  },
];

const LIMITS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'maxconn',
    sections: ALL,
    args: '<conns>',
    arity: [1, 1],
    summary: 'most connections of the frontend',
    parse: frontendLimit('maxconn', 'maxconn', ` Maybe you want 'fullconn' instead ?`),
  },
  {
    name: 'backlog',
    sections: ALL,
    args: '<conns>',
    arity: [1, 1],
    summary: 'length of the accept queue',
    parse: frontendLimit('backlog', 'backlog'),
  },
  {
    name: 'fullconn',
    sections: ALL,
    args: '<conns>',
    arity: [1, 1],
    summary: 'load at which servers reach their maxconn',
    parse: backendLimit('fullconn', 'fullconn', ` Maybe you want 'maxconn' instead ?`),
  },
  {
    name: 'retries',
    sections: ALL,
    args: '<value>',
    arity: [1, 1],
    summary: 'connection attempts after the first',
    parse: backendLimit('retries', 'retries'),
  },
  {
    name: 'retry-on',
    sections: BACKENDS,
    args: '<keyword> ...',
    arity: [1, 64],
    summary: 'what is tried again',
    parse: parseRetryOn,
  },
  {
    name: 'rate-limit sessions',
    sections: ALL,
    args: '<rate>',
    arity: [1, 1],
    summary: 'most new sessions a second',
    parse: parseRateLimit,
  },
  {
    name: 'max-session-srv-conns',
    sections: ALL,
    args: '<nb>',
    arity: [1, 1],
    summary: 'most server connections kept for a client',
    parse: frontendLimit('max-session-srv-conns', 'maxSessionSrvConns'),
  },
  {
    name: 'max-keep-alive-queue',
    sections: ALL,
    args: '<value>',
    arity: [1, 1],
    summary: 'queue length up to which a client keeps its server',
    parse: parseKeepAliveQueue,
  },
];

const BACKEND_SETTINGS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'http-reuse',
    sections: ALL,
    args: '{ never | safe | aggressive | always }',
    arity: [1, 1],
    summary: 'which server connections are shared among clients',
    parse: parseHttpReuse,
  },
  {
    name: 'http-send-name-header',
    sections: ALL,
    args: '[<header>]',
    arity: [0, 1],
    summary: 'header that tells the server its name',
    parse: parseSendNameHeader,
  },
  {
    name: 'load-server-state-from-file',
    sections: ALL,
    args: '{ global | local | none }',
    arity: [1, 1],
    summary: 'server states are read at start',
    parse: parseLoadState,
  },
  {
    name: 'server-state-file-name',
    sections: ALL,
    args: '[ { use-backend-name | <file> } ]',
    arity: [0, 1],
    summary: 'file of the server states',
    parse: parseStateFile,
  },
  {
    name: 'dispatch',
    sections: PROXIES,
    args: '<address>:<port>',
    arity: [1, 1],
    summary: 'one server without a name',
    deprecated:
      `'dispatch' is deprecated in 3.3 and will be removed in 3.5. ` +
      'Please create a server with this address instead.',
    parse: parseDispatch,
  },
  {
    name: 'ssl-f-use',
    sections: ALL,
    args: '[<sslbindconf> ...]*',
    arity: [0, 64],
    summary: 'a certificate of all listeners',
    parse: (draft, _, context) => void draft.own.otherLines.push(context.line),
  },
  keepAlive('cli', 'cnt', 'TCP keep-alive probes to clients'),
  keepAlive('cli', 'idle', 'idle time before TCP keep-alive probes to clients'),
  keepAlive('cli', 'intvl', 'interval of TCP keep-alive probes to clients'),
  keepAlive('srv', 'cnt', 'TCP keep-alive probes to servers'),
  keepAlive('srv', 'idle', 'idle time before TCP keep-alive probes to servers'),
  keepAlive('srv', 'intvl', 'interval of TCP keep-alive probes to servers'),
];

export const MISC_KEYWORDS: readonly Keyword<ProxyDraft>[] = [...IDENTITY, ...LIMITS, ...BACKEND_SETTINGS];
