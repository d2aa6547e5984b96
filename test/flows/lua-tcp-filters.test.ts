/** Filters of scripts over the bytes of connections in mode tcp (`filter lua.<name>`). */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startRawOrigin } from '../support/origin.ts';
import { startScripted, type Scripted } from '../support/scripted-balancer.ts';
import { untilMatches } from '../support/until.ts';

const SCRIPT = `
local function register(name, functions)
  local Class = functions
  Class.__index = Class
  function Class:new() return setmetatable({}, Class) end
  if not Class.start_analyze then
    function Class:start_analyze(txn, chn) filter.register_data_filter(self, chn) end
  end
  core.register_filter(name, Class, function(flt) return flt end)
end
register('lines', { tcp_payload = function(self, txn, chn)
  local held = chn:data()
  local ends
  for at in held:gmatch('()\\n') do ends = at end
  if ends == nil then return chn:may_recv() and 0 or nil end
  chn:send(held:sub(1, ends):upper())
  chn:remove(0, ends)
  return 0
end })
register('drops', { tcp_payload = function(self, txn, chn)
  filter.wake_time(1)
  return 1
end })
register('throws', { tcp_payload = function() error('no bytes') end })
register('refuses', { start_analyze = function() return filter.ERROR end })
register('away', { tcp_payload = function(self, txn, chn) chn:set('seen') end,
  start_analyze = function(self, txn, chn) if chn:is_resp() then filter.register_data_filter(chn) end end,
  end_analyze = function(self, txn, chn) txn:log(core.info, 'end ' .. tostring(chn:is_resp())) end })
`;

/** Says back what it hears, behind what the client has heard first. */
async function start(
  t: TestContext,
  filters: readonly string[],
  backend: readonly string[] = [],
): Promise<Scripted> {
  const origin = await startRawOrigin(t, socket => {
    socket.pipe(socket);
  });
  return startScripted(t, {
    mode: 'tcp',
    script: SCRIPT,
    rules: [...filters.map(name => `filter lua.${name}`), 'default_backend app'],
    sections: ['backend app', ...backend, `  server one ${origin.address}`],
  });
}

async function talk(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close', { signal: AbortSignal.timeout(60_000) });
  socket.end(text);
  await closed;
  return heard;
}

test('bytes are held until a line is whole, and changed', async t => {
  const { port } = await start(t, ['lines']);
  const large = `${'abc'.repeat(4000)}\n`;
  assert.equal(await talk(port, `one\ntwo\n${large}rest`), `ONE\nTWO\n${large.toUpperCase()}rest`);
});

test('bytes go on as time passes, to the last one', async t => {
  const { port } = await start(t, ['drops']);
  assert.equal(await talk(port, 'slowly'), 'slowly');
});

test("a backend's filter sees one direction alone, behind the frontend's", async t => {
  const { port, balancer } = await start(t, ['lines'], ['  filter lua.away']);
  assert.equal(await talk(port, 'one\n'), 'seen');
  await untilMatches(() => balancer.output(), /end false[^]*end true/);
});

test('a filter that fails ends its own connection', async t => {
  const { port, balancer } = await start(t, ['throws']);
  assert.equal(await talk(port, 'one'), '');
  await untilMatches(() => balancer.output(), /Lua filter 'throws' : tcp_payload: .*no bytes/);
  const refusing = await start(t, ['refuses']);
  assert.equal(await talk(refusing.port, 'one'), '');
});
