/** Scripts of content rules that change the bytes of a connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startRawOrigin } from '../support/origin.ts';
import { startScripted, type Scripted } from '../support/scripted-balancer.ts';
import { untilMatches } from '../support/until.ts';

const SCRIPT = `
core.register_action('edit', { 'tcp-req' }, function(txn)
  local req = txn.req
  local name = req:getline()
  local all = req:data(0, 8)
  txn:set_var('sess.seen', name .. '|' .. all .. '|' .. tostring(req:is_resp()) .. '|' .. req:line())
  req:remove(0, 2)
  req:set('XY', 0, 2)
  req:insert('-', 2)
  req:prepend('<')
  req:append('>')
  req:send('[' .. req:output() .. ']')
  req:forward(1)
  txn:set_var('sess.left', req:output() .. ' ' .. req:input() .. ' ' .. req:data(-3) .. ' ' .. req:data(1, 2))
end)
core.register_action('greet', { 'tcp-res' }, function(txn)
  txn.res:line(0, 6)
  txn.res:set('bye', 0, 5)
  txn.res:send(txn:get_var('sess.seen'):gsub('\\n', '$') .. ';' .. txn:get_var('sess.left') .. ';')
end)
core.register_action('wrong', { 'tcp-req' }, function(txn) txn.req:remove(5) end)
core.register_action('never', { 'tcp-req' }, function(txn) txn:log(core.info, 'got ' .. txn.req:getline()) end)
core.register_action('http', { 'http-req' }, function(txn) txn.req:append('x') end)
`;

/** Says `hello` when it has heard `>`, and what that was. */
async function start(t: TestContext, rules: readonly string[]): Promise<Scripted> {
  const origin = await startRawOrigin(t, socket => {
    let heard = '';
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      if (heard.endsWith('>')) socket.end(`hello\n${heard}`);
    });
  });
  return startScripted(t, {
    mode: 'tcp',
    script: SCRIPT,
    rules: ['tcp-request inspect-delay 60s', ...rules, 'default_backend app'],
    sections: [
      'backend app',
      '  tcp-response inspect-delay 60s',
      '  tcp-response content lua.greet if { var(sess.seen) -m found }',
      `  server one ${origin.address}`,
    ],
  });
}

async function talk(port: number, pieces: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
  for (const piece of pieces) socket.write(piece);
  await closed;
  return heard;
}

test('scripts wait for bytes of both directions and change them', async t => {
  const { port } = await start(t, ['tcp-request content lua.edit']);
  const heard = await talk(port, ['na', 'me\nab', 'cdef', 'gh']);
  assert.equal(
    heard,
    'name$|abcdefgh|false|abcdefgh;4 8 gh> Y-;bye\n[0]<XY-efgh>',
    'the line is taken, the rest edited; what is sent goes first',
  );
});

test('what lies outside of the bytes is an error of the script, and the bytes stay as they are', async t => {
  const { port, balancer } = await start(t, [
    'tcp-request content capture req.payload(0,2) len 2',
    'tcp-request content lua.wrong',
  ]);
  assert.equal(await talk(port, ['ab>']), 'hello\nab>');
  await untilMatches(() => balancer.output(), /Lua function 'wrong': .*offset out of range\./);
});

test('a script that waits for a line gets what there is when the client says no more', async t => {
  const { port, balancer } = await start(t, ['tcp-request content lua.never']);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.end('ab>');
  await untilMatches(() => balancer.output(), /got ab>/);
});

test('channels cannot be changed in HTTP', async t => {
  const { get, balancer } = await startScripted(t, {
    script: SCRIPT,
    rules: ['http-request lua.http', 'http-request return status 200'],
  });
  assert.equal((await get('/')).status, 200);
  await untilMatches(() => balancer.output(), /Cannot manipulate HAProxy channels in HTTP mode\./);
});
