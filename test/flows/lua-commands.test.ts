/** Commands that scripts add to the admin socket. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { ask, connectAdmin } from '../support/admin-client.ts';
import { startScripted, type Scripted } from '../support/scripted-balancer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

const SCRIPT = `
local seen = 0
core.register_action('count', { 'http-req' }, function() seen = seen + 1 end)
core.register_cli({ 'show', 'seen' }, 'show seen [<word>] : what was seen', function(applet, ...)
  applet:send(seen .. ' ' .. table.concat({ ... }, ',') .. '\\n')
end)
core.register_cli({ 'lua', 'sum', 'of', 'two', 'lines' }, 'adds', function(applet)
  local first, second = applet:getline(), applet:getline()
  applet:send((tonumber(first) or 0) + (tonumber(second) or 0) .. '\\n')
end)
core.register_cli({ 'lua', 'bytes' }, 'takes bytes', function(applet)
  applet:send('<' .. applet:receive(5) .. '>')
  applet:send(tostring(applet:try_receive() == nil) .. '\\n')
end)
core.register_cli({ 'lua', 'all' }, 'takes everything', function(applet) applet:send(applet:receive():upper()) end)
core.register_cli({ 'lua', 'large' }, 'talks much', function(applet)
  for _ = 1, 200 do applet:send(('x'):rep(9999) .. '\\n') end
end)
core.register_cli({ 'lua', 'forever' }, 'waits', function(applet)
  applet:send('waiting\\n')
  core.sleep(1000)
end)
core.register_cli({ 'lua', 'wrong' }, 'fails', function(applet)
  applet:send('before\\n')
  core.yield()
  error('oh no')
end)
core.register_cli({ 'lua', 'fetch' }, 'has no session', function(applet) applet:send(applet.f:src()) end)
core.register_cli({ 'lua', 'change' }, 'changes a server', function(applet)
  core.backends.app.servers.one:set_maint()
  applet:send(core.backends.app.servers.one:get_stats().status .. '\\n')
end)
`;

async function start(t: TestContext): Promise<Scripted & { readonly socket: string }> {
  const socket = `${temporaryFolder(t)}/admin.sock`;
  const scripted = await startScripted(t, {
    script: SCRIPT,
    rules: ['http-request lua.count', 'http-request return status 204'],
    global: [`stats socket ${socket} level user`],
    sections: ['backend app', '  server one 127.0.0.1:1'],
  });
  return { ...scripted, socket };
}

test('a command of a script gets all words, sees what its thread knows, and is listed', async t => {
  const { get, socket } = await start(t);
  await get('/');
  await get('/');
  assert.equal(await ask(socket, 'show seen a b'), '2 show,seen,a,b\n\n');
  assert.equal(await ask(socket, 'show seen;show seen x'), '2 show,seen\n\n2 show,seen,x\n\n');
  const help = await ask(socket, 'help');
  assert.match(help, /\n {2}show seen +: what was seen\n/);
  assert.match(help, /\n {2}lua sum of two lines +: adds\n/);
  assert.match(await ask(socket, 'lua sum of two'), /^Unknown command/);
  assert.equal(await ask(socket, 'lua change'), 'MAINT\n\n');
});

test('a command of a script reads lines of its client; what it leaves are further commands', async t => {
  const { socket } = await start(t);
  assert.equal(
    await ask(socket, 'prompt\nlua sum of two lines\n3\n4\nshow seen\nquit'),
    '\n> 7\n\n> 0 show,seen\n\n> ',
  );
  assert.equal(await ask(socket, 'lua bytes\nab\ncd'), '<ab\ncd>false\n\n');
  assert.equal(await ask(socket, 'lua all\nabc\nd', { halfClose: true }), 'ABC\nD\n\n');
  assert.equal(await ask(socket, 'lua sum of two lines', { halfClose: true }), '0\n\n');
});

test('a long answer goes out as its client takes it, and a command whose client has gone is ended', async t => {
  const { socket, get } = await start(t);
  assert.equal((await ask(socket, 'lua large')).length, 2_000_001);
  const client = await connectAdmin(socket);
  client.write('lua forever\n');
  const [bytes] = (await once(client, 'data', { signal: AbortSignal.timeout(60_000) })) as [Buffer];
  assert.equal(bytes.toString(), 'waiting\n');
  assert.equal((await get('/')).status, 204, 'traffic goes on');
  client.destroy();
  assert.equal(await ask(socket, 'show seen'), '1 show,seen\n\n');
});

test('a command that fails says so in the logs, and the connection goes on', async t => {
  const { socket, balancer } = await start(t);
  assert.equal(await ask(socket, 'lua wrong; show seen'), 'before\n\n0 show,seen\n\n');
  await untilMatches(
    () => balancer.output(),
    /Lua command 'lua wrong': runtime error: .*script\.lua:\d+: oh no/,
  );
  assert.equal(await ask(socket, 'lua fetch'), '\n');
  await untilMatches(() => balancer.output(), /Lua command 'lua fetch': runtime error: .*script\.lua:\d+: /);
});
