/** What `tune.lua.*` bounds and directs: time, memory, where a script's words go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startScripted } from '../support/scripted-balancer.ts';
import { untilMatches } from '../support/until.ts';

test('scripts over their time or memory are ended, and what they serve goes on', async t => {
  const { get, balancer } = await startScripted(t, {
    script: `
      local function long() while true do for i = 1, 10000 do end core.yield() end end
      core.register_fetches('burst', function() pcall(function() while true do end end) end)
      core.register_action('session', { 'http-req' }, long)
      core.register_action('memory', { 'http-req' }, function(txn)
        local worked, why = pcall(string.rep, 'x', 30 * 1024 * 1024)
        txn:set_var('txn.said', tostring(worked) .. ' ' .. why)
      end)
      core.register_action('nice', { 'http-req' }, function() core.set_nice(5) core.set_nice(6) end)
      core.register_service('service', 'http', long)
      core.register_task(long)
      core.register_task(function()
        core.wait(2^40)
        core.Warning('WAITED')
      end)`,
    global: [
      'tune.lua.maxmem 20',
      'tune.lua.burst-timeout 300',
      'tune.lua.session-timeout 400ms',
      'tune.lua.service-timeout 400ms',
      'tune.lua.task-timeout 400ms',
    ],
    rules: [
      ...['session', 'memory', 'nice'].map(name => `http-request lua.${name} if { path /${name} }`),
      'http-request set-var(txn.said) lua.burst if { path /burst }',
      'http-request use-service lua.service if { path /service }',
      'http-request return status 200 content-type text/plain lf-string "%[var(txn.said)]"',
    ],
  });
  assert.equal((await get('/burst')).status, 200);
  assert.equal((await get('/session')).status, 200);
  assert.equal((await get('/memory')).body, 'false not enough memory');
  assert.equal((await get('/service')).status, 500);
  assert.equal((await get('/nice')).status, 200);
  // on a busy machine any pause may look like a long run
  await untilMatches(() => balancer.output(), /Lua sample-fetch 'burst': burst timeout/);
  await untilMatches(() => balancer.output(), /Lua function 'session': \w+ timeout/);
  await untilMatches(() => balancer.output(), /Lua applet http 'service': \w+ timeout/);
  await untilMatches(() => balancer.output(), /Lua task: \w+ timeout/);
  await untilMatches(() => balancer.output(), /core\.set_nice has no effect/);
  assert.equal(balancer.output().split('has no effect').length, 2);
  assert.doesNotMatch(balancer.output(), /WAITED/);
});

for (const [loggers, stderr, wanted] of [
  ['on', 'auto', ['LOGGED']],
  ['off', 'auto', ['[info] LOGGED']],
  ['on', 'on', ['[info] LOGGED', 'LOGGED']],
] as const)
  test(`log.loggers ${loggers} and log.stderr ${stderr}: a script's words go to ${wanted.length} places`, async t => {
    const { get, balancer } = await startScripted(t, {
      script: `core.register_action('speak', { 'http-req' }, function(txn) core.Info('LOGGED') core.Info('LAST') end)`,
      global: [
        `tune.lua.log.loggers ${loggers}`,
        `tune.lua.log.stderr ${stderr}`,
        'log stdout format raw local0',
      ],
      rules: ['http-request lua.speak', 'http-request return status 204'],
    });
    assert.equal((await get('/')).status, 204);
    const said = await untilMatches(() => balancer.output(), new RegExp(`(?:LAST[^]*){${wanted.length}}`));
    const lines = said.match(/^.*LOGGED$/gm)?.map(line => line.replace(/ +\(\d+\) :/, ''));
    assert.deepEqual(lines?.sort(), [...wanted].sort());
  });
