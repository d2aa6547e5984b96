/** `stats ...` in proxies: the statistics page (manual, section 4.2). */
import type { StatsSettings } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { readSeconds } from './argument.ts';
import type { Mutable, ProxyDraft } from './proxy-draft.ts';
import { requiredCondition } from './proxy-rules.ts';
import { readRule } from './rule-line.ts';

const DEFAULT_URI = '/haproxy?stats';

function initialStats(): Mutable<StatsSettings> {
  return {
    uri: DEFAULT_URI,
    auths: [],
    admin: [],
    hideVersion: true,
    refreshMs: 0,
    scopes: [],
    showLegends: false,
    showModules: false,
    httpRequest: [],
  };
}

/** A section that says anything about statistics takes nothing over from its defaults. */
function detach(draft: ProxyDraft): void {
  if (draft.own.ownsStats) return;
  draft.own.ownsStats = true;
  draft.shared.stats = undefined;
}

/** Every word but `hide-version` switches the page on. */
function settings(draft: ProxyDraft): Mutable<StatsSettings> {
  detach(draft);
  draft.shared.stats ??= initialStats();
  return draft.shared.stats;
}

function parseAuth(draft: ProxyDraft, words: readonly Word[]): void {
  const text = words[0]?.text ?? '';
  const colon = text.indexOf(':');
  const user = colon < 0 ? text : text.slice(0, colon);
  const stats = settings(draft);
  // The first password of a name counts.
  if (stats.auths.some(other => other.user === user)) return;
  stats.auths = [...stats.auths, { user, password: colon < 0 ? '' : text.slice(colon + 1) }];
}

function parseAdmin(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const condition = requiredCondition(words, 'stats admin', context);
  const stats = settings(draft);
  if (condition !== undefined) stats.admin = [...stats.admin, condition];
}

function parseHttpRequest(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const stats = settings(draft);
  const last = stats.httpRequest.at(-1);
  if (last !== undefined && last.condition === undefined) {
    const what = `previous 'stats http-request' action has no condition attached`;
    context.warn(context.position, `${what}, further entries are NOOP.`);
  }
  const rule = readRule('http-request', words, context);
  if (rule !== undefined) stats.httpRequest = [...stats.httpRequest, rule];
}

function parseShowNode(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const name = words[0];
  if (name !== undefined && !/^[A-Za-z0-9_.-]+$/.test(name.text)) {
    const allowed = 'digits(0-9), letters(A-Z, a-z), hyphen(-) or underscore(_)';
    context.alert(name, `'stats show-node' invalid node name - should be a string with ${allowed}.`);
    return;
  }
  settings(draft).showNode = name?.text ?? '';
}

function parseRefresh(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const ms = readSeconds(words[0], 'stats refresh', context);
  if (ms !== undefined) settings(draft).refreshMs = ms;
}

const ALL: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];
const PROXIES: readonly SectionKind[] = ['frontend', 'listen', 'backend'];

type Row = Pick<Keyword<ProxyDraft>, 'name' | 'args' | 'arity' | 'summary' | 'parse'> & {
  readonly sections?: readonly SectionKind[];
};

const ROWS: readonly Row[] = [
  {
    name: 'enable',
    args: '',
    arity: [0, 0],
    summary: 'switches the page on',
    parse: draft => void settings(draft),
  },
  {
    name: 'uri',
    args: '<prefix>',
    arity: [1, 1],
    summary: 'address of the page',
    parse: (draft, words) => void (settings(draft).uri = words[0]?.text ?? DEFAULT_URI),
  },
  {
    name: 'realm',
    args: '<realm>',
    arity: [1, 1],
    summary: 'name shown when a password is asked for',
    parse: (draft, words) => void (settings(draft).realm = words[0]?.text ?? ''),
  },
  { name: 'auth', args: '<user>:<passwd>', arity: [1, 1], summary: 'asks for a password', parse: parseAuth },
  {
    name: 'refresh',
    args: '<delay>',
    arity: [1, 1],
    summary: 'the page reloads itself',
    parse: parseRefresh,
  },
  {
    name: 'scope',
    args: '{ <name> | "." }',
    arity: [1, 1],
    summary: 'which proxies are shown',
    parse: (draft, words) => {
      const stats = settings(draft);
      stats.scopes = [...stats.scopes, words[0]?.text ?? '.'];
    },
  },
  {
    name: 'hide-version',
    args: '',
    arity: [0, 0],
    summary: 'hides the version, as is the default',
    parse: draft => {
      detach(draft);
      if (draft.shared.stats !== undefined) draft.shared.stats.hideVersion = true;
    },
  },
  {
    name: 'show-version',
    args: '',
    arity: [0, 0],
    summary: 'shows the version',
    parse: draft => void (settings(draft).hideVersion = false),
  },
  {
    name: 'show-legends',
    args: '',
    arity: [0, 0],
    summary: 'more details in tool tips',
    parse: draft => void (settings(draft).showLegends = true),
  },
  {
    name: 'show-modules',
    args: '',
    arity: [0, 0],
    summary: 'counters of modules',
    parse: draft => void (settings(draft).showModules = true),
  },
  { name: 'show-node', args: '[ <name> ]', arity: [0, 1], summary: 'name of the node', parse: parseShowNode },
  {
    name: 'show-desc',
    args: '[ <desc> ]',
    arity: [0, 64],
    summary: 'description of the node',
    parse: (draft, words) => void (settings(draft).showDesc = words.map(word => word.text).join(' ')),
  },
  {
    name: 'admin',
    args: '{ if | unless } <cond>',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'who may act on servers',
    sections: PROXIES,
    parse: parseAdmin,
  },
  {
    name: 'http-request',
    args: '{ allow | deny | auth [realm <realm>] } [ { if | unless } <condition> ]',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'who may see the page',
    sections: PROXIES,
    parse: parseHttpRequest,
  },
];

export const STATS_KEYWORDS: readonly Keyword<ProxyDraft>[] = ROWS.map(row => ({
  ...row,
  name: `stats ${row.name}`,
  sections: row.sections ?? ALL,
}));
