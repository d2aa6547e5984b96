/** The admin socket of the real program: sockets, modes, levels, payloads, timeouts. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { startAdminBalancer, type AdminBalancer } from '../support/admin-balancer.ts';
import { AdminTalk, ask, connectAdmin } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';

interface Started extends AdminBalancer {
  /** Of the other admin socket. */
  readonly port: number;
}

async function start(t: TestContext, globals = ''): Promise<Started> {
  const port = await freePort();
  const started = await startAdminBalancer(t, {
    socket: 'mode 600 level admin expose-fd listeners',
    globals: `  stats socket ipv4@127.0.0.1:${port} level user\n${globals}`,
    app: '  server s1 127.0.0.1:1',
    ports: [port],
  });
  return { ...started, port };
}

test('the unix socket has the mode that was asked for and answers one line', async t => {
  const { path } = await start(t);
  assert.equal(await ask(path, 'show cli level\nshow version'), 'admin\n\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('several sockets are open at once, each with its own level', async t => {
  const { path, port } = await start(t);
  assert.equal(
    await ask(port, 'show cli sockets'),
    `# socket lvl processes\nunix@${path} admin all\nipv4@127.0.0.1:${port} user all\n\n`,
  );
  assert.equal(await ask(port, 'show env'), 'Permission denied\n\n');
  assert.match(await ask(path, 'show env PATH'), /^PATH=.*\n\n$/);
});

test('commands of one line run in order and each answer ends with an empty line', async t => {
  const { path } = await start(t);
  assert.equal(
    await ask(path, 'show cli level; operator; show cli level; echo a\\;b', { halfClose: true }),
    'admin\n\n\noperator\n\na;b\n\n',
  );
});

test('with a prompt the connection stays open until quit', async t => {
  const { path } = await start(t);
  const talk = new AdminTalk(await connectAdmin(path));
  assert.equal(await talk.say('prompt', '> '), '\n> ');
  assert.equal(await talk.say('set timeout cli 60', '> '), '\n> ');
  assert.equal(await talk.say('show cli level', '> '), 'admin\n\n> ');
  assert.match(await talk.say('prompt timed', '> '), /^\n\[0:00:00:\d\d\]> $/);
  assert.equal(await talk.say('prompt i', '\n'), '\n');
  assert.equal(await talk.say('show cli level', '\n\n'), 'admin\n\n');
  talk.socket.write('quit\n');
  await talk.closed();
});

test('a payload is asked for with a prompt of its own', async t => {
  const { path } = await start(t);
  const talk = new AdminTalk(await connectAdmin(path));
  await talk.say('prompt', '> ');
  assert.equal(await talk.say('echo payload <<', '+ '), '+ ');
  assert.equal(await talk.say('ignored\n', '> '), 'payload\n\n> ');
  talk.socket.destroy();
});

test('an unknown command is answered with those that resemble it', async t => {
  const { path } = await start(t);
  const answer = await ask(path, 'show verson');
  assert.match(
    answer,
    /^Unknown command: 'show', but maybe one of the following ones is a better match:\n {2}show version/,
  );
  assert.doesNotMatch(await ask(path, 'set maxconn elsewhere 5'), /\n {2}(?:echo|wait) /);
  const help = await ask(path, 'help');
  assert.match(help, /^The following commands are valid at this level:\n/);
  assert.match(help, /\n {2}quit {36}: .*\n\n$/);
  assert.doesNotMatch(help, /expert-mode/);
});

test('a lower level cannot be left again', async t => {
  const { path } = await start(t);
  assert.equal(
    await ask(path, 'user -;operator;show cli level;expert-mode on'),
    'Permission denied\n\nuser\n\nPermission denied\n\n',
  );
});

test('messages carry their severity when that is asked for', async t => {
  const { path } = await start(t);
  assert.equal(await ask(path, 'set severity-output number -;show cli level'), '[6]: admin\n\n');
  assert.equal(
    await ask(path, 'set severity-output string -;set timeout cli'),
    '[err]: Expects an integer value.\n\n',
  );
});

test('a silent connection ends after stats timeout', async t => {
  const { path } = await start(t, '  stats timeout 200ms');
  const talk = new AdminTalk(await connectAdmin(path));
  const before = Date.now();
  await talk.closed();
  assert.ok(Date.now() - before >= 150);
});

test('connections beyond stats maxconn wait for their turn', async t => {
  const { path } = await start(t, '  stats maxconn 1\n  stats timeout 10m');
  const first = new AdminTalk(await connectAdmin(path));
  await first.say('prompt', '> ');
  const second = ask(path, 'show cli level');
  let answered = false;
  void second.then(() => (answered = true));
  await first.say('show cli level', '> ');
  assert.equal(answered, false);
  // it waits neither for the first to hang up, nor for stats timeout
  first.socket.write('quit\n');
  assert.equal(await second, 'admin\n\n');
});

test('a socket that cannot be bound stops the start', async t => {
  const web = await freePort();
  const config = `global
  stats socket /nowhere/at/all.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
listen web
  bind 127.0.0.1:${web}
`;
  const balancer = await startBalancer(t, config, { ports: [] });
  assert.equal(await balancer.ended, 1);
  assert.match(balancer.output(), /ALERT.*Binding \[.*:2\] for frontend GLOBAL: cannot bind UNIX socket/);
});

test('a stop ends admin connections and the process', async t => {
  const { balancer, path } = await start(t);
  const talk = new AdminTalk(await connectAdmin(path));
  await talk.say('prompt', '> ');
  assert.equal(await balancer.stop(), 0);
  await talk.closed();
});
