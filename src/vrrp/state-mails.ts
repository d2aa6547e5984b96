/**
 * Mail about changes of state (`smtp_alert`), in keepalived's words. Called by notifier.ts, which does not wait for it.
 */
import type { KeepalivedGlobal } from '../model/keepalived.ts';
import { sendMail } from '../net/smtp.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { NotifyState, Subject } from './notify-subject.ts';

interface Words {
  readonly subject: string;
  readonly body: string;
}

const OF_INSTANCE: Readonly<Record<NotifyState, Words>> = {
  MASTER: { subject: 'Entering MASTER state', body: 'VRRP Instance is now owning VRRP VIPs' },
  BACKUP: { subject: 'Entering BACKUP state', body: 'VRRP Instance is no longer owning VRRP VIPs' },
  FAULT: { subject: 'Entering FAULT state', body: 'VRRP Instance is no longer owning VRRP VIPs' },
  STOP: { subject: 'Stopping', body: 'VRRP Instance stopping' },
  DELETED: { subject: 'Deleted', body: 'VRRP Deleted at reload' },
};

const OF_GROUP: Readonly<Partial<Record<NotifyState, Words>>> = {
  MASTER: { subject: 'Entering MASTER state', body: 'All VRRP group instances are now in MASTER state' },
  BACKUP: { subject: 'Entering BACKUP state', body: 'All VRRP group instances are now in BACKUP state' },
  FAULT: { subject: 'Entering FAULT state', body: 'All VRRP group instances are now in FAULT state' },
  STOP: { subject: 'Stopping', body: 'All VRRP group instances are now stopping' },
};

export class StateMails {
  readonly #global: KeepalivedGlobal;
  readonly #clock: Clock;
  readonly #log: Log;
  /** What each one was last written about: with `no_email_faults` it may come back to a state without another mail between. */
  readonly #last = new Map<string, NotifyState>();

  constructor(global: KeepalivedGlobal, clock: Clock, log: Log) {
    this.#global = global;
    this.#clock = clock;
    this.#log = log;
  }

  tell({ kind, name, smtpAlert }: Subject, state: NotifyState): void {
    const { mail, routerId, noEmailFaults } = this.#global;
    if (mail === undefined || !smtpAlert || (state === 'FAULT' && noEmailFaults)) return;
    const key = `${kind} ${name}`;
    const words = (kind === 'GROUP' ? OF_GROUP : OF_INSTANCE)[state];
    if (words === undefined || this.#last.get(key) === state) return;
    this.#last.set(key, state);
    const subject = `[${routerId}] VRRP ${kind === 'GROUP' ? 'Group' : 'Instance'} ${name} - ${words.subject}`;
    const date = new Date(this.#clock.wallClock());
    const message = { from: mail.from, to: mail.to, subject, body: `=> ${words.body} <=` };
    void sendMail(mail, message, date).then(trouble => {
      if (trouble !== undefined) this.#log('warning', `mail alert for ${name}: ${trouble}`);
    });
  }
}
