/** A frontend in mode haterm answers by itself: what names servers is of no use there, and is told of. */
import { hasFrontend, proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import type { Report } from './report.ts';

export function checkHaterm(draft: ProxyDraft, report: Report): void {
  const { shared, frontend, own } = draft;
  if (!shared.haterm || !hasFrontend(draft)) return;
  const found: readonly (readonly [boolean, string])[] = [
    [own.useBackends.length > 0, `'use_backend' rules`],
    [frontend.defaultBackend !== undefined, `'default_backend'`],
    [own.servers.length > 0, 'servers'],
  ];
  for (const [said, what] of found)
    if (said) report.warn(draft.position, `${what} ignored for ${proxyLabel(draft)} because of mode haterm.`);
}
