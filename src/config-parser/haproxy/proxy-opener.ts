/**
 * Opens `defaults`, `frontend`, `backend` and `listen` sections: their names, the defaults section they start
 * from, and names that exist already (manual, section 4).
 */
import type { Position } from '../../model/diagnostic.ts';
import type { Word } from '../../model/word.ts';
import type { ConfigDraft, SectionOpener, SectionReader } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import type { ParserContext } from '../parser-context.ts';
import { createProxyDraft, type ProxyDraft } from './proxy-draft.ts';
import { ALL_KEYWORDS, keywordOf, misreadKeyword } from './misread.ts';
import { PROXY_KEYWORDS } from './proxy-section.ts';
import { findBadNameCharacter } from './section-name.ts';
import { standIn } from './stand-in.ts';

type Kind = ProxyDraft['kind'];

interface Head {
  readonly name: string;
  readonly from: Word | undefined;
}

export const PROXY_INDEX = createKeywordIndex(PROXY_KEYWORDS);

function place({ file, line }: Position): string {
  return `${file}:${line}`;
}

/** `defaults [<name>] [from <defaults>]` */
function readDefaultsHead(words: readonly Word[], context: ParserContext): Head {
  const [, first, second, third, extra] = words;
  if (first?.text === 'from' && second !== undefined && third === undefined)
    return { name: '', from: second };
  if (second === undefined) return { name: first?.text ?? '', from: undefined };
  if (second.text === 'from' && third !== undefined && extra === undefined)
    return { name: first?.text ?? '', from: third };
  const bad = extra ?? second;
  context.warn(bad, `'defaults' ignores the unexpected argument '${bad.text}'.`);
  return { name: first?.text ?? '', from: undefined };
}

/** `<kind> <name> [from <defaults>]` */
function readProxyHead(kind: Kind, words: readonly Word[], context: ParserContext): Head {
  const [keyword, name, second, third, extra] = words as [Word, Word?, Word?, Word?, Word?];
  if (name === undefined) {
    context.alert(keyword, `'${kind}' expects an <id> argument`);
    return { name: '', from: undefined };
  }
  const bad = findBadNameCharacter(name.text);
  if (bad !== undefined)
    context.alert(name, `character '${bad}' is not permitted in '${kind}' name '${name.text}'.`);
  if (second === undefined) return { name: name.text, from: undefined };
  if (second.text === 'from' && third !== undefined && extra === undefined)
    return { name: name.text, from: third };
  if (extra !== undefined)
    context.alert(extra, `'${kind}' cannot handle unexpected argument '${extra.text}'.`);
  else if (kind === 'backend')
    context.warn(second, `'${kind}' : unexpected argument '${second.text}' is ignored.`);
  if (kind !== 'backend') context.alert(second, `please use the 'bind' keyword for listening addresses.`);
  return { name: name.text, from: undefined };
}

function checkSameName(kind: Kind, name: string, config: ConfigDraft, context: ParserContext): void {
  const twin =
    config.proxyNames.get(name) ??
    config.defaults.named.get(name) ??
    config.logForwards.find(section => section.name === name);
  if (twin === undefined) return;
  const twinKind = 'kind' in twin ? twin.kind : 'log-forward';
  const what = `${kind} '${name}' has the same name as ${twinKind} '${name}'`;
  const cure = 'Two sections need different names, also a frontend and a backend: rename one of them.';
  context.alert(context.position, `${what} declared at ${place(twin.position)}. ${cure}`);
}

/** A named defaults section may replace one of the same name, unless somebody refers to that one. */
function registerDefaults(draft: ProxyDraft, config: ConfigDraft, context: ParserContext): void {
  const { defaults } = config;
  defaults.last = draft;
  if (draft.name === '') return;
  const proxy = config.proxyNames.get(draft.name);
  if (proxy !== undefined) {
    const what = `defaults '${draft.name}' has the same name as ${proxy.kind} '${draft.name}'`;
    context.alert(context.position, `${what} declared at ${place(proxy.position)}.`);
  }
  const twin = defaults.named.get(draft.name);
  if (twin !== undefined && defaults.explicit.has(twin)) {
    const what = `defaults '${draft.name}' has the same name as another defaults section declared at ${place(twin.position)}`;
    context.alert(
      context.position,
      `${what} which was explicitly referenced hence cannot be replaced. Please remove or rename one of the offending defaults section.`,
    );
  } else if (twin !== undefined) defaults.replaced.set(draft, twin.position);
  defaults.named.set(draft.name, draft);
}

function findDefaults(
  kind: Kind,
  head: Head,
  config: ConfigDraft,
  context: ParserContext,
): ProxyDraft | undefined {
  const from = head.from as Word;
  const found = config.defaults.named.get(from.text);
  if (found === undefined) {
    context.alert(from, `defaults section '${from.text}' not found for ${kind} '${head.name}'.`);
    return undefined;
  }
  const earlier = config.defaults.replaced.get(found);
  if (earlier !== undefined) {
    const where = `exists at least at ${place(found.position)} and ${place(earlier)}`;
    context.alert(
      from,
      `ambiguous defaults section name '${from.text}' referenced by ${kind} '${head.name}' ${where}.`,
    );
  }
  const bad = findBadNameCharacter(from.text);
  if (bad !== undefined)
    context.alert(
      from,
      `character '${bad}' is not permitted in defaults section name '${from.text}' when designated by its name (section found at ${place(found.position)}).`,
    );
  config.defaults.explicit.add(found);
  return found;
}

/** The defaults section a new section starts from. */
function chooseDefaults(
  kind: Kind,
  head: Head,
  config: ConfigDraft,
  context: ParserContext,
): ProxyDraft | undefined {
  const { defaults } = config;
  let from: ProxyDraft | undefined;
  if (head.from !== undefined) from = findDefaults(kind, head, config, context);
  else if (kind !== 'defaults') {
    from = defaults.last;
    if (from !== undefined) defaults.implicit.add(from);
  }
  if (from !== undefined && defaults.explicit.has(from) && defaults.implicit.has(from)) {
    const what = `defaults section '${from.name}' (declared at ${place(from.position)})`;
    context.warn(
      context.position,
      `${what} is explicitly referenced by another proxy and implicitly used here. To avoid any ambiguity don't mix both usage. Add a last defaults section not explicitly used or always use explicit references.`,
    );
  }
  return from;
}

function noteMisread(draft: ProxyDraft, line: readonly Word[]): void {
  draft.own.misread.add(misreadKeyword(keywordOf(line)));
  standIn(draft, line);
}

function createOpener(kind: Kind): SectionOpener {
  return (words, config, context): SectionReader => {
    const head = kind === 'defaults' ? readDefaultsHead(words, context) : readProxyHead(kind, words, context);
    const from = chooseDefaults(kind, head, config, context);
    const draft = createProxyDraft(kind, head.name, context.position, from);
    if (kind === 'defaults') registerDefaults(draft, config, context);
    else {
      if (head.name !== '') checkSameName(kind, head.name, config, context);
      config.proxies.push(draft);
      if (!config.proxyNames.has(head.name)) config.proxyNames.set(head.name, draft);
    }
    if (head.from !== undefined && from === undefined) draft.own.misread.add(ALL_KEYWORDS);
    const misread = (line: readonly Word[]): void => noteMisread(draft, line);
    return {
      line: (line, at) => void (applyLine(PROXY_INDEX, draft, line, at) || misread(line)),
      misread,
      end: () => undefined,
    };
  };
}

export const PROXY_OPENERS: Readonly<Record<string, SectionOpener>> = {
  defaults: createOpener('defaults'),
  frontend: createOpener('frontend'),
  backend: createOpener('backend'),
  listen: createOpener('listen'),
};
