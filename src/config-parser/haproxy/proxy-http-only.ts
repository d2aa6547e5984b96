/** What has no effect in a proxy that speaks no HTTP: HAProxy says so and goes on. */
import type { RulesetName } from '../../model/rule.ts';
import type { SourceAddress } from '../../model/server.ts';
import { hasBackend, hasFrontend, proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import type { FinishFacts, Report } from './report.ts';

const FRONTEND_FLAGS: readonly string[] = [
  'http-drop-response-trailers',
  'http-ignore-probes',
  'idle-close-on-response',
  'accept-unsafe-violations-in-http-request',
  'http-use-proxy-header',
  'disable-h2-upgrade',
];

const BACKEND_FLAGS: readonly string[] = [
  'checkcache',
  'http-drop-request-trailers',
  'prefer-last-server',
  'accept-unsafe-violations-in-http-response',
  'http-pretend-keepalive',
];

const BOTH_FLAGS: readonly string[] = ['http-buffer-request', 'http-no-delay'];

const RULESETS: readonly RulesetName[] = ['http-request', 'http-response', 'http-after-response'];

/** A TCP frontend whose backend speaks HTTP becomes HTTP on the way there. */
function upgrades(draft: ProxyDraft, facts: FinishFacts): boolean {
  const { defaultBackend } = draft.frontend;
  const targets = draft.own.useBackends.map(rule => rule.target.text);
  if (hasFrontend(draft) && defaultBackend !== undefined) targets.push(defaultBackend.text);
  const dynamic = targets.some(target => target.includes('%'));
  return dynamic || targets.some(target => facts.modeOf(target) === 'http') || switchesMode(draft);
}

function switchesMode(draft: ProxyDraft): boolean {
  return draft.own.rules.some(rule => rule.action === 'switch-mode');
}

/** Options that tell the server about the client. */
const HEADERS = ['forwardfor', 'forwarded', 'originalto'] as const;

function ignoredFlags(draft: ProxyDraft): string[] {
  const { flags } = draft.shared;
  const names = [
    ...BOTH_FLAGS,
    ...(hasFrontend(draft) ? FRONTEND_FLAGS : []),
    ...(hasBackend(draft) ? BACKEND_FLAGS : []),
  ];
  return names.filter(name => flags.has(name));
}

function warnAbout(draft: ProxyDraft, report: Report): void {
  const label = proxyLabel(draft);
  const statement = (name: string): void =>
    report.warn(draft.position, `'${name}' statement ignored for ${label} as it requires HTTP mode.`);
  if (draft.shared.stats !== undefined) statement('stats');
  if (draft.own.cookieCapture !== undefined) statement('capture');
  if (hasFrontend(draft) && draft.frontend.monitorUri !== undefined) statement('monitor-uri');
  const rules = (name: string): void =>
    report.warn(draft.position, `'${name}' rules ignored for ${label} as they require HTTP mode.`);
  for (const ruleset of RULESETS) if (draft.own.rules.some(rule => rule.ruleset === ruleset)) rules(ruleset);
  if (draft.own.plainRules.some(rule => rule.keyword === 'redirect')) rules('redirect');
}

/** `source ... usesrc hdr_ip(<name>)` */
function warnAboutSources(draft: ProxyDraft, report: Report): void {
  const ignoring = (what: string): string => `ignoring use of header ${what} as source IP in non-HTTP mode.`;
  const header = headerOf(draft.backend.source);
  const label = proxyLabel(draft);
  if (header !== undefined && hasBackend(draft))
    report.warn(draft.position, `${label} : ${ignoring(header)}`);
  for (const { name, position, source } of draft.own.servers) {
    const own = headerOf(source);
    if (own !== undefined) report.warn(position, `${label} : server '${name}': ${ignoring(own)}`);
  }
}

function headerOf(source: SourceAddress | undefined): string | undefined {
  return /^hdr_ip\(([^,)]+)/.exec(source?.usesrc ?? '')?.[1];
}

/** Answers the names of the flags that are to be dropped. */
export function warnWithoutHttp(draft: ProxyDraft, facts: FinishFacts, report: Report): ReadonlySet<string> {
  if (draft.shared.mode === 'http') return new Set();
  if (draft.backend.cookie !== undefined && hasBackend(draft))
    report.warn(draft.position, `cookie will be ignored for ${proxyLabel(draft)} (needs 'mode http').`);
  warnAboutSources(draft, report);
  if (upgrades(draft, facts)) return new Set();
  warnAbout(draft, report);
  const flags = ignoredFlags(draft);
  const headers = HEADERS.filter(name => draft.shared[name] !== undefined);
  for (const option of [...flags, ...headers])
    report.warn(
      draft.position,
      `'option ${option}' ignored for ${proxyLabel(draft)} as it requires HTTP mode.`,
    );
  return new Set(flags);
}
