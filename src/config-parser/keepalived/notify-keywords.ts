/** `notify_master` and its kin, the same in an instance and in a sync group. The first of each kind counts. */
import type { NotifyScripts } from '../../model/vrrp-instance.ts';
import type { KeepalivedKeyword } from './keyword.ts';
import { boolRow } from './value-rows.ts';
import { readScript } from './values.ts';

export interface NotifyDraft {
  readonly name: string;
  notify: { -readonly [K in keyof NotifyScripts]: NotifyScripts[K] };
  smtpAlert?: boolean;
  notifyPriorityChanges?: boolean;
}

type Kind = Exclude<keyof NotifyScripts, 'sayDeleted'>;

function script(name: string, kind: Kind, summary: string): KeepalivedKeyword<NotifyDraft> {
  return {
    name,
    args: 'SCRIPT [user [[:]group]]',
    summary,
    parse: (draft, statement, scope) => {
      if (kind === 'deleted') draft.notify.sayDeleted = true;
      if (kind === 'deleted' && statement.words.length === 0) return;
      if (draft.notify[kind] !== undefined) {
        scope.report.warn(statement.position, `(${draft.name}) ${name} script already specified - ignoring`);
        return;
      }
      const command = readScript(statement, scope);
      if (command !== undefined) draft.notify[kind] = command;
    },
  };
}

export const NOTIFY_KEYWORDS: readonly KeepalivedKeyword<NotifyDraft>[] = [
  script('notify_master', 'master', 'run when becoming master'),
  script('notify_backup', 'backup', 'run when becoming backup'),
  script('notify_fault', 'fault', 'run upon fault'),
  script('notify_stop', 'stop', 'run when stopping'),
  script('notify_deleted', 'deleted', 'run when removed by a reload'),
  script('notify', 'any', 'run upon any change, with kind, name, state and priority'),
  script('notify_master_rx_lower_pri', 'masterRxLowerPri', 'run when a master hears an inferior advert'),
  boolRow('smtp_alert', 'smtpAlert', 'mail upon change'),
  boolRow('notify_priority_changes', 'notifyPriorityChanges', 'report priority changes to the pipes'),
];
