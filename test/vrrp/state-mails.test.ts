/** Mail about changes of state reaches a mail server of our own in keepalived's words. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../src/vrrp/clock.ts';
import type { NotifyState, Subject } from '../../src/vrrp/notify-subject.ts';
import { StateMails } from '../../src/vrrp/state-mails.ts';
import { configOf } from '../support/fake-vrrp.ts';

/** Subjects and bodies as `subject: body`, in the order in which they come; `mail` is emitted for each. */
class Mailbox extends EventEmitter {
  readonly mails: string[] = [];
  readonly #open = new Set<Socket>();
  readonly server = createServer(socket => this.#talk(socket));

  async listen(t: TestContext): Promise<number> {
    t.after(() => {
      this.server.close();
      for (const socket of this.#open) socket.destroy();
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async have(count: number): Promise<void> {
    while (this.mails.length < count) await once(this, 'mail');
  }

  #talk(socket: Socket): void {
    this.#open.add(socket);
    socket.on('error', () => undefined);
    socket.write('220 here\r\n');
    let unread = '';
    socket.on('data', data => {
      unread += data.toString();
      const isMail = unread.includes('Subject: ');
      if (!unread.endsWith(isMail ? '\r\n.\r\n' : '\r\n')) return;
      const [head = '', body = ''] = unread.split('\r\n\r\n');
      socket.write(unread.startsWith('DATA') ? '354 go\r\n' : '250 ok\r\n');
      unread = '';
      if (!isMail) return;
      this.mails.push(`${/Subject: (.*)/.exec(head)?.[1]}: ${body}`);
      this.emit('mail');
    });
  }
}

const NAMES: Readonly<Record<Subject['kind'], string>> = { INSTANCE: 'V', GROUP: 'G' };

function subject(kind: Subject['kind']): Subject {
  return { kind, name: NAMES[kind], priority: 100, notify: { sayDeleted: false }, smtpAlert: true };
}

async function mailsOf(
  t: TestContext,
  more: string,
  said: readonly (readonly [Subject['kind'], NotifyState])[],
  expected: number,
): Promise<string[]> {
  const box = new Mailbox();
  const port = await box.listen(t);
  const { globalDefs } = configOf(`global_defs {
    router_id R
    smtp_server 127.0.0.1 ${port}
    notification_email {
      ops@example.org
    }
    ${more}
  }`);
  const mails = new StateMails(globalDefs, systemClock, () => undefined);
  for (const [kind, state] of said) mails.tell(subject(kind), state);
  await box.have(expected);
  return box.mails.toSorted();
}

test('an instance and a group are written of in the words of their kind', async t => {
  const states: readonly NotifyState[] = ['MASTER', 'BACKUP', 'FAULT', 'STOP', 'DELETED'];
  const said = states.flatMap(state => [['INSTANCE', state] as const, ['GROUP', state] as const]);
  assert.deepEqual(await mailsOf(t, '', said, 9), [
    '[R] VRRP Group G - Entering BACKUP state: => All VRRP group instances are now in BACKUP state <=',
    '[R] VRRP Group G - Entering FAULT state: => All VRRP group instances are now in FAULT state <=',
    '[R] VRRP Group G - Entering MASTER state: => All VRRP group instances are now in MASTER state <=',
    '[R] VRRP Group G - Stopping: => All VRRP group instances are now stopping <=',
    '[R] VRRP Instance V - Deleted: => VRRP Deleted at reload <=',
    '[R] VRRP Instance V - Entering BACKUP state: => VRRP Instance is no longer owning VRRP VIPs <=',
    '[R] VRRP Instance V - Entering FAULT state: => VRRP Instance is no longer owning VRRP VIPs <=',
    '[R] VRRP Instance V - Entering MASTER state: => VRRP Instance is now owning VRRP VIPs <=',
    '[R] VRRP Instance V - Stopping: => VRRP Instance stopping <=',
  ]);
});

test('a state is not written of again where there was no mail about what was between', async t => {
  const said = (['BACKUP', 'FAULT', 'BACKUP', 'MASTER'] as const).map(state => ['INSTANCE', state] as const);
  assert.deepEqual(await mailsOf(t, 'no_email_faults', said, 2), [
    '[R] VRRP Instance V - Entering BACKUP state: => VRRP Instance is no longer owning VRRP VIPs <=',
    '[R] VRRP Instance V - Entering MASTER state: => VRRP Instance is now owning VRRP VIPs <=',
  ]);
});
