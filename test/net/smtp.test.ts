/** Mail to a mail server that is a few lines here: the dialogue, and every way it can fail. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { sendMail, smtpDialogue, type Mail } from '../../src/net/smtp.ts';

const MAIL: Mail = { from: 'a@x', to: ['b@x', 'c@x'], subject: 'hello', body: 'one\n.two' };

test('a mail is a dialogue of commands, with dots doubled', () => {
  const dialogue = smtpDialogue({ heloName: 'me' }, MAIL, new Date(0));
  assert.deepEqual(dialogue.slice(0, 5), [
    'HELO me',
    'MAIL FROM:<a@x>',
    'RCPT TO:<b@x>',
    'RCPT TO:<c@x>',
    'DATA',
  ]);
  assert.match(
    dialogue[5] ?? '',
    /To: b@x, c@x\r\nDate: .*\r\nSubject: hello\r\n\r\none\r\n\.\.two\r\n\r\n\.$/,
  );
  assert.equal(dialogue.at(-1), 'QUIT');
});

/** A mail server that answers each command with what `reply` says; gives its port and what it heard. */
async function startServer(
  t: TestContext,
  reply: (command: string) => string | undefined,
): Promise<{ readonly port: number; readonly heard: string[] }> {
  const heard: string[] = [];
  const open = new Set<Socket>();
  const server = createServer(socket => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.write('220-welcome\r\n220 here\r\n');
    socket.on('data', data => {
      heard.push(data.toString());
      const answer = reply(data.toString());
      if (answer === undefined) socket.destroy();
      else socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, heard };
}

function settings(port: number, connectTimeoutMs = 5000) {
  return { server: '127.0.0.1', port, heloName: 'me', connectTimeoutMs };
}

test('a mail that the server takes is no trouble', async t => {
  const { port, heard } = await startServer(t, command =>
    command === 'DATA\r\n' ? '354 go\r\n' : '250 ok\r\n',
  );
  assert.equal(await sendMail(settings(port), MAIL, new Date(0)), undefined);
  assert.equal(heard.length, 7);
});

test('a server that refuses, hangs up, is silent or is not there is told as the reason', async t => {
  const refusing = await startServer(t, command =>
    command.startsWith('RCPT') ? '550 no such user\r\n' : '250 ok\r\n',
  );
  assert.match((await sendMail(settings(refusing.port), MAIL, new Date(0))) ?? '', /550 no such user/);
  const leaving = await startServer(t, () => undefined);
  assert.match((await sendMail(settings(leaving.port), MAIL, new Date(0))) ?? '', /closed|ECONNRESET/);
  const silent = await startServer(t, () => '');
  assert.equal(await sendMail(settings(silent.port, 50), MAIL, new Date(0)), 'timed out');
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  assert.match((await sendMail(settings(port), MAIL, new Date(0))) ?? '', /ECONNREFUSED/);
});
