/** Redirections: `redirect` lines, `http-request redirect` and `http-response redirect` (manual, section 4.2: redirect). */
import { pathAndQuery } from '../acl/fetches/header-text.ts';
import type { CompiledLogFormat } from '../acl/compiled.ts';
import type { Word } from '../model/word.ts';
import type { Action, RuleContext } from './context.ts';
import { reasonPhrase } from '../http/reasons.ts';
import type { Reply, ReplyHeader } from './reply.ts';
import type { RuleLine } from './rule-line.ts';
import { CONTINUE, REDIRECT } from './verdict.ts';

type Type = 'location' | 'prefix' | 'scheme';

interface Draft {
  type: Type | undefined;
  destination: Word | undefined;
  code: number;
  cookie: { readonly keyword: string; readonly word: Word } | undefined;
  readonly flags: Set<string>;
}

const FLAGS: readonly string[] = ['drop-query', 'keep-query', 'append-slash', 'ignore-empty'];
const CODES: readonly number[] = [301, 302, 303, 307, 308];

/** `formatted`: destination and cookie are log formats (in `redirect` lines they are plain text). */
export function compileRedirect(line: RuleLine, formatted: boolean): Action | undefined {
  const draft: Draft = {
    type: undefined,
    destination: undefined,
    code: 302,
    cookie: undefined,
    flags: new Set(),
  };
  while (line.left > 0) if (!readOption(line, draft)) return undefined;
  if (draft.type === undefined || draft.destination === undefined)
    return line.error("redirection type expected ('prefix', 'location', or 'scheme')");
  if (line.onResponse && draft.type !== 'location')
    return line.error("response only supports redirect type 'location'");
  const destination = renderer(line, draft.destination, formatted);
  const cookie = cookieRenderer(line, draft);
  if (destination === undefined || cookie === undefined) return undefined;
  const locate = locator(draft, destination);
  const skipEmpty = draft.type === 'location' && draft.flags.has('ignore-empty');
  return ctx => {
    const location = locate(ctx);
    if (location === undefined || (skipEmpty && location === '')) return CONTINUE;
    ctx.reply = redirection(draft.code, location, cookie(ctx));
    return REDIRECT;
  };
}

function readOption(line: RuleLine, draft: Draft): boolean {
  const keyword = line.take()?.text ?? '';
  if (FLAGS.includes(keyword)) {
    draft.flags.add(keyword);
    return true;
  }
  if (
    !['location', 'prefix', 'scheme', 'code', 'set-cookie', 'set-cookie-fmt', 'clear-cookie'].includes(
      keyword,
    )
  ) {
    line.error(
      "expects 'code', 'prefix', 'location', 'scheme', 'set-cookie', 'set-cookie-fmt'," +
        ` 'clear-cookie', 'drop-query', 'keep-query', 'ignore-empty' or 'append-slash' (was '${keyword}')`,
    );
    return false;
  }
  const word = line.take();
  if (word === undefined) {
    line.error(`missing argument for '${keyword}'`);
    return false;
  }
  if (keyword === 'code') return readCode(line, draft, word);
  if (keyword.endsWith('cookie') || keyword === 'set-cookie-fmt') draft.cookie = { keyword, word };
  else {
    draft.type = keyword as Type;
    draft.destination = word;
  }
  return true;
}

function readCode(line: RuleLine, draft: Draft, word: Word): boolean {
  draft.code = Number(word.text);
  if (CODES.includes(draft.code)) return true;
  line.error(`'code': unsupported HTTP code '${word.text}' (must be one of 301, 302, 303, 307 or 308)`);
  return false;
}

type Renderer = (ctx: RuleContext) => string;

function renderer(line: RuleLine, word: Word, formatted: boolean): Renderer | undefined {
  const { text } = word;
  if (!formatted) return () => text;
  const format: CompiledLogFormat | undefined = line.format(word, 'http');
  return format?.render;
}

function cookieRenderer(
  line: RuleLine,
  { cookie }: Draft,
): ((ctx: RuleContext) => string | undefined) | undefined {
  if (cookie === undefined) return () => undefined;
  const { text, position } = cookie.word;
  if (cookie.keyword === 'set-cookie-fmt')
    return line.format({ text: `${text}; path=/;`, position }, 'http')?.render;
  const value = cookie.keyword === 'set-cookie' ? `${text}; path=/;` : `${text}; path=/; Max-Age=0;`;
  return () => value;
}

/** Where the redirection leads; undefined: there is no request to make it from. */
function locator(draft: Draft, destination: Renderer): (ctx: RuleContext) => string | undefined {
  const { flags } = draft;
  if (draft.type === 'location') {
    if (!flags.has('keep-query')) return destination;
    return ctx => withQueryOf(destination(ctx), targetOf(ctx));
  }
  const isScheme = draft.type === 'scheme';
  // A prefix of just `/` adds nothing, so that one can redirect to the same place.
  const prefix = draft.type === 'prefix' && draft.destination?.text === '/' ? (): string => '' : destination;
  return ctx => {
    const head = ctx.request;
    if (head === undefined) return undefined;
    const path = keptPath(head.target, flags);
    const start = isScheme ? `${prefix(ctx)}://${firstItem(head.headers.get('host') ?? '')}` : prefix(ctx);
    const location = start + path;
    return flags.has('append-slash') && location !== '' && !location.endsWith('/')
      ? `${location}/`
      : location;
  };
}

/** The request as it is now, or as it was received when the response is being processed. */
function targetOf(ctx: RuleContext): string {
  return ctx.request?.target ?? ctx.requestLine?.target ?? '';
}

function keptPath(target: string, flags: ReadonlySet<string>): string {
  const path = pathAndQuery(target) ?? '/';
  const mark = flags.has('drop-query') ? path.indexOf('?') : -1;
  return mark < 0 ? path : path.slice(0, mark);
}

function firstItem(value: string): string {
  const comma = value.indexOf(',');
  return comma < 0 ? value : value.slice(0, comma).trimEnd();
}

/** keep-query: the query of the request goes behind that of the location. */
function withQueryOf(location: string, target: string): string {
  const path = pathAndQuery(target) ?? '';
  const query = path.slice(path.indexOf('?') + 1);
  if (!path.includes('?') || query === '') return location;
  const mark = location.indexOf('?');
  const separator = mark < 0 ? '?' : mark + 1 === location.length ? '' : '&';
  return location + separator + query;
}

const EMPTY = Buffer.alloc(0);

function redirection(status: number, location: string, cookie: string | undefined): Reply {
  const headers: ReplyHeader[] = [
    ['content-length', '0'],
    ['location', location],
  ];
  if (status === 302 || status === 303 || status === 307) headers.push(['cache-control', 'no-cache']);
  if (cookie !== undefined) headers.push(['set-cookie', cookie]);
  return { status, reason: reasonPhrase(status), headers, body: EMPTY };
}
