/** Services of scripts: they answer requests, or talk over a connection, in place of a server. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { exchangeRaw } from '../support/balancer.ts';
import { startScripted } from '../support/scripted-balancer.ts';
import { untilMatches } from '../support/until.ts';

const SCRIPT = `
core.register_service('hello', 'http', function(applet)
  local body = applet.method .. ' ' .. applet.path .. ' ' .. applet.qs .. '- ' .. applet.headers['host'][0]
  applet:set_status(201, 'Made')
  applet:add_header('content-length', #body)
  applet:add_header('x-from', 'script')
  applet:start_response()
  applet:send(body)
end)
core.register_service('echo', 'http', function(applet)
  local first = applet:getline()
  local rest = applet:receive()
  applet:start_response()
  applet:send(first:upper())
  core.msleep(5)
  applet:send(rest)
end)
core.register_service('large', 'http', function(applet)
  applet:add_header('content-length', 3000000)
  applet:start_response()
  for _ = 1, 300 do applet:send(('x'):rep(10000)) end
end)
core.register_service('fails', 'http', function(applet) error('oh no') end)
core.register_service('breaks', 'http', function(applet)
  applet:start_response()
  applet:send('half')
  core.yield()
  error('oh no')
end)
core.register_service('lines', 'tcp', function(applet)
  while true do
    local line = applet:getline()
    if line == '' or line == 'bye\\n' then break end
    applet:send('<' .. line:gsub('\\n', '') .. '>')
  end
  applet:send('gone')
end)
`;

const RULES = [
  'http-request use-service lua.echo if { path /echo }',
  'http-request use-service lua.large if { path /large }',
  'http-request use-service lua.fails if { path /fails }',
  'http-request use-service lua.breaks if { path /breaks }',
  'http-request use-service lua.hello',
  'http-response set-header x-rule %[status]',
];

test('a service answers with head and body, and rules for responses and the log see it', async t => {
  const { get, balancer } = await startScripted(t, {
    script: SCRIPT,
    rules: [...RULES, 'log stdout format raw local0', 'log-format "%s %ST %ts %HM"'],
  });
  const answer = await get('/a/b?c=d', { headers: { host: 'some' } });
  assert.deepEqual(
    [answer.status, answer.reason, answer.body, answer.headers['x-from'], answer.headers['x-rule']],
    [201, 'Made', 'GET /a/b c=d- some', 'script', '201'],
  );
  const head = await get('/a', { method: 'HEAD', headers: { host: 'some' } });
  assert.deepEqual([head.status, head.body], [201, '']);
  await untilMatches(() => balancer.output(), /^<lua\.hello> 201 LR GET\n<lua\.hello> 201 LR HEAD$/m);
});

test('a service reads the body of a request, in chunks or not, and answers in chunks', async t => {
  const { get, port } = await startScripted(t, { script: SCRIPT, rules: RULES });
  const answer = await get('/echo', { method: 'POST', body: 'one\ntwo\nthree' });
  assert.equal(answer.body, 'ONE\ntwo\nthree');
  assert.equal(answer.headers['transfer-encoding'], 'chunked');
  const chunked =
    'POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n' +
    '2\r\non\r\n3\r\ne\nt\r\n2\r\nwo\r\n0\r\n\r\n';
  const raw = await exchangeRaw(port, chunked);
  assert.match(raw, /4\r\nONE\n\r\n3\r\ntwo\r\n0\r\n\r\n$/);
  const old = await exchangeRaw(port, 'POST /echo HTTP/1.0\r\ncontent-length: 3\r\n\r\na\nb');
  assert.match(old, /^HTTP\/1\.[01] 200 OK\r\n[^]*\r\n\r\nA\nb$/);
  assert.doesNotMatch(old, /chunked/);
});

test('requests follow one another on a connection to services', async t => {
  const { port } = await startScripted(t, { script: SCRIPT, rules: RULES });
  const raw = await exchangeRaw(
    port,
    'GET /1 HTTP/1.1\r\nhost: h\r\n\r\nPOST /echo HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nx\n' +
      'GET /3 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n',
  );
  assert.equal(raw.match(/HTTP\/1\.1 20[01]/g)?.length, 3);
  assert.match(raw, /GET \/3 - h$/);
});

test('a long answer is sent as the client takes it', async t => {
  const { get } = await startScripted(t, { script: SCRIPT, rules: RULES });
  assert.equal((await get('/large')).body.length, 3_000_000);
});

test('a service that fails answers 500, or cuts what it has begun', async t => {
  const { get, balancer } = await startScripted(t, { script: SCRIPT, rules: RULES });
  const failed = await get('/fails');
  assert.equal(failed.status, 500);
  assert.match(failed.body, /An internal server error occurred/);
  await assert.rejects(get('/breaks'));
  await untilMatches(() => balancer.output(), /Lua applet http 'fails': runtime error: .*oh no/);
  assert.equal((await get('/a', { headers: { host: 'h' } })).status, 201);
});

test('a service talks over a connection and closes it', async t => {
  const { port } = await startScripted(t, {
    script: SCRIPT,
    mode: 'tcp',
    rules: ['tcp-request inspect-delay 1s', 'tcp-request content use-service lua.lines'],
  });
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
  socket.write('one\ntw');
  await untilMatches(() => heard, /^<one>$/);
  socket.write('o\nbye\n');
  await closed;
  assert.equal(heard, '<one><two>gone');
});
