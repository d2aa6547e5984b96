/** `cookie`, `dynamic-cookie-key`, `persist rdp-cookie`: which server a returning client gets (manual, section 4.2). */
import type { CookiePersistence } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { readSeconds } from './argument.ts';
import { ignoredWithoutBackend } from './proxy-capability.ts';
import type { ProxyDraft } from './proxy-draft.ts';

type Flag =
  | 'rewrite'
  | 'insert'
  | 'prefix'
  | 'indirect'
  | 'nocache'
  | 'postonly'
  | 'preserve'
  | 'httponly'
  | 'secure'
  | 'dynamic';

const FLAGS: readonly string[] = [
  'rewrite',
  'insert',
  'prefix',
  'indirect',
  'nocache',
  'postonly',
  'preserve',
  'httponly',
  'secure',
  'dynamic',
] satisfies Flag[];

/** Options that a word follows. */
const VALUED: readonly string[] = ['domain', 'maxidle', 'maxlife', 'attr'];

interface CookieArguments {
  readonly flags: Set<string>;
  readonly domains: string[];
  readonly attrs: string[];
  maxIdleMs: number;
  maxLifeMs: number;
}

/** RFC 6265, 5.2.3: a domain without a dot is mostly refused by browsers. */
function readDomain(value: Word, context: LineContext): string | undefined {
  const bad = /[^A-Za-z0-9_:.-]/.exec(value.text);
  if (bad !== null) {
    context.alert(value, `character '${bad[0]}' is not permitted in domain name '${value.text}'.`);
    return undefined;
  }
  if (!value.text.includes('.')) {
    const doubt = 'this configuration may not work properly (see RFC6265#5.2.3).';
    context.warn(value, `domain '${value.text}' contains no embedded dot, ${doubt}`);
  }
  return value.text;
}

function readAttribute(value: Word, context: LineContext): string | undefined {
  const bad = /[\u0000-\u001f\u007f;]/.exec(value.text);
  if (bad === null) return value.text;
  const code = bad[0].charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
  context.alert(value, `character '%x${code}' is not permitted in attribute value.`);
  return undefined;
}

/** An argument that has a value; false after an error. */
function readValued(
  name: string,
  value: Word | undefined,
  args: CookieArguments,
  context: LineContext,
): boolean {
  if (value === undefined) {
    context.alert(context.position, `'${name}' expects a value as argument.`);
    return false;
  }
  if (name === 'domain' || name === 'attr') {
    const text = name === 'domain' ? readDomain(value, context) : readAttribute(value, context);
    if (text !== undefined) (name === 'domain' ? args.domains : args.attrs).push(text);
    return text !== undefined;
  }
  const ms = readSeconds(value, name, context);
  if (ms === undefined) return false;
  if (name === 'maxidle') args.maxIdleMs = ms;
  else args.maxLifeMs = ms;
  return true;
}

function readArguments(words: readonly Word[], context: LineContext): CookieArguments | undefined {
  const args: CookieArguments = { flags: new Set(), domains: [], attrs: [], maxIdleMs: 0, maxLifeMs: 0 };
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word;
    if (FLAGS.includes(word.text)) args.flags.add(word.text);
    else if (VALUED.includes(word.text)) {
      if (!readValued(word.text, words[++index], args, context)) return undefined;
    } else {
      const names = [...FLAGS, ...VALUED];
      const known = names.map(name => `'${name}'`).join(', ');
      const message = `'cookie' supports ${known} options (got '${word.text}').`;
      context.alert(word, message, didYouMean(word.text, names));
      return undefined;
    }
  }
  return args;
}

/** What excludes what; false after an error. */
function areCompatible({ flags }: CookieArguments, context: LineContext): boolean {
  const at = context.position;
  if (flags.has('rewrite') && flags.has('indirect')) {
    context.alert(at, `cookie 'rewrite' and 'indirect' modes are incompatible.`);
    return false;
  }
  if (['rewrite', 'insert', 'prefix'].filter(mode => flags.has(mode)).length > 1) {
    context.alert(at, `cookie 'rewrite', 'insert' and 'prefix' modes are incompatible.`);
    return false;
  }
  if (flags.has('preserve') && !flags.has('insert') && !flags.has('indirect')) {
    context.alert(at, `cookie 'preserve' requires at least 'insert' or 'indirect'.`);
    return false;
  }
  return true;
}

function persistence(
  name: string,
  { flags, domains, attrs, maxIdleMs, maxLifeMs }: CookieArguments,
): CookiePersistence {
  const mode = (['rewrite', 'insert', 'prefix'] as const).find(known => flags.has(known));
  return {
    name,
    mode: mode ?? 'passive',
    indirect: flags.has('indirect'),
    nocache: flags.has('nocache'),
    postonly: flags.has('postonly'),
    preserve: flags.has('preserve'),
    httponly: flags.has('httponly'),
    secure: flags.has('secure'),
    domains,
    maxIdleMs,
    maxLifeMs,
    dynamic: flags.has('dynamic'),
    attrs,
  };
}

function parseCookie(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutBackend(draft, 'cookie', context);
  const [name, ...rest] = words;
  const args = readArguments(rest, context);
  if (name === undefined || args === undefined || !areCompatible(args, context)) return;
  draft.backend.cookie = persistence(name.text, args);
}

function parsePersist(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const method = words[0]?.text ?? '';
  const match = /^rdp-cookie(?:\(([^)]+)\))?$/.exec(method);
  if (match !== null) draft.backend.persistRdpCookie = match[1] ?? 'msts';
  else if (method.startsWith('rdp-cookie'))
    context.alert(words[0] as Word, `'persist rdp-cookie(name)' requires an rdp cookie name.`);
  else context.alert(words[0] ?? context.position, `unknown persist method '${method}'.`);
}

export const COOKIE_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'cookie',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<name> [ rewrite | insert | prefix ] [ indirect ] [ nocache ] [ postonly ] [ preserve ] [ httponly ] [ secure ] [ domain <domain> ]* [ maxidle <idle> ] [ maxlife <life> ] [ dynamic ] [ attr <value> ]*',
    arity: [1, 64],
    summary: 'persistence by a cookie',
    parse: parseCookie,
  },
  {
    name: 'dynamic-cookie-key',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<string>',
    arity: [1, 1],
    summary: 'secret of dynamic cookie values',
    parse: (draft, words, context) => {
      ignoredWithoutBackend(draft, 'dynamic-cookie-key', context);
      draft.backend.dynamicCookieKey = words[0]?.text;
    },
  },
  {
    name: 'persist rdp-cookie',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '[(<name>)]',
    arity: [0, 0],
    summary: 'persistence by the cookie of remote desktops',
    parse: (draft, _, context) => parsePersist(draft, context.line.slice(1), context),
  },
  {
    name: 'persist',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: 'rdp-cookie(<name>)',
    arity: [1, 1],
    summary: 'persistence by the cookie of remote desktops, with its name',
    parse: parsePersist,
  },
  {
    name: 'appsession',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<cookie> len <n> timeout <t>',
    arity: [0, 64],
    summary: 'refused',
    removed: `'appsession' is not supported anymore since HAProxy 1.6. Use 'cookie' or 'stick on' instead.`,
    parse: () => undefined,
  },
];
