/** Whom scripts, pipes and mails are told about, and the states they are told of. */
import type { NotifyScripts } from '../model/vrrp-instance.ts';

export type NotifyState = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP' | 'DELETED';

export interface Subject {
  readonly kind: 'INSTANCE' | 'GROUP';
  readonly name: string;
  readonly priority: number;
  readonly notify: NotifyScripts;
  readonly smtpAlert: boolean;
}
