/**
 * What instances and sync groups track: names -> what they refer to, and what weights may do in a sync group
 * (keepalived.conf(5), VRRP synchronization group(s)). Called by parse.ts.
 */
import type { BfdInstance, VrrpScript } from '../../model/keepalived.ts';
import type { Tracked, Tracking } from '../../model/vrrp-instance.ts';
import type { Scope } from './scope.ts';
import type { TopDraft } from './top.ts';
import { resolveTrackLines, type TrackDraft, type TrackLine, type Trackables } from './track-blocks.ts';

/** What tracking refers to. */
export interface Known {
  readonly draft: TopDraft;
  /** Those that can be run. */
  readonly scripts: readonly VrrpScript[];
}

type Tracker = TrackDraft & { readonly name: string };

export function resolveTracking(tracker: TrackDraft, { draft, scripts }: Known, scope: Scope): Tracking {
  const interfaces = new Map(
    tracker.trackInterfaces.map(({ word }) => [word.text, { weight: 0, reverse: false }]),
  );
  const runnable = new Set(scripts.map(({ name }) => name));
  const tracked = (lines: readonly TrackLine[], known: Trackables, what: string): Tracked[] =>
    resolveTrackLines(lines, known, what, scope);
  return {
    interfaces: tracked(tracker.trackInterfaces, interfaces, 'interface'),
    scripts: tracked(tracker.trackScripts, trackables(draft.scripts), 'track script').filter(({ name }) =>
      runnable.has(name),
    ),
    files: tracked(tracker.trackFiles, trackables(draft.trackFiles), 'track file'),
    processes: tracked(tracker.trackProcesses, trackables(draft.trackProcesses), 'track process'),
    bfds: tracked(tracker.trackBfds, trackables(followable(draft)), 'track bfd'),
    lb: tracker.trackLb,
  };
}

function trackables(
  list: readonly { readonly name: string; readonly weight: number; readonly reverse: boolean }[],
): Trackables {
  return new Map(list.map(item => [item.name, item]));
}

/** Not those that say `checker` alone. */
function followable({ bfdInstances }: TopDraft): BfdInstance[] {
  return bfdInstances.filter(({ forVrrp }) => forVrrp).map(({ instance }) => instance);
}

/** An instance follows its own interface anyway: what it says of that in `track_interface`, a weight too, counts for nothing. */
export function withoutOwnInterface(
  tracking: Tracking,
  { name: instance, interface: own, trackInterfaces }: Tracker & { readonly interface?: string },
  { report }: Scope,
): Tracking {
  const line = trackInterfaces.find(({ word }) => word.text === own);
  if (line === undefined) return tracking;
  report.warn(line.word.position, `(${instance}) Ignoring track_interface ${own} since own interface`);
  return { ...tracking, interfaces: tracking.interfaces.filter(({ name }) => name !== own) };
}

/** The weight of a file that says none. */
const FILE_WEIGHT = 1;

/**
 * Of a member of a sync group without `sync_group_tracking_weight`: members must not float one by one, so that weighted
 * scripts, files and sessions are left out. As in keepalived weights of interfaces and processes stay, whatever it says
 * of the former.
 */
export function forGroupMember(tracking: Tracking, tracker: Tracker, { report }: Scope): Tracking {
  const left = (kind: string, lines: readonly TrackLine[], list: readonly Tracked[]): Tracked[] =>
    list.filter(({ name, weight }) => {
      const line = lines.find(({ word }) => word.text === name);
      if (weight !== 0 && line !== undefined)
        report.warn(
          line.word.position,
          `(${tracker.name}) ignoring tracked ${kind} ${name} with weight ${weight} due to SYNC group`,
        );
      return weight === 0;
    });
  const plainFiles = tracking.files.map(file => {
    if (file.weight !== FILE_WEIGHT) return file;
    const line = tracker.trackFiles.find(({ word }) => word.text === file.name);
    if (line !== undefined)
      report.warn(
        line.word.position,
        `(${tracker.name}) ignoring weight from tracked file ${file.name} due to SYNC group. specify weight 0`,
      );
    return { ...file, weight: 0 };
  });
  return {
    ...tracking,
    scripts: left('script', tracker.trackScripts, tracking.scripts),
    files: left('file', tracker.trackFiles, plainFiles),
    bfds: left('bfd', tracker.trackBfds, tracking.bfds),
    lb: tracking.lb.map(item => ({ ...item, weight: 0 })),
  };
}

/** Of a sync group with an owner of addresses, whose priority never changes. */
export function forGroupWithOwner(tracking: Tracking, group: Tracker, { report }: Scope): Tracking {
  const flat = (kind: string, lines: readonly TrackLine[], list: readonly Tracked[]): Tracked[] =>
    list.map(item => {
      const line = lines.find(({ word }) => word.text === item.name);
      if (item.weight !== 0 && line !== undefined)
        report.warn(
          line.word.position,
          `(${group.name}) Cannot have weighted track ${kind} '${item.name}' with member having priority 255 - clearing weight`,
        );
      return { ...item, weight: 0 };
    });
  return {
    interfaces: flat('interface', group.trackInterfaces, tracking.interfaces),
    scripts: flat('script', group.trackScripts, tracking.scripts),
    files: flat('file', group.trackFiles, tracking.files),
    processes: flat('process', group.trackProcesses, tracking.processes),
    bfds: flat('bfd', group.trackBfds, tracking.bfds),
    lb: tracking.lb.map(item => ({ ...item, weight: 0 })),
  };
}
