/**
 * `email-alert`: mails about servers that go down, come up or drain, and about their checks (manual, section 4.2 and
 * `mailers`). Each mailer of the section gets each mail, one after the other; a mail that finds too many waiting is
 * lost and counted, for a mail server that hangs must not cost memory.
 */
import type { Config } from '../model/config.ts';
import type { EmailAlert } from '../model/proxy.ts';
import { sendMail, type Mail, type MailServer } from '../net/smtp.ts';
import type { LifeServer } from './life-server.ts';
import { heloNameOf, levelOf, mailersSections } from './mailers.ts';

export type SendMail = (server: MailServer, mail: Mail, date: Date) => Promise<string | undefined>;

const MOST_WAITING = 100;

export class EmailAlerts {
  readonly #mailers = new Map<string, readonly MailQueue[]>();
  readonly #complain: (text: string) => void;

  constructor(config: Config, complain: (text: string) => void, send: SendMail = sendMail) {
    this.#complain = complain;
    for (const { name, timeoutMs, list } of mailersSections(config))
      this.#mailers.set(
        name,
        list.map(mailer => new MailQueue({ ...mailer, connectTimeoutMs: timeoutMs }, send)),
      );
  }

  /** `level`: that of the line in the log. */
  alert({ proxy }: LifeServer, level: number, text: string): void {
    const { email } = proxy;
    if (email?.mailers === undefined || level > levelOf(email)) return;
    const mail = mailOf(email, text.replace(/\.$/, ''));
    const helo = heloNameOf(email);
    for (const queue of this.#mailers.get(email.mailers) ?? [])
      queue.add(mail, helo, trouble =>
        this.#complain(`Could not send an email alert of '${proxy.name}' to ${queue.name}: ${trouble}.`),
      );
  }
}

function mailOf({ from = '', to = '' }: EmailAlert, text: string): Mail {
  return { from, to: [to], subject: `[HAProxy Alert] ${text}`, body: text };
}

type Mailer = Pick<MailServer, 'server' | 'port' | 'connectTimeoutMs'> & { readonly name: string };

class MailQueue {
  readonly #mailer: Mailer;
  readonly #send: SendMail;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(mailer: Mailer, send: SendMail) {
    this.#mailer = mailer;
    this.#send = send;
  }

  get name(): string {
    return this.#mailer.name;
  }

  add(mail: Mail, heloName: string, failed: (trouble: string) => void): void {
    if (this.#waiting >= MOST_WAITING) return failed('too many mails wait');
    this.#waiting++;
    const date = new Date();
    this.#last = this.#last.then(async () => {
      const trouble = await this.#send({ ...this.#mailer, heloName }, mail, date);
      this.#waiting--;
      if (trouble !== undefined) failed(trouble);
    });
  }
}
