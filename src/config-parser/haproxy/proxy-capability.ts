/**
 * The warnings for words in a kind of section that has no use for them: accepted, said, and without effect
 * (a frontend has no servers, a backend no listeners).
 */
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';
import { hasBackend, hasFrontend, proxyLabel, type ProxyDraft } from './proxy-draft.ts';

function warnIgnored(
  draft: ProxyDraft,
  name: string,
  missing: string,
  context: LineContext,
  hint: string,
): void {
  const reason = `because ${proxyLabel(draft)} has no ${missing} capability.${hint}`;
  context.warn(context.line[0] ?? context.position, `'${name}' ignored ${reason}`);
}

/** True (and a warning) when the section is a frontend. */
export function ignoredWithoutBackend(
  draft: ProxyDraft,
  keyword: Word | string,
  context: LineContext,
  hint = '',
): boolean {
  if (hasBackend(draft)) return false;
  warnIgnored(draft, typeof keyword === 'string' ? keyword : keyword.text, 'backend', context, hint);
  return true;
}

/** True (and a warning) when the section is a backend. */
export function ignoredWithoutFrontend(
  draft: ProxyDraft,
  keyword: Word | string,
  context: LineContext,
  hint = '',
): boolean {
  if (hasFrontend(draft)) return false;
  warnIgnored(draft, typeof keyword === 'string' ? keyword : keyword.text, 'frontend', context, hint);
  return true;
}
