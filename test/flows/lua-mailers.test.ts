/** Scripts that send the mails of `email-alert`: they are told of mailers, and nobody else sends them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startScripted } from '../support/scripted-balancer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

const SCRIPT = `
core.use_native_mailers_config()
local mails = core.queue()
core.register_init(function()
  local app = core.backends.app
  local mailers = app:get_mailers()
  core.Info('MAILERS ' .. table.concat({ tostring(mailers.track_server_health), mailers.log_level, mailers.mailservers_timeout,
    mailers.smtp_hostname, mailers.smtp_from, mailers.smtp_to, tostring(core.backends.silent:get_mailers()) }, ' '))
  app.servers.one:event_sub({ 'SERVER_STATE' }, function(event, data)
    mails:push(data.state.new_state)
  end)
end)
core.register_task(function()
  while true do
    local text = mails:pop_wait()
    for name, address in pairs(core.backends.app:get_mailers().mailservers) do
      local tcp = core.tcp()
      tcp:connect(address)
      tcp:send(name .. ' ' .. text .. '\\n')
      tcp:close()
    end
  end
end)`;

test('a script has what it needs to send mails, and is the only one that sends them', async t => {
  const heard: string[] = [];
  const server = createServer(socket => {
    socket.write('220 here\r\n');
    socket.on('error', () => undefined);
    socket.on('data', chunk => heard.push(chunk.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { readonly port: number };
  const socket = `${temporaryFolder(t)}/admin.sock`;
  const email = [
    'mailers post',
    'from lb@domain.tld',
    'to you@domain.tld',
    'level notice',
    'myhostname here.tld',
  ];
  const { balancer } = await startScripted(t, {
    script: SCRIPT,
    rules: ['http-request return status 204'],
    global: [`stats socket ${socket} level admin`],
    sections: [
      'backend app',
      '  option log-health-checks',
      ...email.map(line => `  email-alert ${line}`),
      '  server one 127.0.0.1:1',
      'backend silent',
      '  server one 127.0.0.1:1',
      'mailers post',
      '  timeout mail 7s',
      `  mailer first 127.0.0.1:${port}`,
    ],
  });
  await ask(socket, 'set server app/one health down');
  await ask(socket, 'set server app/one health up');
  const sent = await untilMatches(() => heard.join(''), /RUNNING/);
  assert.equal(sent, 'first STOPPED\nfirst RUNNING\n');
  assert.match(balancer.output(), /MAILERS true 5 7000 here\.tld lb@domain\.tld you@domain\.tld nil/);
});
