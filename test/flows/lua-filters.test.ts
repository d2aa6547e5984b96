/** Filters of scripts over messages of HTTP (`filter lua.<name>`). */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { exchangeRaw } from '../support/balancer.ts';
import { ask, openHttp2 } from '../support/http2-client.ts';
import { startHttp2Origin } from '../support/http2-origin.ts';
import { startHttpOrigin, startRawOrigin, type Origin } from '../support/origin.ts';
import { startScripted, type Scripted } from '../support/scripted-balancer.ts';
import { untilMatches } from '../support/until.ts';

/** A class with these functions, and HTTP's flag. */
function filter(name: string, functions: string): string {
  return `
do
  local Class = { id = '${name}', flags = filter.FLT_CFG_FL_HTX }
  Class.__index = Class
  function Class:new() return setmetatable({ args = self.args }, Class) end
  ${functions}
  core.register_filter('${name}', Class, function(flt, args) flt.args = args return flt end)
end
`;
}

const EACH = `function Class:start_analyze(txn, chn) filter.register_data_filter(self, chn) end`;

const SHOUT = `${EACH}
  function Class:http_headers(txn, msg)
    if msg:is_resp() then
      msg:set_header('x-line', msg:get_stline().code .. ' ' .. msg:get_stline().reason)
      msg:set_body_len('chunked')
    else
      msg:add_header('x-line', msg:get_stline().method .. ' ' .. msg:get_stline().uri)
      msg:del_header('content-length')
    end
    return filter.CONTINUE
  end
  function Class:http_payload(txn, msg)
    local first = not self[msg:is_resp()]
    self[msg:is_resp()] = true
    msg:set((first and self.args[1] or '') .. msg:body():upper() .. (first and '.' or ''))
  end`;

const SCRIPT = [
  filter('shout', SHOUT),
  filter('shout2', SHOUT),
  filter(
    'whole',
    `${EACH}
  function Class:http_headers(txn, msg) if msg:is_resp() then msg:set_body_len(9) end end
  function Class:http_payload(txn, msg)
    if not msg:is_resp() then return end
    if not msg:eom() then return 0 end
    local all = msg:body()
    msg:remove()
    msg:send(('%09d'):format(#all))
  end`,
  ),
  filter(
    'slow',
    `${EACH}
  function Class:http_headers(txn, msg)
    if self[msg:is_resp()] then return filter.CONTINUE end
    self[msg:is_resp()] = true
    filter.wake_time(1)
    return filter.WAIT
  end
  function Class:http_payload(txn, msg)
    filter.wake_time(1)
    return 1
  end
  function Class:http_end(txn, msg)
    local seen = txn:get_var('txn.ends') or 0
    txn:set_var('txn.ends', seen + 1)
    if seen >= 1 then return filter.CONTINUE end
    filter.wake_time(1)
    return filter.WAIT
  end`,
  ),
  filter('lies', `${EACH}\n function Class:http_payload() return 'many' end`),
  filter(
    'long',
    `${EACH}\n function Class:http_payload(txn, msg) if msg:is_resp() then msg:append('x') end end`,
  ),
  filter(
    'throws',
    `function Class:http_headers(txn, msg) if not msg:is_resp() then error('no heads') end end`,
  ),
  filter('breaks', `function Class:http_headers(txn, msg) if msg:is_resp() then return filter.ERROR end end`),
  filter(
    'faints',
    `${EACH}\n function Class:http_payload(txn, msg) if msg:is_resp() then error('no body') end end`,
  ),
  filter(
    'told',
    `function Class:start_analyze(txn, chn) txn:log(core.info, 'start ' .. tostring(chn:is_resp())) end
  function Class:http_end(txn, msg) txn:log(core.info, 'http_end ' .. tostring(msg:is_resp())) end
  function Class:end_analyze(txn, chn) txn:log(core.info, 'end ' .. tostring(chn:is_resp())) end`,
  ),
].join('');

/** Answers with the head's `x-line` and the body it was sent. */
async function startEcho(t: TestContext): Promise<Origin> {
  return startHttpOrigin(t, 'echo', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const line = String(request.headers['x-line'] ?? '-');
      response.end(`${line}|${Buffer.concat(chunks).toString('latin1')}`);
    });
  });
}

async function start(
  t: TestContext,
  filters: readonly string[],
  backend: readonly string[] = [],
  lines: readonly string[] = [],
): Promise<Scripted> {
  const origin = await startEcho(t);
  return startScripted(t, {
    script: SCRIPT,
    rules: [...filters.map(line => `filter lua.${line}`), ...lines, 'default_backend app'],
    sections: ['backend app', ...backend, `  server one ${origin.address}`],
  });
}

test("filters change heads and bodies of both directions, the frontend's before the backend's", async t => {
  const { get } = await start(
    t,
    ['shout <'],
    [
      '  filter lua.shout [',
      '  filter compression',
      '  compression algo gzip',
      '  compression type text/html',
    ],
  );
  const answer = await get('/a', { method: 'POST', body: 'some' });
  assert.match(answer.body, /^\[<POST \/A, POST \/A\|\[<SOME\.\.\.\.$/);
  assert.equal(answer.headers['x-line'], '200 OK');
  assert.equal(answer.headers['transfer-encoding'], 'chunked');
});

test('filter-sequence says which filters see a direction, and in which order', async t => {
  const { get } = await start(
    t,
    ['shout <', 'shout2 {'],
    [],
    ['filter-sequence request lua.shout2,lua.shout', 'filter-sequence response lua.shout'],
  );
  assert.equal((await get('/', { method: 'POST', body: 'some' })).body, '<POST /, POST /|<{SOME...');
});

test('a body is held until all of it is there, and another length is said of it', async t => {
  const { get } = await start(t, ['whole']);
  const answer = await get('/', { method: 'POST', body: 'x'.repeat(10_000) });
  assert.deepEqual([answer.body, answer.headers['content-length']], ['000010002', '9']);
});

test('filters that wait go on when their time has come', async t => {
  const { get } = await start(t, ['slow']);
  assert.equal((await get('/', { method: 'POST', body: 'some' })).body, '-|some');
  assert.equal((await get('/')).body, '-|');
});

test('a client of HTTP/1.0 gets a body of unknown length up to the end of its connection', async t => {
  const { port } = await start(t, ['shout <']);
  const heard = await exchangeRaw(port, 'GET / HTTP/1.0\r\n\r\n');
  assert.doesNotMatch(heard, /transfer-encoding|content-length/i);
  assert.match(heard, /\r\n\r\n<GET \/\|\.$/);
});

test('a filter that fails ends its own exchange with an answer as long as there is none, and says why', async t => {
  const throwing = await start(t, ['throws']);
  assert.equal((await throwing.get('/')).status, 400);
  await untilMatches(() => throwing.balancer.output(), /Lua filter 'throws' : http_headers: .*no heads/);
  const breaking = await start(t, ['breaks']);
  assert.equal((await breaking.get('/')).status, 502);
});

test('a body that turns out other than its head has said is cut, and the next request is served', async t => {
  const { get, balancer } = await start(t, ['faints']);
  await assert.rejects(get('/'));
  await untilMatches(() => balancer.output(), /Lua filter 'faints' : http_payload: .*no body/);
  const longer = await start(t, ['long']);
  await assert.rejects(longer.get('/'));
  const lying = await start(t, ['lies']);
  assert.equal((await lying.get('/', { method: 'POST', body: 'some' })).body, '-|some');
});

test('a filter that only looks hears of every station, and bodies pass it by', async t => {
  const { get, balancer } = await start(t, ['told']);
  assert.equal((await get('/')).body, '-|');
  const said = await untilMatches(() => balancer.output(), /: end true/);
  assert.match(said, /start false[^]*http_end false[^]*start true[^]*http_end true[^]*end false[^]*end true/);
});

test('large bodies pass both ways, from a server that ends them with its connection', async t => {
  const large = 'abcdefgh'.repeat(40_000);
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${large}`));
  });
  const { get } = await startScripted(t, {
    script: filter(
      'pass',
      `${EACH}
  function Class:http_headers(txn, msg) if msg:is_resp() then msg:set_body_len('chunked') end end
  function Class:http_payload(txn, msg)
    local held = msg:body()
    return msg:eom() and #held or math.max(0, #held - 7)
  end`,
    ),
    rules: ['filter lua.pass', 'default_backend app'],
    sections: ['backend app', `  server one ${origin.address}`],
  });
  const { body } = await get('/');
  assert.equal(body, large);
});

test('messages of HTTP/2 are filtered, of clients and of servers', async t => {
  const origin = await startHttp2Origin(t, (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end(`${String(headers['x-line'])}|${Buffer.concat(chunks).toString('latin1')}`);
    });
  });
  const { port } = await startScripted(t, {
    script: SCRIPT,
    rules: ['filter lua.shout <', 'default_backend app'],
    sections: ['backend app', `  server one ${origin.address} proto h2`],
  });
  const session = await openHttp2(t, port);
  const answer = await ask(session, { ':path': '/b', ':method': 'POST' }, { body: 'some' });
  assert.equal(answer.body.toString(), `<POST HTTP://127.0.0.1:${port}/B|<SOME..`);
  assert.deepEqual([answer.code, answer.headers['x-line']], [0, '200 OK']);
});
