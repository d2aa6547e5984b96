/** What scripts do beside their requests: connections, HTTP requests, tasks and queues of their own. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authority } from '../support/certificates.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { resetSocket } from '../support/reset-socket.ts';
import { startScripted } from '../support/scripted-balancer.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';
import { until, untilMatches } from '../support/until.ts';

const ACTION = (body: string): string => `
core.register_action('try', { 'http-req' }, function(txn)
  local ok, result = pcall(function() ${body} end)
  txn:set_var('txn.result', tostring(result))
end)`;

const RULES = [
  'http-request lua.try',
  'http-request return status 200 content-type text/plain lf-string "%[var(txn.result)]"',
];

test('a socket reads by line, by number of bytes and to the end', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', chunk => socket.end(`heard ${chunk.toString()}one\r\ntwo\n12345678rest`));
  });
  const script = ACTION(`
    local s = core.tcp()
    s:settimeout(5)
    assert(s:connect('127.0.0.1', ${origin.port}))
    assert(s:getpeername() == '127.0.0.1:${origin.port}')
    local sent = s:send('xhellox', 2, 6)
    local parts = { sent, s:receive(), s:receive('*l'), s:receive(5), s:receive(6, 'pre'), s:receive('*a') }
    local none, why = s:receive()
    s:close()
    return table.concat(parts, '|') .. '|' .. tostring(none) .. ' ' .. why
  `);
  const { get } = await startScripted(t, { script, rules: RULES });
  assert.equal((await get('/')).body, '6|heard helloone|two|12345|pre678|rest|nil connection closed.');
});

test('a connection that ends gives what had come of a line, or of so many bytes, and then nothing', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.once('data', chunk => socket.end(chunk.toString() === 'line' ? 'no end' : 'short'));
  });
  const script = ACTION(`
    local function ask(word, pattern)
      local s = core.tcp()
      assert(s:connect('127.0.0.1', ${origin.port}))
      s:send(word)
      local first, second = s:receive(pattern), table.pack(s:receive(pattern))
      s:close()
      return first .. '|' .. tostring(second[1]) .. ' ' .. second[2] .. ' ' .. second.n
    end
    return ask('line', '*l') .. ', ' .. ask('bytes', 100)
  `);
  const { get } = await startScripted(t, { script, rules: RULES });
  assert.equal((await get('/')).body, 'no end|nil connection closed. 2, short|nil connection closed. 2');
});

test('a socket that is not answered says timeout, one that is refused says so', async t => {
  const silent = await startRawOrigin(t, () => undefined);
  const gone = await startRawOrigin(t, () => undefined);
  await gone.close();
  const script = ACTION(`
    local s = core.tcp()
    s:connect('127.0.0.1', ${silent.port})
    s:settimeout(0.05)
    local none, why = s:receive()
    local other = core.tcp()
    local refused, because = other:connect('127.0.0.1:${gone.port}')
    return why .. '|' .. tostring(refused) .. '|' .. because
  `);
  const { get } = await startScripted(t, { script, rules: RULES });
  assert.equal((await get('/')).body, "timeout|nil|Can't connect");
});

test('a request of a script gets an answer as a table', async t => {
  const origin = await startHttpOrigin(t, 's', (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.setHeader('x-two', ['a', 'b']);
      response.statusCode = 202;
      response.end(`${request.method} ${request.url} ${String(request.headers['x-in'])} ${body}`);
    });
  });
  const script = ACTION(`
    local answer = core.httpclient():post{
      url = 'http://127.0.0.1:${origin.port}/p?q=1', headers = { ['x-in'] = { 'yes' } }, body = 'content'
    }
    local lost = core.httpclient():get{ url = 'http://127.0.0.1:1/', timeout = 1000 }
    return answer.status .. '|' .. answer.body .. '|' .. answer.headers['x-two'][1] .. '|' .. lost.status
  `);
  const { get } = await startScripted(t, { script, rules: RULES });
  assert.equal((await get('/')).body, '202|POST /p?q=1 yes content|b|503');
});

test('httpclient.* says how requests of scripts reach and trust their servers', async t => {
  if (!requires(t, 'openssl')) return;
  const authority = new Authority(t);
  const certificate = authority.issue({ name: 'localhost', alternatives: 'DNS:localhost' });
  const { port } = await startTlsOrigin(t, certificate, {}, (_request, response) => response.end('over TLS'));
  const script = ACTION(`
    local answer = core.httpclient():get{ url = 'https://localhost:${port}/' }
    return answer.status .. ' ' .. answer.body
  `);
  const answerWith = async (...settings: string[]): Promise<string> => {
    const lines = settings.map(setting => `httpclient.${setting}`);
    const { get, balancer } = await startScripted(t, { script, rules: RULES, global: lines });
    const { body } = await get('/');
    await balancer.stop();
    return body;
  };
  assert.equal(await answerWith('resolvers.prefer ipv4'), '503 ');
  assert.equal(await answerWith('resolvers.prefer ipv4', `ssl.ca-file ${authority.file}`), '200 over TLS');
  assert.equal(await answerWith('ssl.verify none', 'retries 0'), '200 over TLS');
  assert.equal(await answerWith('ssl.verify none', 'resolvers.disabled on'), '503 ');
  await assert.rejects(answerWith('ssl.ca-file /nowhere.pem'), /httpclient\.ssl\.ca-file' : Couldn't open/);
});

test('names in requests of scripts go through the resolvers section that httpclient.resolvers.id names', async t => {
  const { port } = await startHttpOrigin(t, 'one', (_request, response) => response.end('found'));
  const dns = await startDnsServer(t, (name, type) =>
    name === 'app.example' && type === 'A' ? { records: [{ type, data: '127.0.0.1' }] } : { rcode: 3 },
  );
  const script = ACTION(`
    local found = core.httpclient():get{ url = 'http://app.example:${port}/' }
    local none = core.httpclient():get{ url = 'http://other.example:${port}/' }
    return found.status .. ' ' .. found.body .. ' ' .. none.status
  `);
  const answerWith = async (name: string, ...settings: string[]): Promise<string> => {
    const sections = [`resolvers ${name}`, `  nameserver n 127.0.0.1:${dns.port}`];
    const { get, balancer } = await startScripted(t, { script, rules: RULES, global: settings, sections });
    const { body } = await get('/');
    await balancer.stop();
    return body;
  };
  const named = 'httpclient.resolvers.id';
  assert.equal(await answerWith('own', `${named} own`, 'httpclient.retries 0'), '200 found 503');
  assert.ok(dns.questions.includes('AAAA app.example'), 'IPv6 is preferred');
  assert.equal(await answerWith('default', 'httpclient.retries 0'), '200 found 503');
  await assert.rejects(
    answerWith('own', `${named} ovn`),
    /'httpclient\.resolvers\.id' : unable to find required resolvers 'ovn'; did you mean 'own'/,
  );
});

test('a request of a script is tried again where no connection can be made, and not for ever', async t => {
  let connections = 0;
  const silent = await startRawOrigin(t, socket => {
    connections++;
    resetSocket(socket);
  });
  const script = ACTION(`return core.httpclient():get{ url = 'https://${silent.address}/' }.status`);
  const { get } = await startScripted(t, { script, rules: RULES, global: ['httpclient.retries 2'] });
  assert.equal((await get('/')).body, '503');
  assert.equal(connections, 3);
});

test('what a script leaves open is closed when the script has ended, or its client has left', async t => {
  let open = 0;
  let heard = 0;
  const origin = await startRawOrigin(t, socket => {
    open++;
    socket.on('data', () => heard++).once('end', () => open--);
  });
  const script = `local kept = {}${ACTION(`
    local s = core.tcp()
    assert(s:connect('127.0.0.1', ${origin.port}))
    s:send('x')
    if txn.f:path() == '/keep' then kept[1] = s end
    if txn.f:path() == '/wait' then s:receive() end
    if txn.f:path() == '/fail' then error('no') end
    return 'left'
  `)}`;
  const { get, port } = await startScripted(t, { script, rules: RULES });
  assert.equal((await get('/keep')).body, 'left');
  assert.equal((await get('/')).body, 'left');
  assert.match((await get('/fail')).body, /no$/);
  await until('only what is kept is open', () => open === 1);
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  t.after(() => client.destroy());
  client.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
  await until('the script waits', () => heard === 4);
  resetSocket(client);
  await until('only what is kept is open', () => open === 1);
});

test('a queue that nothing refers to any more gives its place back', async t => {
  const script = ACTION(`
    local function place() return core.queue()[0] % 2 ^ 24 end
    local first = place()
    collectgarbage()
    return first == place()
  `);
  const { get } = await startScripted(t, { script, rules: RULES });
  assert.equal((await get('/')).body, 'true');
});

test('tasks run beside requests and give them what they have through queues', async t => {
  const script = `
    local queue = core.queue()
    core.register_task(function(first)
      for number = first, first + 2 do
        core.msleep(1)
        queue:push(number)
      end
      error('enough')
    end, 7)
    ${ACTION("return queue:pop_wait() .. ' ' .. queue:pop_wait() .. ' ' .. queue:pop_wait() .. ' ' .. queue:size()")}
  `;
  const { get, balancer } = await startScripted(t, { script, rules: RULES });
  assert.equal((await get('/')).body, '7 8 9 0');
  await untilMatches(() => balancer.output(), /Lua task: runtime error: .*enough/);
});

test('a task that waits does not hold up a stop', async t => {
  const script = `core.register_task(function() while true do core.sleep(1000) end end)\n${ACTION('return 1')}`;
  const { get, balancer } = await startScripted(t, { script, rules: RULES });
  assert.equal((await get('/')).body, '1');
  const late = sleep(15_000, 'it still runs', { ref: false });
  assert.equal(await Promise.race([balancer.stop('SIGUSR1'), late]), 0);
});
