/** Actions, samples and converters of scripts, between real sockets. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { LB } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
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
core.register_action('finish', { 'http-req', 'http-res', 'tcp-req' }, function() return act.DONE end)
core.register_action('answer', { 'http-req' }, function(txn)
  local reply = txn:reply{ status = 418, reason = 'Tea' }
  reply:add_header('x-one', '1')
  reply:add_header('x-one', '2')
  reply:set_body('short')
  txn:done(reply)
end)
core.register_action('mark', { 'http-after-res' }, function(txn) txn.http:res_add_header('x-mark', txn.f:status()) end)
core.register_action('mark', { 'http-req' }, function(txn) txn.http:req_set_header('x-mark', 'asked') end)
core.register_fetches('shout', function(txn, extra) return (txn.sf:path() .. (extra or '')):upper() end)
core.register_converters('turned', function(text) return text:reverse() end)
`;

const RULES = [
  'http-request lua.note word',
  'http-request lua.mark',
  'http-request lua.nap if { path /nap }',
  'http-request lua.fail if { path /fail }',
  'http-request lua.loop if { path /loop }',
  'http-request lua.deny if { path /deny }',
  'http-request lua.answer if { path /answer }',
  'http-request lua.stop if { path /stop }',
  'http-request return status 200 content-type text/plain lf-string "%[var(txn.note)]|%[req.hdr(x-count)]|%[lua.shout(!)]|%[str(abc),lua.turned]|%[req.hdr(x-mark)]"',
  'http-after-response lua.mark',
];

test('a script sets variables and headers, and serves as sample and converter', async t => {
  const { get } = await startScripted(t, { script: SCRIPT, rules: RULES });
  const answer = await get('/a');
  assert.equal(answer.body, 'word host|1|/A!|cba|asked');
  assert.equal(answer.headers['x-mark'], '200', 'one name, an action for requests and one for responses');
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

test('samples and converters that fail are none, and the last of several values counts', async t => {
  const script = `
core.register_fetches('broken', function() error('no value') end)
core.register_converters('broken', function() error({}) end)
core.register_fetches('several', function() return 'first', 'last' end)`;
  const { get } = await startScripted(t, {
    script,
    rules: [
      'http-request return status 200 content-type text/plain lf-string "<%[lua.broken]|%[str(a),lua.broken]|%[lua.several]>"',
    ],
  });
  assert.equal((await get('/')).body, '<||last>');
});

test('an action ends a request with 503, and changes of its target answer true', async t => {
  const script = `
core.register_action('abort', { 'http-req' }, function() return act.ABORT end)
core.register_action('change', { 'http-req' }, function(txn)
  local http, said = txn.http, {}
  for _, name in ipairs({ 'method', 'path', 'query', 'uri' }) do
    said[#said + 1] = tostring(http['req_set_' .. name](http, '/x'))
  end
  said[#said + 1] = tostring(txn:unset_var('txn.nobody')) .. tostring(txn:unset_var('nobody'))
  txn:set_var('txn.said', table.concat(said, ' '))
end)`;
  const rules = [
    'http-request lua.abort if { path /abort }',
    'http-request lua.change',
    'http-request return status 200 content-type text/plain lf-string "%[var(txn.said)]"',
  ];
  const { get } = await startScripted(t, { script, rules });
  assert.equal((await get('/abort')).status, 503);
  assert.equal((await get('/')).body, 'true true true true truefalse');
});

test('scripts find the environment, and functions of older versions of Lua', async t => {
  const script = `
core.register_fetches('old', function()
  local m, e = math.frexp(-6)
  return table.concat({ math.pow(2, 3), math.log10(1000), m, e, math.ldexp(0.75, 3), math.cosh(0), math.sinh(0), math.tanh(50) }, ' ')
end)
core.register_fetches('home', function() return os.getenv('HOME') == core.get_var('proc.home') and 'same' or 'other' end)`;
  const { get } = await startScripted(t, {
    script,
    global: ['set-var-fmt proc.home "%[env(HOME)]"'],
    rules: ['http-request return status 200 content-type text/plain lf-string "%[lua.old]|%[lua.home]"'],
  });
  assert.equal((await get('/')).body, '8.0 3.0 -0.75 3 6.0 1.0 0.0 1.0|same');
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

test('act.DONE ends the rules of a set, and the message goes on its way', async t => {
  const origin = await startHttpOrigin(t, 'origin');
  const { get } = await startScripted(t, {
    script: SCRIPT,
    rules: [
      'tcp-request content lua.finish',
      'tcp-request content reject',
      'http-request lua.finish',
      'http-request deny',
      'http-response lua.finish',
      'http-response deny',
      'default_backend b',
    ],
    sections: ['backend b', `  server s ${origin.address}`],
  });
  assert.equal((await get('/')).status, 200);
});

test('the status that a script gives a response is logged', async t => {
  const origin = await startHttpOrigin(t, 'origin');
  const { get, balancer } = await startScripted(t, {
    script: `core.register_action('status', { 'http-res' }, function(txn) txn.http:res_set_status(299) end)`,
    rules: [
      'log stdout format raw local0',
      'log-format "logged %ST %[txn.status]"',
      'http-response lua.status',
      'default_backend b',
    ],
    sections: ['backend b', `  server s ${origin.address}`],
  });
  assert.equal((await get('/')).status, 299);
  await untilMatches(() => balancer.output(), /logged 299 299/);
});

test('act.ERROR is an internal error of the proxy, in a request and in a response', async t => {
  const origin = await startRawOrigin(t, socket =>
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
  );
  const { get } = await startScripted(t, {
    script: `core.register_action('err', { 'http-req', 'http-res' }, function() return act.ERROR end)`,
    rules: [
      'http-request set-var(txn.path) path',
      'http-request lua.err if { path /request }',
      'http-request return status 204 if { path /served }',
      'http-response lua.err',
      'http-after-response set-header x-state %[txn.sess_term_state]',
      'default_backend app',
    ],
    sections: ['backend app', `  server one ${origin.address}`],
  });
  for (const [path, status, state] of [
    ['/request', 500, 'IR'],
    ['/response', 500, 'IH'],
    ['/served', 204, 'LR'],
  ] as const) {
    const answer = await get(path);
    assert.deepEqual([answer.status, answer.headers['x-state']], [status, state]);
  }
});

test('what is wrong with a script stops the start and names its place', async t => {
  const folder = temporaryFolder(t);
  const check = (script: string, rule = ''): string => {
    writeFileSync(join(folder, 'a.lua'), script);
    const lines = [
      'global',
      ' tune.lua.bool-sample-conversion normal',
      ` lua-load ${folder}/a.lua`,
      'frontend f',
      ' mode http',
      ' bind :1',
      ` ${rule}`,
    ];
    writeFileSync(join(folder, 'a.cfg'), `${lines.join('\n')}\n`);
    const { stderr, status } = spawnSync(LB, ['-c', '-f', join(folder, 'a.cfg')], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    return `${status} ${stderr}`;
  };
  assert.match(
    check('local x = = 1'),
    /^1 [^]*a\.cfg:3\] : .*syntax error: .*a\.lua:1: unexpected symbol near '='/,
  );
  assert.match(check('\nerror("no")'), /^1 [^]*runtime error: .*a\.lua:2: no/);
  assert.match(check('core.register_action("a", { "wrong" }, print)'), /^1 [^]*unknown facility 'wrong'/);
  const register = (body: string): string =>
    `core.register_filter("f", { ${body} }, function(flt) return flt end)`;
  assert.match(
    check('', 'filter lua.a'),
    /^1 [^]*a\.cfg:7\][^]*'lua\.a' : no script has registered a filter/,
  );
  assert.match(check(register(''), 'filter lua.f'), /^1 [^]*its class has no function 'new'/);
  assert.match(
    check('core.register_filter("f", { new = print }, error)', 'filter lua.f'),
    /^1 [^]*'lua\.f' : /,
  );
  assert.match(check(register('new = print'), 'filter lua.f'), /^0 /);
  assert.match(check('core.event_sub({ "SERVER_NO" }, print)'), /^1 [^]*unknown event type 'SERVER_NO'/);
  assert.match(
    check('core.register_init(core.use_native_mailers_config)'),
    /^1 [^]*use_native_mailers_config: not available outside of body context/,
  );
  assert.match(
    check('core.register_init(function() error("never") end)'),
    /^1 [^]*Lua init: runtime error: .*never/,
  );
  assert.match(check('', 'http-request lua.a'), /^1 [^]*unknown action 'lua\.a'/);
  assert.match(check('', 'http-request use-service lua.a'), /^1 [^]*'lua\.a' unknown service name/);
  assert.match(
    check('core.register_action("a", { "http-req" }, print, 1)', 'http-request lua.a'),
    /^1 [^]*expects 1 arguments/,
  );
  assert.match(check('core.register_action("a", { "http-req" }, print)', 'http-request lua.a'), /^0 /);
});

test('bytes of a connection are read by scripts of content rules', async t => {
  const { port } = await startScripted(t, {
    mode: 'tcp',
    script: `
      core.register_action('look', { 'tcp-req' }, function(txn)
        if txn.req:input() < 6 then return act.YIELD end
        txn:set_var('sess.line', txn.req:line() .. txn.req:data(-2))
        core.msleep(1)
      end)
      core.register_service('say', 'tcp', function(applet) applet:send(applet:get_var('sess.line')) end)`,
    rules: [
      'tcp-request inspect-delay 5s',
      'tcp-request content lua.look',
      'tcp-request content use-service lua.say',
    ],
  });
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
  socket.write('abc');
  socket.write('\nxyz');
  await closed;
  assert.equal(heard, 'abc\nyz');
});

test('a script of content rules for responses waits, and no longer than inspect-delay', async t => {
  const origin = await startRawOrigin(t, socket => socket.write('hello\n'));
  const { port, balancer } = await startScripted(t, {
    mode: 'tcp',
    script: `
      core.register_action('nap', { 'tcp-res' }, function(txn) core.msleep(5) txn:log(core.info, 'napped') end)
      core.register_action('sleep', { 'tcp-res' }, function(txn) core.sleep(1000) end)`,
    rules: ['default_backend app'],
    sections: [
      'backend app',
      '  tcp-response inspect-delay 100ms',
      '  tcp-response content lua.nap',
      '  tcp-response content lua.sleep',
      `  server one ${origin.address}`,
    ],
  });
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(60_000) })) as [Buffer];
  assert.equal(bytes.toString(), 'hello\n');
  const said = await untilMatches(() => balancer.output(), /expired timeout/);
  assert.match(said, /napped[^]*Lua function 'sleep': aborting Lua processing on expired timeout\./);
});

/** Whatever it sends, the connection is closed: gives what came. */
async function said(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

test('a script that ends an exchange without an answer denies nothing', async t => {
  const log = await startLogReceiver(t);
  const { port: server } = await startHttpOrigin(t, 'origin');
  const [back, content, tcp] = (await freePorts(3)) as [number, number, number];
  const path = join(temporaryFolder(t), 'admin.sock');
  const { port } = await startScripted(t, {
    script: `core.register_action('done', { 'http-req', 'http-res', 'tcp-req' }, function(txn) txn:done() end)`,
    global: [`stats socket ${path} level admin`, `log 127.0.0.1:${log.port} local0`],
    rules: [
      'log global',
      'log-format "%f %tsc %ST %r"',
      'http-request lua.done if { path /request }',
      'default_backend b',
    ],
    sections: [
      `frontend back\n  bind 127.0.0.1:${back}\n  log global\n  log-format "%f %tsc %ST %r"\n  http-response lua.done\n  default_backend b`,
      `frontend content\n  bind 127.0.0.1:${content}\n  log global\n  log-format "%f %tsc %ST"`,
      '  tcp-request inspect-delay 10s\n  tcp-request content lua.done if { path -m found }\n  default_backend b',
      `frontend tcp\n  mode tcp\n  bind 127.0.0.1:${tcp}\n  log global\n  log-format "%f %ts"`,
      '  tcp-request inspect-delay 10s\n  tcp-request content lua.done if { req.len gt 0 }\n  default_backend b2',
      `backend b\n  server s 127.0.0.1:${server}`,
      `backend b2\n  mode tcp\n  server s 127.0.0.1:${server}`,
    ],
  });
  const REQUEST = 'GET /request HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const each of [port, back, content, tcp]) assert.equal(await said(each, REQUEST), '');
  await log.find(/: web LR-- 0 GET \/request HTTP\/1\.1\n/);
  await log.find(/: back LH-- 0 GET \/request HTTP\/1\.1\n/);
  await log.find(/: content LR-- 0\n/);
  await log.find(/: tcp LR\n/);
  const rows = statRows(await ask(path, 'show stat'));
  for (const name of ['web', 'back', 'content', 'tcp']) {
    const row = rows.get(`${name}/FRONTEND`);
    assert.deepEqual([row?.['dreq'], row?.['dresp'], row?.['hrsp_other'] || '0'], ['0', '0', '0'], name);
  }
  assert.equal(rows.get('web/FRONTEND')?.['intercepted'], '1');
});
