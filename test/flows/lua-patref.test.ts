/** Lists of patterns in the hands of scripts (`core.get_patref`): read, changed, exchanged as a whole, watched. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startScripted, type Scripted } from '../support/scripted-balancer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until, untilMatches } from '../support/until.ts';

interface Started extends Scripted {
  readonly map: string;
  readonly command: (line: string) => Promise<string>;
}

/** `body` is run for each request; what it says is the answer, what the map has for `/<path>` a header of it. */
async function start(t: TestContext, body: string, atStart = '', threads = 1): Promise<Started> {
  const folder = temporaryFolder(t);
  const map = `${folder}/names.map`;
  const socket = `${folder}/admin.sock`;
  writeFileSync(map, 'a one\nb two\nb again\n');
  const script = `
    local MAP = '${map}'
    ${atStart}
    core.register_action('try', { 'http-req' }, function(txn)
      local said = {}
      local function say(...) for i = 1, select('#', ...) do said[#said + 1] = tostring((select(i, ...))) end end
      ${body}
      txn:set_var('txn.said', table.concat(said, ' '))
    end)`;
  const scripted = await startScripted(t, {
    script,
    global: [`nbthread ${threads}`, `stats socket ${socket} level admin`],
    rules: [
      'acl known path -m str -f virt@known',
      'http-request deny if { path /denied } known',
      'http-request lua.try if { path /try }',
      'http-request set-var(txn.said) str(-) if !{ path /try }',
      `http-request return status 200 hdr found "%[path,regsub(^/,),map(${map},none)]" content-type text/plain lf-string "%[var(txn.said)]"`,
    ],
  });
  return { ...scripted, map, command: line => ask(socket, line) };
}

test('entries are read, listed, added, changed and removed', async t => {
  const { get, map } = await start(
    t,
    `local ref, known = core.get_patref(MAP), core.get_patref('virt@known')
     say(ref:get_name() == MAP, ref:is_map(), known:is_map(), ref.a, ref.b, ref.none, '|')
     for key, value in pairs(ref) do say(key, value) end
     say('|', ref:add('c', 'three'), ref:add_bulk({ d = 'four' }), ref:set('b', 'both'), ref:set('e', 'five', true), ref:del('a'))
     say('|', ref:set('z', 'x'))
     say('|', ref:add('z'))
     say('|', ref:del('z'), ref.b, ref.e)
     say('|', known:add('/denied'), known:add_bulk({ 'x', 'y' }), known['/denied'], known:set('x', 'y'))
     for key, value in pairs(known) do say(key, value) end
     ref.b = 'ignored'
     say('|', ref.b, pcall(core.get_patref, 'nothing'))`,
  );
  const { body } = await get('/try');
  assert.equal(
    body.replaceAll(map, 'MAP'),
    'true true false one two nil | a one b two b again | true true true true true | nil entry not found ' +
      "| nil a map needs a value for 'z' | false both five | true true true nil this is no map " +
      "/denied nil x nil y nil | both false get_patref: unknown pattern reference 'nothing'",
  );
  const found = [];
  for (const key of ['a', 'b', 'c', 'd', 'e']) found.push((await get(`/${key}`)).headers.found);
  assert.deepEqual(found, ['none', 'both', 'three', 'four', 'five']);
  assert.equal((await get('/denied')).status, 403);
});

test('a prepared version is seen when it is committed, and drops those begun before it', async t => {
  const { get, command, map } = await start(
    t,
    `local ref, other = core.get_patref(MAP), core.get_patref(MAP)
     say(ref:commit())
     other:prepare()
     other:add('lost', 'x')
     ref:prepare()
     say('|', ref:add('a', 'new'), ref:add('a', 'next'), ref:add('gone', 'x'), ref:del('gone'), ref:set('a', 'set'))
     say('|', ref.a, ref.b, other.a, core.get_patref(MAP).a)
     say('|', ref:commit(), ref.b, core.get_patref(MAP).a)
     say('|', other:commit())
     ref:prepare()
     ref:add('b', 'never')
     ref:giveup()
     say('|', ref.b, ref.a)`,
  );
  assert.equal(
    (await get('/try')).body,
    'nil there is nothing to commit: nothing was prepared | true true true true true | set nil nil one ' +
      '| true nil set | nil what was prepared is gone: another version was committed meanwhile | nil set',
  );
  assert.equal((await get('/a')).headers.found, 'set');
  await until('the control thread', async () =>
    /^0x\w+ a set\n0x\w+ a set\n+$/.test(await command(`show map ${map}`)),
  );
});

test('what one thread changes, all threads have, each change once', async t => {
  const { get, command, map } = await start(
    t,
    `local ref = core.get_patref(MAP)
     ref:add('n', tostring(math.random()))`,
    // an init function sees lists that no rule has asked for yet
    `core.register_init(function()
       local ref = core.get_patref(MAP)
       ref:purge()
       ref:add('began', 'here')
     end)`,
    2,
  );
  const asked = await Promise.all(Array.from({ length: 30 }, () => get('/try')));
  assert.ok(asked.every(({ status }) => status === 200));
  await until('30 entries', async () => (await command(`show map ${map}`)).split(/ n /).length === 31);
  await command(`set map ${map} began there`);
  const seen = await Promise.all(Array.from({ length: 20 }, () => get('/began')));
  assert.ok(seen.every(({ headers }) => headers.found === 'there'));
  assert.equal((await command(`show map ${map}`)).match(/ began there$/gm)?.length, 1);
});

test('events tell of changes by whomever, until the subscription ends', async t => {
  const { get, command, map, balancer } = await start(
    t,
    `local ref = core.get_patref(MAP)
     ref:set('a', 'x')
     ref:prepare()
     ref:add('a', 'y')
     ref:commit()`,
    `core.register_init(function()
       local ref = core.get_patref(MAP)
       ref:event_sub({ 'PAT_REF' }, function(event, data, sub, when)
         core.Info('TOLD ' .. event .. ' ' .. tostring(data) .. ' ' .. tostring(os.time() - when < 600))
         if event == 'PAT_REF_CLEAR' then sub:unsub() end
       end)
       ref:event_sub({ 'PAT_REF_COMMIT' }, function(event) core.Info('COMMITTED') end)
     end)`,
  );
  await command(`add map ${map} c three`);
  await command(`del map ${map} c`);
  await get('/try');
  await untilMatches(() => balancer.output(), /TOLD PAT_REF_COMMIT/);
  await command(`prepare map ${map}`);
  await command(`commit map @1 ${map}`);
  await command(`clear map ${map}`);
  await untilMatches(() => balancer.output(), /TOLD PAT_REF_CLEAR/);
  await command(`add map ${map} c three`);
  await command(`prepare map ${map}`);
  await command(`commit map @2 ${map}`);
  await until('the last commit', () => balancer.output().split('COMMITTED').length === 4);
  const told = balancer.output().match(/TOLD PAT_REF_.*/g);
  assert.deepEqual(
    told,
    ['ADD', 'DEL', 'SET', 'COMMIT', 'COMMIT', 'CLEAR'].map(event => `TOLD PAT_REF_${event} nil true`),
  );
});
