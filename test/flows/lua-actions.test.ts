/** Actions, samples and converters of scripts, between real sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilMatches } from '../support/until.ts';
import { startScripted } from '../support/scripted-balancer.ts';

const SCRIPT = `
core.register_action('note', { 'http-req' }, function(txn, word)
  txn:set_var('txn.note', word .. ' ' .. (txn.f:req_hdr('host') and 'host' or 'nobody'))
  txn.http:req_set_header('X-Count', tostring(#txn.http:req_get_headers()['host'] + 1))
end, 1)
core.register_action('nap', { 'http-req' }, function(txn)
  core.msleep(20)
  core.yield()
  txn:set_var('txn.note', 'slept')
end)
core.register_action('fail', { 'http-req' }, function(txn) local nothing; nothing() end)
core.register_action('loop', { 'http-req' }, function() while true do pcall(function() while true do end end) end end)
core.register_action('deny', { 'http-req' }, function() return act.DENY end)
core.register_action('stop', { 'http-req' }, function() return act.STOP end)
core.register_action('answer', { 'http-req' }, function(txn)
  local reply = txn:reply{ status = 418, reason = 'Tea' }
  reply:add_header('x-one', '1')
  reply:add_header('x-one', '2')
  reply:set_body('short')
  txn:done(reply)
end)
core.register_action('mark', { 'http-after-res' }, function(txn) txn.http:res_add_header('x-mark', txn.f:status()) end)
core.register_fetches('shout', function(txn, extra) return (txn.sf:path() .. (extra or '')):upper() end)
core.register_converters('turned', function(text) return text:reverse() end)
`;

const RULES = [
  'http-request lua.note word',
  'http-request lua.nap if { path /nap }',
  'http-request lua.fail if { path /fail }',
  'http-request lua.loop if { path /loop }',
  'http-request lua.deny if { path /deny }',
  'http-request lua.answer if { path /answer }',
  'http-request lua.stop if { path /stop }',
  'http-request return status 200 content-type text/plain lf-string "%[var(txn.note)]|%[req.hdr(x-count)]|%[lua.shout(!)]|%[str(abc),lua.turned]"',
  'http-after-response lua.mark',
];

test('a script sets variables and headers, and serves as sample and converter', async t => {
  const { get } = await startScripted(t, { script: SCRIPT, rules: RULES });
  const answer = await get('/a');
  assert.equal(answer.body, 'word host|1|/A!|cba');
  assert.equal(answer.headers['x-mark'], '200');
});

test('a script that sleeps holds its own request up and nobody else', async t => {
  const { get } = await startScripted(t, { script: SCRIPT, rules: RULES });
  const [slow, quick] = await Promise.all([get('/nap'), get('/quick')]);
  assert.match(slow.body, /^slept\|/);
  assert.match(quick.body, /^word host\|/);
});

test('a script that fails is told of, and the request goes on', async t => {
  const { get, balancer } = await startScripted(t, { script: SCRIPT, rules: RULES });
  assert.equal((await get('/fail')).status, 200);
  await untilMatches(() => balancer.output(), /Lua function 'fail': runtime error: .*script\.lua:11: .*nil/);
});

test('an endless loop is cut and other requests are served meanwhile', async t => {
  const { get, balancer } = await startScripted(t, {
    script: SCRIPT,
    rules: RULES,
    global: ['tune.lua.session-timeout 200ms'],
  });
  const [looped, other] = await Promise.all([get('/loop'), get('/other')]);
  assert.equal(looped.status, 200);
  assert.equal(other.status, 200);
  await untilMatches(() => balancer.output(), /Lua function 'loop': execution timeout\./);
});

test('what an action answers decides: deny, stop, a reply of its own', async t => {
  const { get } = await startScripted(t, { script: SCRIPT, rules: RULES });
  assert.equal((await get('/deny')).status, 403);
  const answer = await get('/answer');
  assert.deepEqual([answer.status, answer.reason, answer.body], [418, 'Tea', 'short']);
  assert.equal(answer.headers['x-one'], '1, 2');
  assert.equal((await get('/stop')).status, 503);
});
