/**
 * One plain mail (RFC 5321), without waiting and without ever throwing: `smtp_alert` of VRRP and `email-alert` of
 * health checks.
 */
import { connect } from 'node:net';

export interface MailServer {
  readonly server: string;
  readonly port: number;
  readonly heloName: string;
  readonly connectTimeoutMs: number;
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly body: string;
}

/** The commands after the greeting; each waits for a reply that begins with 2 or 3. */
export function smtpDialogue({ heloName }: Pick<MailServer, 'heloName'>, mail: Mail, date: Date): string[] {
  const headers = [
    `From: ${mail.from}`,
    `To: ${mail.to.join(', ')}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Subject: ${mail.subject}`,
  ];
  const body = mail.body.split('\n').map(line => (line.startsWith('.') ? `.${line}` : line));
  return [
    `HELO ${heloName}`,
    `MAIL FROM:<${mail.from}>`,
    ...mail.to.map(address => `RCPT TO:<${address}>`),
    'DATA',
    // an empty line ends the text, as HAProxy has it: servers made for its mails look for one
    [...headers, '', ...body, '', '.'].join('\r\n'),
    'QUIT',
  ];
}

/** Resolves to undefined when the mail was taken, else to the reason. */
export function sendMail(server: MailServer, mail: Mail, date: Date): Promise<string | undefined> {
  return new Promise(resolve => {
    const commands = smtpDialogue(server, mail, date);
    const socket = connect({ host: server.server, port: server.port });
    let text = '';
    const finish = (trouble: string | undefined): void => {
      socket.destroy();
      resolve(trouble);
    };
    socket.setTimeout(server.connectTimeoutMs, () => finish('timed out'));
    socket.once('error', error => finish(error.message));
    socket.once('close', () => finish('the mail server closed the connection'));
    socket.on('data', data => {
      text += data.toString('latin1');
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const line = text.slice(0, end).trim();
        text = text.slice(end + 1);
        if (/^\d{3}-/.test(line)) continue;
        if (!/^[23]/.test(line)) finish(`the mail server said: ${line}`);
        else {
          const command = commands.shift();
          if (command === undefined) finish(undefined);
          else socket.write(`${command}\r\n`);
        }
      }
    });
  });
}
