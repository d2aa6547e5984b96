/** TCP_CHECK and SMTP_CHECK. */
import type { Socket } from 'node:net';
import type { Checker } from '../../model/virtual-server.ts';
import { bad, GOOD, type CheckResult } from './check.ts';
import { connectAs } from './check-socket.ts';

/** Resolves once, and closes the socket then. */
export function overSocket(
  socket: Socket,
  signal: AbortSignal,
  use: (settle: (result: CheckResult) => void) => void,
): Promise<CheckResult> {
  return new Promise(resolve => {
    const settle = (result: CheckResult): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(result);
    };
    const onAbort = (): void => settle(bad('timeout'));
    signal.addEventListener('abort', onAbort);
    socket.on('error', (error: NodeJS.ErrnoException) => settle(bad(error.code ?? error.message)));
    socket.on('close', () => settle(bad('connection closed')));
    use(settle);
  });
}

export function checkTcp(checker: Checker, signal: AbortSignal): Promise<CheckResult> {
  const socket = connectAs(checker);
  return overSocket(socket, signal, settle => socket.once('connect', () => settle(GOOD)));
}

/** Greeting, HELO, QUIT (RFC 5321, 3.1 and 4.1.1). */
export function checkSmtp(checker: Checker, signal: AbortSignal): Promise<CheckResult> {
  const socket = connectAs(checker);
  const steps = [
    { code: '220', say: `HELO ${checker.heloName ?? 'smtpchecker.keepalived.org'}\r\n` },
    { code: '250', say: 'QUIT\r\n' },
  ];
  return overSocket(socket, signal, settle => {
    let text = '';
    let step = 0;
    socket.on('data', data => {
      text += data.toString('latin1');
      const line = /^(\d{3})(?: [^\n]*)?\r?\n/m.exec(text);
      const expected = steps[step];
      if (line === null || expected === undefined) {
        if (text.length > MOST_TEXT) settle(bad('no SMTP answer'));
        return;
      }
      if (line[1] !== expected.code) return settle(bad(`SMTP status ${line[1]}, not ${expected.code}`));
      text = '';
      step++;
      if (step < steps.length) socket.write(expected.say);
      else socket.end(expected.say, () => settle(GOOD));
    });
  });
}

const MOST_TEXT = 4096;
