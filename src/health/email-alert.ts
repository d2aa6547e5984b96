/**
 * `email-alert`: mails about servers that go down, come up or drain, and about their checks (manual, section 4.2 and
 * `mailers`). Each mailer of the section gets each mail, one after the other; a mail that finds too many waiting is
 * lost and counted, for a mail server that hangs must not cost memory.
 */
import { hostname } from 'node:os';
import { parseAddress } from '../config-parser/address.ts';
import { parseTime } from '../config-parser/units.ts';
import type { Config, OtherSection } from '../model/config.ts';
import type { EmailAlert } from '../model/proxy.ts';
import { sendMail, type Mail, type MailServer } from '../net/smtp.ts';
import type { LifeServer } from './life-server.ts';

export type SendMail = (server: MailServer, mail: Mail, date: Date) => Promise<string | undefined>;

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
const DEFAULT_LEVEL = LEVELS.indexOf('alert');
const DEFAULT_TIMEOUT_MS = 10_000;
const MOST_WAITING = 100;

export class EmailAlerts {
  readonly #mailers = new Map<string, readonly MailQueue[]>();
  readonly #complain: (text: string) => void;

  constructor(config: Config, complain: (text: string) => void, send: SendMail = sendMail) {
    this.#complain = complain;
    for (const section of config.otherSections)
      if (section.kind === 'mailers')
        this.#mailers.set(
          section.name,
          mailersOf(section).map(mailer => new MailQueue(mailer, send)),
        );
  }

  /** `level`: that of the line in the log. */
  alert({ proxy }: LifeServer, level: number, text: string): void {
    const { email } = proxy;
    if (email?.mailers === undefined || level > levelOf(email)) return;
    const mail = mailOf(email, text.replace(/\.$/, ''));
    const helo = email.myhostname ?? hostname();
    for (const queue of this.#mailers.get(email.mailers) ?? [])
      queue.add(mail, helo, trouble =>
        this.#complain(`Could not send an email alert of '${proxy.name}' to ${queue.name}: ${trouble}.`),
      );
  }
}

function levelOf({ level }: EmailAlert): number {
  return level === undefined ? DEFAULT_LEVEL : LEVELS.indexOf(level);
}

function mailOf({ from = '', to = '' }: EmailAlert, text: string): Mail {
  return { from, to: [to], subject: `[HAProxy Alert] ${text}`, body: text };
}

type Mailer = Pick<MailServer, 'server' | 'port' | 'connectTimeoutMs'> & { readonly name: string };

/** The lines were checked when the configuration was read. */
function mailersOf({ lines }: OtherSection): Mailer[] {
  const timeout = lines.find(([first, second]) => first?.text === 'timeout' && second?.text === 'mail');
  const parsed = parseTime(timeout?.[2]?.text ?? '', 'ms');
  const connectTimeoutMs = parsed.error === undefined ? parsed.value : DEFAULT_TIMEOUT_MS;
  return lines
    .filter(([word]) => word?.text === 'mailer')
    .flatMap(([, name, place]) => {
      const address = parseAddress(place?.text ?? '', { port: 'required' });
      if (address.error !== undefined) return [];
      const { address: where } = address.value;
      if (where.kind !== 'ip' && where.kind !== 'name') return [];
      return [{ name: name?.text ?? '', server: where.host, port: where.port, connectTimeoutMs }];
    });
}

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
