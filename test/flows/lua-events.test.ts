/** Scripts that are told what happens to servers. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startScripted } from '../support/scripted-balancer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

const SHOW = `
local function words(orders)
  local list = {}
  for word, holds in pairs(orders) do if holds then table.insert(list, word) end end
  table.sort(list)
  return '{' .. table.concat(list, ' ') .. '}'
end
local function shown(event, data)
  local out = { 'EVENT', event, data.proxy_name .. '/' .. data.name, data.puid, data.rid,
    data.reference and data.reference:get_name() or 'gone' }
  local state, admin, check = data.state, data.admin, data.check or data.state and data.state.check
  if state then table.insert(out, state.old_state .. '>' .. state.new_state .. ' ' .. tostring(state.admin) .. ' [' .. state.cause .. ']') end
  if admin then table.insert(out, words(admin.old_admin) .. '>' .. words(admin.new_admin)) end
  if check then
    local health = check.health
    table.insert(out, check.result .. ' ' .. tostring(check.agent) .. ' ' .. check.reason.short .. ' ' .. tostring(check.reason.code) ..
      ' ' .. health.cur .. ' ' .. health.rise .. ' ' .. health.fall)
  end
  return table.concat(out, ' ')
end`;

interface Told {
  readonly command: (line: string) => Promise<string>;
  /** Resolves when scripts have said so. */
  readonly says: (wanted: RegExp) => Promise<string>;
}

async function start(t: TestContext, script: string, server: string): Promise<Told> {
  const socket = `${temporaryFolder(t)}/admin.sock`;
  const { balancer } = await startScripted(t, {
    script: `${SHOW}\n${script}`,
    rules: ['http-request return status 204'],
    global: ['nbthread 2', `stats socket ${socket} level admin`],
    sections: ['backend app', `  server one ${server}`],
  });
  return {
    command: line => ask(socket, line),
    says: wanted => untilMatches(() => balancer.output(), wanted),
  };
}

const CALM = '127.0.0.1:1';

test('a script is told of states and orders, in their order, once', async t => {
  const { command, says } = await start(
    t,
    `core.event_sub({ 'SERVER_STATE', 'SERVER_ADMIN', 'SERVER_UP', 'SERVER_DOWN' }, function(event, data, sub, when)
       core.yield()
       core.Info(shown(event, data) .. ' ' .. tostring(os.time() - when < 600))
     end)`,
    CALM,
  );
  await command('set server app/one state maint');
  await command('set server app/one state ready');
  await command('set server app/one health down');
  await command('set server app/one state drain');
  const said = await says(/\{\}>\{DRAIN FDRAIN\}/);
  const events = said.match(/EVENT .*/g);
  assert.deepEqual(events, [
    'EVENT SERVER_ADMIN app/one 1 0 one {}>{FMAINT MAINT} true',
    'EVENT SERVER_DOWN app/one 1 0 one true',
    'EVENT SERVER_STATE app/one 1 0 one RUNNING>STOPPED true [] true',
    'EVENT SERVER_ADMIN app/one 1 0 one {FMAINT MAINT}>{} true',
    'EVENT SERVER_UP app/one 1 0 one true',
    'EVENT SERVER_STATE app/one 1 0 one STOPPED>RUNNING true [] true',
    'EVENT SERVER_DOWN app/one 1 0 one true',
    'EVENT SERVER_STATE app/one 1 0 one RUNNING>STOPPED false [changed from CLI] true',
    'EVENT SERVER_ADMIN app/one 1 0 one {}>{DRAIN FDRAIN} true',
  ]);
});

test('a script is told of servers that come and go, subscribes to one of them, and ends that', async t => {
  const { command, says } = await start(
    t,
    `core.event_sub({ 'SERVER_ADD', 'SERVER_DEL' }, function(event, data)
       core.Info(shown(event, data))
       if data.reference then
         data.reference:event_sub({ 'SERVER' }, function(event, data, sub)
           core.Info('OWN ' .. shown(event, data))
           sub:unsub()
         end)
       end
     end)`,
    CALM,
  );
  await command('add server app/two 127.0.0.1:2');
  await says(/EVENT SERVER_ADD app\/two 2 0 two$/m);
  await command('set server app/one state drain');
  await command('enable server app/two');
  await says(/OWN EVENT SERVER_ADMIN app\/two 2 0 two \{FMAINT MAINT\}>\{\}$/m);
  await command('disable server app/two');
  await command('del server app/two');
  await command('add server app/two 127.0.0.1:2');
  const said = await says(/EVENT SERVER_ADD app\/two 2 1 two$/m);
  assert.match(said, /EVENT SERVER_DEL app\/two 2 0 gone$/m);
  assert.deepEqual(said.match(/OWN EVENT .*/g), ['OWN EVENT SERVER_ADMIN app/two 2 0 two {FMAINT MAINT}>{}']);
});

test('a script is told what checks have found, and a mistake in it costs one event', async t => {
  const { says } = await start(
    t,
    `local first = true
     core.event_sub({ 'SERVER_CHECK', 'SERVER_STATE' }, function(event, data)
       core.Info(shown(event, data))
       if first then first = false error('oh no') end
     end)`,
    '127.0.0.1:1 check inter 100ms fall 1 rise 3',
  );
  const said = await says(
    /EVENT SERVER_STATE app\/one 1 0 one RUNNING>STOPPED false \[\] FAILED false L4CON nil 0 3 1$/m,
  );
  assert.match(said, /EVENT SERVER_CHECK app\/one 1 0 one FAILED false L4CON nil 0 3 1$/m);
  await says(/Lua event SERVER_CHECK: runtime error: .*script\.lua:\d+: oh no/);
});

test('what scripts of each thread subscribe to while they load is told once', async t => {
  const file = `${temporaryFolder(t)}/each.lua`;
  writeFileSync(
    file,
    `core.event_sub({ 'SERVER_ADMIN' }, function(event, data)
       core.Info('THREAD ' .. core.thread .. ' ' .. tostring(data.admin.new_admin.MAINT))
     end)`,
  );
  const socket = `${temporaryFolder(t)}/admin.sock`;
  const { balancer } = await startScripted(t, {
    script: '',
    rules: ['http-request return status 204'],
    global: ['nbthread 2', `lua-load-per-thread ${file}`, `stats socket ${socket} level admin`],
    sections: ['backend app', `  server one ${CALM}`],
  });
  await ask(socket, 'set server app/one state maint');
  await ask(socket, 'set server app/one state ready');
  const said = await untilMatches(() => balancer.output(), /THREAD \d false/);
  assert.deepEqual(said.match(/THREAD.*/g), ['THREAD 1 true', 'THREAD 1 false']);
});
