/** `vrrp_sync_group` (keepalived.conf(5), VRRP synchronization group(s)). */
import type { Position } from '../../model/diagnostic.ts';
import type { VrrpSyncGroup } from '../../model/vrrp-instance.ts';
import type { Word } from '../../model/word.ts';
import type { Statement } from './block.ts';
import { KeywordTable } from './keyword.ts';
import { NOTIFY_KEYWORDS, type NotifyDraft } from './notify-keywords.ts';
import type { Scope } from './scope.ts';
import { TRACK_KEYWORDS, emptyTracking, type TrackDraft } from './track-blocks.ts';
import { blockOf, listOf } from './values.ts';

export interface GroupDraft extends TrackDraft, NotifyDraft {
  readonly position: Position;
  members: Word[];
  trackingWeight: boolean;
}

export const VRRP_SYNC_GROUP = new KeywordTable<GroupDraft>('vrrp_sync_group', [
  {
    name: 'group',
    args: '{ <instance> ... }',
    summary: 'member instances',
    parse: (draft, statement) => void draft.members.push(...listOf(statement)),
  },
  ...TRACK_KEYWORDS,
  ...NOTIFY_KEYWORDS,
  {
    name: 'global_tracking',
    args: '',
    summary: 'share trackers of members',
    deprecated: 'track_interface, track_script and track_file of the group',
    parse: draft => void (draft.trackingWeight = true),
  },
  {
    name: 'sync_group_tracking_weight',
    args: '',
    summary: 'allow weighted trackers',
    parse: draft => void (draft.trackingWeight = true),
  },
]);

export function parseSyncGroup(name: string, statement: Statement, scope: Scope): GroupDraft {
  const draft: GroupDraft = {
    name,
    position: statement.position,
    ...emptyTracking(),
    notify: { sayDeleted: false },
    members: [],
    trackingWeight: false,
  };
  VRRP_SYNC_GROUP.read(draft, blockOf(statement, scope), scope);
  return draft;
}

/** Keeps members that exist and are in no other group; a group without members goes. */
export function resolveMembers(
  draft: GroupDraft,
  instances: ReadonlySet<string>,
  grouped: Set<string>,
  scope: Scope,
): VrrpSyncGroup['members'] {
  const members = draft.members.filter(({ text, position }) => {
    if (!instances.has(text))
      scope.report.warn(
        position,
        `Virtual router ${text} specified in sync group ${draft.name} doesn't exist - ignoring`,
      );
    else if (grouped.has(text))
      scope.report.warn(
        position,
        `Virtual router ${text} cannot exist in more than one sync group; ignoring ${draft.name}`,
      );
    else {
      grouped.add(text);
      return true;
    }
    return false;
  });
  if (members.length === 0)
    scope.report.warn(draft.position, `Sync group ${draft.name} has no members - removing`);
  if (members.length === 1)
    scope.report.warn(
      draft.position,
      `Sync group ${draft.name} has only 1 virtual router - this probably isn't what you want`,
    );
  return members.map(word => word.text);
}
