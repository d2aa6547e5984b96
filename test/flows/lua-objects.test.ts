/** Proxies, servers, stick tables and certificates in the hands of scripts: what they read, and what they change. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { startScripted, type Scripted } from '../support/scripted-balancer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tlsFile, tlsText } from '../support/tls-material.ts';
import { until, untilMatches } from '../support/until.ts';

/** `body` is run for each request; what it puts into `said` is the answer. */
const SCRIPT = (body: string, before = ''): string => `
${before}
core.register_action('try', { 'http-req' }, function(txn)
  local said = {}
  local function say(...) for i = 1, select('#', ...) do said[#said + 1] = tostring((select(i, ...))) end end
  ${body}
  txn:set_var('txn.said', table.concat(said, ' '))
end)`;

const RULES = [
  'http-request lua.try',
  'http-request return status 200 content-type text/plain lf-string "%[var(txn.said)]"',
];

const APP = [
  'backend app',
  '  server one 127.0.0.1:1 check inter 1h init-state up weight 10 maxconn 5 agent-check agent-port 1 agent-inter 1h',
  '  server two 127.0.0.1:2 backup track one',
];

function start(
  t: TestContext,
  script: string,
  { sections = APP, global = [] as string[] } = {},
): Promise<Scripted> {
  return startScripted(t, { script, rules: RULES, sections, global });
}

test('a script changes servers, and finds them changed', async t => {
  const body = `
    local one = core.backends.app.servers.one
    say(one:set_weight('50%'), one:get_weight(), one:set_weight('x'))
    say('|', one:set_maxconn(7), one:get_maxconn(), (one:set_maxconn('x')))
    one:set_addr('127.0.0.9', 99)
    say('|', one:get_addr(), one:set_addr('here'))
    one:set_drain()
    say('|', one:is_draining())
    one:set_maint()
    say(one:get_stats().status)
    one:set_ready()
    say(one:get_stats().status)
    one:check_force_down()
    say('|', one:get_stats().status)
    one:check_force_nolb()
    say(one:get_stats().status)
    one:check_force_up()
    say(one:get_stats().status)
    one:agent_force_down()
    say('|', one:get_stats().status)
    one:agent_force_up()
    one:agent_disable() one:agent_force_down()
    one:agent_enable()
    one:check_disable() one:check_enable()
    one:shut_sess()
    say(one:get_stats().status)`;
  const { get } = await start(t, SCRIPT(body));
  const said = (await get('/')).body.split(' | ');
  assert.equal(said[0], 'nil 5 Empty weight string empty or preceded by garbage');
  assert.match(said[1] ?? '', /^nil 7 \S/);
  assert.match(said[2] ?? '', /^127\.0\.0\.9:99 Invalid addr 'here'$/);
  assert.match(said[3] ?? '', /^true MAINT UP/);
  assert.deepEqual(said.slice(4), ['DOWN NOLB UP', 'DOWN (agent) UP']);
});

test('a script knows who tracks whom, and which servers came at run time', async t => {
  const body = `
    local one, two = core.backends.app.servers.one, core.backends.app.servers.two
    say(two:tracking():get_name(), one:tracking(), #one:get_trackers(), one:get_trackers()[1].name)
    say('|', one:is_dynamic(), one:get_rid(), one:get_proxy():get_name(), one:get_puid())
    say('|', core.frontends.web.listeners['sock-1']:get_stats().svname)
    local quiet = core.frontends.quiet.listeners
    say(quiet.here:get_stats(), quiet.there)`;
  const { get } = await startScripted(t, {
    script: SCRIPT(body),
    rules: [...RULES, 'option socket-stats'],
    sections: [...APP, 'frontend quiet', `  bind 127.0.0.1:${await freePort()} name here`],
  });
  assert.equal((await get('/')).body, 'one nil 1 two | false 0 app 1 | sock-1 nil nil');
});

test('identifiers are text, and statistics of a proxy are those of its kind', async t => {
  const body = `
    local one, web = core.backends.app.servers.one, core.proxies.web
    say(type(one:get_puid()), type(one:get_rid()), type(one.puid), type(web:get_uuid()), type(web.uuid))
    say('|', web:get_stats().svname, core.frontends.web:get_stats().svname, core.proxies.app:get_stats().svname)`;
  const { get } = await start(t, SCRIPT(body));
  assert.equal((await get('/')).body, 'string string string string string | FRONTEND FRONTEND BACKEND');
});

test('a change by a script that cannot wait happens all the same, and its mistakes are told', async t => {
  const before = `
    core.register_fetches('off', function(txn)
      core.backends.app.servers.one:set_maint()
      return tostring(core.backends.app.servers.one:set_weight('x'))
    end)`;
  const { get, balancer } = await startScripted(t, {
    script: SCRIPT('say(core.backends.app.servers.one:get_stats().status)', before),
    rules: [
      'http-request return status 200 lf-string "%[lua.off]" content-type text/plain if { path /off }',
      ...RULES,
    ],
    sections: APP,
  });
  assert.equal((await get('/off')).body, 'nil');
  await untilMatches(async () => (await get('/')).body, /^MAINT$/);
  await untilMatches(() => balancer.output(), /Lua: Empty weight string/);
});

test('a script pauses, resumes and stops a frontend, and ends what backup servers serve', async t => {
  const port = await freePort();
  let held = 0;
  const origin = await startHttpOrigin(t, 'held', () => void held++);
  const { get } = await start(
    t,
    SCRIPT(`
      local other = core.frontends.other
      local path = txn.sf:path():sub(2)
      if path == 'shut_bcksess' then core.backends.held:shut_bcksess()
      else other[path](other) end
      say('done')`),
    {
      sections: [
        'frontend other',
        `  bind 127.0.0.1:${port}`,
        '  http-request return status 204 if { path /free }',
        '  default_backend held',
        'backend held',
        `  server spare ${origin.address} backup`,
      ],
    },
  );
  const isOpen = async (): Promise<boolean> => {
    const socket = connect(port, '127.0.0.1');
    const opened = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    return opened;
  };
  assert.equal((await get('/pause')).body, 'done');
  assert.equal(await isOpen(), false);
  assert.equal((await get('/resume')).body, 'done');
  assert.equal(await isOpen(), true);
  const client = connect(port, '127.0.0.1');
  let heard = '';
  client.on('data', (bytes: Buffer) => (heard += bytes.toString()));
  const ended = once(client, 'close', { signal: AbortSignal.timeout(60_000) });
  client.write('GET /held HTTP/1.1\r\nhost: h\r\n\r\n');
  await until('the backup server serves', () => held > 0);
  await get('/shut_bcksess');
  await ended;
  assert.equal(heard, '');
  await get('/stop');
  assert.equal(await isOpen(), false);
});

test('a script reads stick tables', async t => {
  const body = `
    local function shown(entry)
      return entry and table.concat({ entry.gpc0, entry.http_req_cnt, entry.server_key, entry.use }, ',')
    end
    local t = core.backends.counts.stktable
    local info = t:info()
    say(info.type, info.size, info.used, info.length, info.expire, info.nopurge, info.data.gpc0, info.data.http_req_rate)
    say('|', shown(t:lookup('127.0.0.1')), t:lookup('127.0.0.2'), t:lookup('x'))
    for key, entry in pairs(t:dump()) do say('|', key, shown(entry)) end
    say(next(t:dump({ { 'gpc0', 'gt', 100 } })), next(t:dump({ { 'gpc0', 'ge', 1 }, { 'http_req_cnt', 'gt', 0 } })))
    say('|', core.backends.app.stktable)
    for _, wrong in ipairs({ { { 'nope', 'gt', 5 } }, { 'x' }, { { 'gpt0', 'gt', 5 } } }) do
      local ok, none, mistake = pcall(t.dump, t, wrong)
      say('|', ok, none, mistake)
    end`;
  const { get } = await startScripted(t, {
    script: SCRIPT(body),
    rules: ['http-request track-sc0 src table counts', 'http-request sc-inc-gpc0(0)', ...RULES],
    sections: [
      ...APP,
      'backend counts',
      '  stick-table type ip size 100 expire 10m store gpc0,http_req_cnt,http_req_rate(10s),server_key',
    ],
  });
  const said = (await get('/')).body.split(' | ');
  assert.equal(said[0], 'ip 100 1 4 600000 false -1 10000');
  assert.equal(said[1], '1,1,-,1 nil nil');
  assert.match(said[2] ?? '', /^127\.0\.0\.1 1,1,-,1 nil 127\.0\.0\.1 table: /);
  assert.equal(said[3], 'nil');
  assert.match(said[4] ?? '', /^true nil Filter entry #1: Unknown data type/);
  assert.match(said[5] ?? '', /^false .*a filter entry is a table/);
  assert.match(said[6] ?? '', /^true nil Filter entry #1: Data type not stored/);
});

test('what init functions see and order of servers is there at the start, ordered once', async t => {
  const before = `
    core.register_init(function()
      local one = core.backends.app.servers.one
      assert(one:get_weight() == 10 and one:get_addr() == '127.0.0.1:1' and one:get_stats().svname == 'one')
      one:set_maint()
    end)`;
  const { get } = await start(t, SCRIPT('say(core.backends.app.servers.one:get_stats().status)', before), {
    global: ['nbthread 2'],
  });
  await untilMatches(async () => (await get('/')).body, /^MAINT$/);
});

test('a script exchanges a certificate', async t => {
  const folder = temporaryFolder(t);
  const pem = `${folder}/site.pem`;
  copyFileSync(tlsFile('rsa.pem'), pem);
  const port = await freePort();
  const body = `
    local function try(certificate)
      local ok, mistake = pcall(function() CertCache.set(certificate) end)
      say(ok, mistake, '|')
    end
    try({ filename = '${pem}', crt = [[${tlsText('client.pem')}]] })
    try({ filename = '${pem}', crt = 'broken' })
    try({ crt = 'x' })
    try('x')`;
  const { get } = await start(t, SCRIPT(body), {
    sections: [...APP, 'frontend secure', `  bind 127.0.0.1:${port} ssl crt ${pem}`],
  });
  const subject = async (): Promise<unknown> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(60_000) });
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return CN;
  };
  assert.equal(await subject(), 'www.example');
  const said = (await get('/')).body.split(' |');
  assert.equal(said[0], 'true nil');
  assert.match(said[1] ?? '', /^ false .*script\.lua:\d+: CertCache\.set: \S/);
  assert.match(said[2] ?? '', /needs a field 'filename'/);
  assert.match(said[3] ?? '', /needs a table/);
  assert.equal(await subject(), 'client');
});

test('a script finds its variables again, however many names it makes up', async t => {
  const body = `
    local sum = 0
    for number = 1, 3000 do txn:set_var('txn.made' .. number, number) end
    for number = 1, 3000 do sum = sum + txn:get_var('txn.made' .. number) end
    txn:unset_var('txn.made3000')
    say(sum, txn.f:var('txn.made2999'), txn:get_var('txn.made3000'), txn:get_var('txn.made3001'))
    say(select(2, txn.sf:dump_all_vars('txn'):gsub('txn%.made', '')))
  `;
  const { get } = await start(t, SCRIPT(body));
  assert.equal((await get('/')).body, '4501500 2999 nil nil 2999');
  assert.equal((await get('/')).body, '4501500 2999 nil nil 2999');
});
