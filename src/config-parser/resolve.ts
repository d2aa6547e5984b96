/**
 * The last step of parsing: drafts become the model, names become known to exist, and what only the whole
 * configuration can tell is checked. Runs also when lines were not understood: what is said then is about other lines.
 */
import type { Config } from '../model/config.ts';
import type { Global } from '../model/global.ts';
import type { Mode, Proxy } from '../model/proxy.ts';
import type { ConfigDraft } from './config-draft.ts';
import { finishCache } from './haproxy/cache-section.ts';
import { finishGlobal } from './haproxy/global-draft.ts';
import { finishLogForward } from './haproxy/log-forward.ts';
import { isMisread } from './haproxy/misread.ts';
import type { ProxyDraft } from './haproxy/proxy-draft.ts';
import { finishProxy } from './haproxy/proxy-finish.ts';
import type { FinishFacts, Report } from './haproxy/report.ts';
import { SharedParts } from './haproxy/shared-parts.ts';
import type { ParserContext } from './parser-context.ts';
import { checkCaches } from './resolve-caches.ts';
import { checkFilters } from './resolve-filters.ts';
import { checkConditions } from './resolve-conditions.ts';
import { checkGlobalReferences, checkReferences, createNames } from './resolve-references.ts';
import { checkReverse } from './resolve-reverse.ts';
import { finishPeers } from './peers.ts';
import { finishNameservers } from './nameservers.ts';
import { finishRings } from './rings.ts';
import { checkSharedCounters } from './shared-counters.ts';
import { stickTablesOf } from './stick-tables.ts';
import { refuseRepeatedGuids } from './unique-ids.ts';
import { withUnixBind } from './unix-bind.ts';

const SILENT: Report = { alert: () => undefined, warn: () => undefined };

/** HAProxy's numbering: the next free number for whoever has none, starting at 2. */
function assignIds(drafts: readonly ProxyDraft[]): readonly number[] {
  const taken = new Set(drafts.map(({ own }) => own.id).filter(id => id !== undefined));
  let next = 2;
  return drafts.map(({ own }) => {
    if (own.id !== undefined) return own.id;
    while (taken.has(next)) next++;
    return next++;
  });
}

function refuseRepeatedIds(drafts: readonly ProxyDraft[], context: ParserContext): void {
  const owners = new Map<number, ProxyDraft>();
  for (const draft of drafts) {
    const { id } = draft.own;
    if (id === undefined) continue;
    const owner = owners.get(id);
    if (owner === undefined) owners.set(id, draft);
    else {
      const { file, line } = owner.position;
      const reused = `${draft.kind} ${draft.name} reuses same custom id as ${owner.kind} ${owner.name}`;
      context.alert(draft.own.idPosition ?? draft.position, `${reused} (declared at ${file}:${line}).`);
    }
  }
}

function factsOf(draft: ConfigDraft, global: Global): FinishFacts {
  const modes = new Map<string, Mode>();
  for (const { kind, name, shared } of draft.proxies) if (kind !== 'frontend') modes.set(name, shared.mode);
  return {
    global,
    modeOf: name => modes.get(name),
    parts: new SharedParts(),
    misreadGlobal: draft.global.misread,
  };
}

function finishProxies(draft: ConfigDraft, facts: FinishFacts, context: ParserContext): readonly Proxy[] {
  refuseRepeatedIds(draft.proxies, context);
  const ids = assignIds(draft.proxies);
  return draft.proxies.map((proxy, index) =>
    withUnixBind(
      finishProxy(proxy, ids[index] as number, facts, proxy.shared.disabled ? SILENT : context),
      facts.global.unixBind,
    ),
  );
}

function warnUnused({ otherSections, proxies }: Config, context: ParserContext): void {
  if (context.fatalCount > 0) return;
  if (context.experimentalSince !== undefined && !context.experimentalUsed)
    context.warn(
      context.experimentalSince,
      `'expose-experimental-directives' is of no use: nothing in these files is experimental. Leave it out, so that nothing of the kind is used by accident.`,
    );
  const used = new Set(proxies.map(({ email }) => email?.mailers));
  for (const { kind, name, position } of otherSections)
    if (kind === 'mailers' && !used.has(name))
      context.warn(position, `mailers '${name}' : no proxy refers to this section, it is not used.`);
}

export function resolveConfig(draft: ConfigDraft, context: ParserContext): Config {
  const global = finishGlobal(draft.global);
  const { userlists, httpErrors, otherSections } = draft;
  const facts = factsOf(draft, global);
  const proxies = finishProxies(draft, facts, context);
  refuseRepeatedGuids(proxies, context);
  checkSharedCounters(global, proxies, context);
  const peers = finishPeers(draft.peers, facts, context);
  const rings = finishRings(draft.rings, facts, context);
  const nameservers = finishNameservers(draft.resolvers, facts, context);
  const stickTables = stickTablesOf({ proxies, otherSections, peers }, context);
  const logForwards = draft.logForwards.map(section =>
    withUnixBind(finishLogForward(section), global.unixBind),
  );
  const config: Config = {
    global,
    proxies,
    stickTables,
    peers,
    rings,
    nameservers,
    userlists,
    httpErrors,
    logForwards,
    caches: draft.caches.map(finishCache),
    otherSections,
    ...(context.experimentalUsed ? { usesExperiments: true } : {}),
  };
  const misread = draft.proxies.filter(proxy => isMisread(proxy, 'mode')).map(({ name }) => name);
  const names = createNames(config, new Set(misread));
  checkGlobalReferences(names, context);
  for (const proxy of proxies) {
    if (proxy.disabled) continue;
    checkReferences(proxy, names, context);
    checkCaches(proxy, config.caches, context);
    checkFilters(proxy, context);
    checkConditions(proxy, context);
    checkReverse(proxy, names.backends, context);
  }
  warnUnused(config, context);
  return config;
}
