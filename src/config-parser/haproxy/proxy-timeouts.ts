/** `timeout ...` (manual, section 4.2). Values are milliseconds when no unit is written. */
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { readTime } from './argument.ts';
import { hasBackend, hasFrontend, proxyLabel, type ProxyDraft } from './proxy-draft.ts';

type Side = 'frontend' | 'backend' | 'both';

interface TimeoutRow {
  readonly name: string;
  readonly side: Side;
  readonly summary: string;
  readonly read: (draft: ProxyDraft) => number;
  readonly write: (draft: ProxyDraft, ms: number) => void;
}

const TIMEOUTS: readonly TimeoutRow[] = [
  {
    name: 'client',
    side: 'frontend',
    summary: 'inactivity of the client',
    read: draft => draft.frontend.clientMs,
    write: (draft, ms) => void (draft.frontend.clientMs = ms),
  },
  {
    name: 'client-fin',
    side: 'frontend',
    summary: 'inactivity of a client after one side has ended',
    read: draft => draft.frontend.clientFinMs,
    write: (draft, ms) => void (draft.frontend.clientFinMs = ms),
  },
  {
    name: 'client-hs',
    side: 'frontend',
    summary: 'handshakes with the client',
    read: draft => draft.frontend.clientHsMs,
    write: (draft, ms) => void (draft.frontend.clientHsMs = ms),
  },
  {
    name: 'server',
    side: 'backend',
    summary: 'inactivity of the server',
    read: draft => draft.backend.serverMs,
    write: (draft, ms) => void (draft.backend.serverMs = ms),
  },
  {
    name: 'server-fin',
    side: 'backend',
    summary: 'inactivity of a server after one side has ended',
    read: draft => draft.backend.serverFinMs,
    write: (draft, ms) => void (draft.backend.serverFinMs = ms),
  },
  {
    name: 'connect',
    side: 'backend',
    summary: 'connecting to a server',
    read: draft => draft.backend.connectMs,
    write: (draft, ms) => void (draft.backend.connectMs = ms),
  },
  {
    name: 'check',
    side: 'backend',
    summary: 'answer of a health check',
    read: draft => draft.backend.checkMs,
    write: (draft, ms) => void (draft.backend.checkMs = ms),
  },
  {
    name: 'queue',
    side: 'backend',
    summary: 'waiting for a free connection',
    read: draft => draft.backend.queueMs,
    write: (draft, ms) => void (draft.backend.queueMs = ms),
  },
  {
    name: 'tunnel',
    side: 'backend',
    summary: 'inactivity of a tunnel',
    read: draft => draft.backend.tunnelMs,
    write: (draft, ms) => void (draft.backend.tunnelMs = ms),
  },
  {
    name: 'http-request',
    side: 'both',
    summary: 'a whole request head',
    read: draft => draft.shared.httpRequestMs,
    write: (draft, ms) => void (draft.shared.httpRequestMs = ms),
  },
  {
    name: 'http-keep-alive',
    side: 'both',
    summary: 'the next request of a kept connection',
    read: draft => draft.shared.httpKeepAliveMs,
    write: (draft, ms) => void (draft.shared.httpKeepAliveMs = ms),
  },
  {
    name: 'tarpit',
    side: 'both',
    summary: 'how long tarpitted connections are held',
    read: draft => draft.shared.tarpitMs,
    write: (draft, ms) => void (draft.shared.tarpitMs = ms),
  },
];

/** HAProxy says one thing about a timeout, the last that applies. */
function warnAbout(row: TimeoutRow, word: Word, ms: number, draft: ProxyDraft, context: LineContext): void {
  const name = `'timeout ${row.name}'`;
  const missing =
    row.side === 'frontend' ? !hasFrontend(draft) : row.side === 'backend' && !hasBackend(draft);
  if (missing) {
    const reason = `${proxyLabel(draft)} has no ${row.side} capability`;
    context.warn(word, `${name} will be ignored because ${reason}`);
  } else if (draft.kind !== 'defaults' && row.read(draft) !== (draft.from ? row.read(draft.from) : 0)) {
    context.warn(word, `overwriting ${name} which was already specified`);
  } else if (/^\d+$/.test(word.text) && ms > 0 && ms < 100) {
    const why = 'is suspiciously small for a value in milliseconds';
    const advice = `Please use an explicit unit ('${ms}ms') if that was the intent.`;
    context.warn(word, `'timeout ${row.name} ${ms}' in ${proxyLabel(draft)} ${why}. ${advice}`);
  }
}

function parseTimeout(row: TimeoutRow): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    const word = words[0];
    const ms = readTime(word, `timeout ${row.name}`, context);
    if (word === undefined || ms === undefined) return;
    warnAbout(row, word, ms, draft, context);
    row.write(draft, ms);
  };
}

const SECTIONS: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];

function removed(name: string, modern: string): Keyword<ProxyDraft> {
  return {
    name,
    sections: SECTIONS,
    args: '<timeout>',
    arity: [0, 64],
    summary: `former ${modern}`,
    removed: `the '${name}' directive is not supported anymore since HAProxy 2.1. Use '${modern}'.`,
    parse: () => undefined,
  };
}

function unknownTimeout(_: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const names = TIMEOUTS.map(row => row.name);
  const got = words[0]?.text ?? '';
  const message = `'timeout' supports ${names.map(name => `'${name}'`).join(', ')} (got '${got}')`;
  context.alert(words[0] ?? context.position, message, didYouMean(got, names));
}

export const TIMEOUT_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  ...TIMEOUTS.map((row): Keyword<ProxyDraft> => ({
    name: `timeout ${row.name}`,
    sections: SECTIONS,
    args: '<timeout>',
    arity: [1, 1],
    summary: row.summary,
    parse: parseTimeout(row),
  })),
  {
    name: 'timeout',
    sections: SECTIONS,
    args: '<name> <timeout>',
    arity: [0, 64],
    summary: 'unknown timeouts are refused with the list of those that exist',
    parse: unknownTimeout,
  },
  removed('clitimeout', 'timeout client'),
  removed('srvtimeout', 'timeout server'),
  removed('contimeout', 'timeout connect'),
];
