/**
 * The door for keepalived.conf: text -> model and diagnostics, with keepalived's tolerances.
 * Preprocess -> blocks -> keyword tables -> resolve.
 */
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { KeepalivedConfig } from '../../model/keepalived.ts';
import type { VrrpInstance, VrrpSyncGroup } from '../../model/vrrp-instance.ts';
import { buildBlocks } from './block.ts';
import { resolveGlobal } from './global-defs.ts';
import { Preprocessor } from './preprocess.ts';
import { Report, type CheckStatus } from './report.ts';
import { OWNER, priorityOf, resolveInstance } from './resolve-instance.ts';
import {
  forGroupMember,
  forGroupWithOwner,
  resolveTracking,
  withoutOwnInterface,
  type Known,
} from './resolve-tracking.ts';
import { RulePreferences } from './rule-preferences.ts';
import type { Scope } from './scope.ts';
import { seededRandom } from './seeded-random.ts';
import type { ConfigSource } from './source.ts';
import { resolveMembers, type GroupDraft } from './sync-group.ts';
import { usableScripts, warnAboutScripts, withUsableCheckers } from './judge-scripts.ts';
import { withKnownSessions } from './judge-sessions.ts';
import { judgeServices } from './judge-services.ts';
import { newTopDraft, TOP, type TopDraft } from './top.ts';
import { VmacNames } from './vmac-names.ts';

export interface KeepalivedResult {
  /** Without the parts that are unusable. */
  readonly config: KeepalivedConfig;
  readonly diagnostics: readonly Diagnostic[];
  readonly status: CheckStatus;
  /** Some instances of the text are not in `config`: a start does without them, a reload changes nothing. */
  readonly missesInstances: boolean;
}

/** Several files count as one, in their order. */
export function parseKeepalived(paths: string | readonly string[], source: ConfigSource): KeepalivedResult {
  const first = readFiles(paths, source);
  const { randomSeed } = first.draft.global;
  // it counts for what stands before it, too
  const { draft, scope } =
    randomSeed === undefined ? first : readFiles(paths, { ...source, random: seededRandom(randomSeed) });
  const config = resolve(draft, scope);
  warnAboutScripts(config, scope);
  const { diagnostics, status, missesInstances } = scope.report;
  return { config, diagnostics, status, missesInstances };
}

function readFiles(
  paths: string | readonly string[],
  source: ConfigSource,
): { readonly draft: TopDraft; readonly scope: Scope } {
  const report = new Report();
  const preprocessor = new Preprocessor(source, report);
  for (const path of typeof paths === 'string' ? [paths] : paths) {
    const text = source.read(path);
    if (text === undefined)
      report.alert({ file: path, line: 0, column: 0 }, `cannot read configuration file '${path}'`);
    preprocessor.file(path, text ?? '');
  }
  const scope: Scope = { report, source, rulePreferences: new RulePreferences() };
  const draft = newTopDraft();
  TOP.read(draft, buildBlocks(preprocessor.lines, report), scope);
  return { draft, scope };
}

function resolve(draft: TopDraft, scope: Scope): KeepalivedConfig {
  const names = new Set(draft.instances.map(instance => instance.name));
  const scripts = usableScripts(draft.scripts, draft.global, scope);
  const judged = withKnownSessions(
    judgeServices(draft.virtualServers, draft.virtualServerGroups, scope.report),
    draft.bfdInstances,
    scope.report,
  );
  const grouped = new Set<string>();
  const weightless = new Set<string>();
  const syncGroups = draft.syncGroups.flatMap(group => {
    const members = resolveMembers(group, names, grouped, scope);
    if (!group.trackingWeight) for (const name of members) weightless.add(name);
    return members.length === 0 ? [] : [resolveGroup(group, members, { draft, scripts }, scope)];
  });
  const vmacNames = new VmacNames();
  for (const { vmacName } of draft.instances) if (vmacName !== undefined) vmacNames.reserve(vmacName);
  const resolved = draft.instances.flatMap(instance => {
    const named = resolveTracking(instance, { draft, scripts }, scope);
    const all = withoutOwnInterface(named, instance, scope);
    const tracking = weightless.has(instance.name) ? forGroupMember(all, instance, scope) : all;
    return resolveInstance(instance, { global: draft.global, tracking, scope, vmacNames }) ?? [];
  });
  warnAboutPlaces(draft, scope);
  const instances = withoutDoubles(resolved, scope);
  return {
    globalDefs: resolveGlobal(draft.global, scope),
    staticAddresses: draft.staticAddresses,
    staticRoutes: draft.staticRoutes,
    staticRules: draft.staticRules,
    instances,
    syncGroups: withoutMissing(syncGroups, new Set(instances.map(instance => instance.name))),
    scripts,
    trackProcesses: draft.trackProcesses,
    trackFiles: draft.trackFiles,
    bfdInstances: draft.bfdInstances.map(({ instance }) => instance),
    garpGroups: draft.garpGroups,
    interfaceDelays: draft.interfaceDelays,
    virtualServers: withUsableCheckers(judged, draft.global, scope),
    virtualServerGroups: draft.virtualServerGroups,
    ssl: draft.ssl,
  };
}

/** A group whose member turned out unusable goes on with the others. */
function withoutMissing(groups: readonly VrrpSyncGroup[], usable: ReadonlySet<string>): VrrpSyncGroup[] {
  return groups
    .map(group => ({ ...group, members: group.members.filter(name => usable.has(name)) }))
    .filter(group => group.members.length > 0);
}

function resolveGroup(
  group: GroupDraft,
  members: readonly string[],
  known: Known,
  scope: Scope,
): VrrpSyncGroup {
  const { global, instances } = known.draft;
  const tracking = resolveTracking(group, known, scope);
  const hasOwner = instances.some(one => members.includes(one.name) && priorityOf(one) === OWNER);
  return {
    name: group.name,
    position: group.position,
    members,
    tracking: hasOwner ? forGroupWithOwner(tracking, group, scope) : tracking,
    notify: group.notify,
    smtpAlert: group.smtpAlert ?? global.smtpAlertVrrp ?? global.smtpAlert ?? false,
    notifyPriorityChanges: group.notifyPriorityChanges ?? global.notifyPriorityChanges,
  };
}

function warnAboutPlaces(draft: TopDraft, { source, report }: Scope): void {
  if (draft.global.dynamicInterfaces || source.interfaceExists === undefined) return;
  // those of another namespace are out of sight
  if (draft.global.netNamespace !== undefined) return;
  for (const { interfaceWord: word, name } of draft.instances) {
    if (word !== undefined && !source.interfaceExists(word.text))
      report.warn(word.position, `WARNING - interface ${word.text} for vrrp_instance ${name} doesn't exist`);
  }
  for (const { trackInterfaces, name } of [...draft.instances, ...draft.syncGroups]) {
    for (const { word } of trackInterfaces) {
      if (!source.interfaceExists(word.text))
        report.warn(word.position, `(${name}) tracked interface ${word.text} doesn't exist`);
    }
  }
}

/** Two routers of one number on one interface hear each other: the first one stays. */
function withoutDoubles(instances: readonly VrrpInstance[], { report }: Scope): VrrpInstance[] {
  const seen = new Map<string, string>();
  return instances.filter(instance => {
    const { name, family, virtualRouterId, unicastPeers, multicastGroup, position } = instance;
    if (unicastPeers.length > 0) return true;
    const key = `${instance.interface} ${family} ${virtualRouterId} ${multicastGroup}`;
    const other = seen.get(key);
    if (other === undefined) {
      seen.set(key, name);
      return true;
    }
    report.leaveOut(
      position,
      `(${name}) VRID ${virtualRouterId} is duplicated on interface ${instance.interface}: also used by ${other}`,
    );
    return false;
  });
}
