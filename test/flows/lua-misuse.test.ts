/** Scripts that call functions with what these do not expect: errors of the script, and nothing else suffers. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { startScripted } from '../support/scripted-balancer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { untilMatches } from '../support/until.ts';

const SCRIPT = `
local map = Map.new(MAP, Map._str)
local _, regex = Regex.new('(a)(b)?', true)
local ODD = { false, true, 0, -1, 1.5, 1/0, 0/0, math.maxinteger, math.mininteger, 2^53, '', 'a', '1', '\\0\\255\\r\\n', string.rep('x', 70000),
  {}, { {} }, { a = {} }, function() end, coroutine.create(function() end), io.stdout, setmetatable({}, { __index = error, __tostring = error }) }
local HARMFUL = { done = true, shut_sess = true, print = true, register_task = true }
local function functions_of(object)
  local names = {}
  local function add(list)
    if type(list) == 'table' then for name, value in next, list do if type(value) == 'function' and not HARMFUL[name] then names[name] = true end end end
  end
  add(object)
  local meta = getmetatable(object)
  if meta then add(rawget(meta, '__index')) end
  for _, name in ipairs({ 'log', 'set_var', 'get_var', 'set_priv', 'get_priv', 'set_mark', 'set_tos', 'reply', 'set_loglevel', 'set_priority_class', 'add' }) do
    local found, value = pcall(function() return object[name] end)
    if found and type(value) == 'function' then names[name] = true end
  end
  return names
end
local errors
local function try(name, call, ...)
  local worked, message = pcall(call, ...)
  if not worked and type(message) == 'string' then errors[name .. ': ' .. message:sub(1, 200):gsub('[^ -~]', '?')] = true end
end
local function storm(objects)
  for _, object in ipairs(objects) do
    for name in pairs(functions_of(object)) do
      local call = object[name]
      try(name, call)
      try(name, call, object)
      for _, odd in ipairs(ODD) do
        try(name, call, odd)
        try(name, call, object, odd)
        try(name, call, object, odd, odd)
        try(name, call, object, 'a', odd, odd)
        try(name, call, odd, odd)
      end
    end
  end
end
core.register_fetches('storm', function(txn, part)
  errors = {}
  local backend = core.backends.app
  if part == 'core' then
    storm({ core, Map, Regex, CertCache, map, regex, core.queue(), core.concat(), core.get_patref(MAP), core.parse_addr('::1/8') })
  elseif part == 'proxies' then
    storm({ backend, backend.stktable, backend.servers.one, core.frontends.web.listeners['sock-1'], core.tcp(), core.httpclient() })
  else storm({ txn, txn.http, txn.req, txn.res, txn:reply(), txn.f, txn.c }) end
  for _, odd in ipairs(ODD) do
    for _, name in ipairs({ 'add', 'bytes', 'field', 'lower', 'regsub', 'ipmask', 'map', 'digest' }) do
      try(name, txn.c[name], txn.c, odd)
      try(name, txn.c[name], txn.c, odd, odd, odd)
      try(name, txn.sc[name], txn.sc, 'a', odd)
    end
  end
  local texts = {}
  for text in pairs(errors) do texts[#texts + 1] = text end
  return table.concat(texts, '\\n')
end)
core.register_action('fail', { 'http-req' }, function(txn) error(setmetatable({}, { __tostring = error })) end)
core.register_action('many', { 'http-req' }, function(txn, ...) txn:set_var('txn.count', select('#', ...)) end, 50)
`;

/** What errors of this program's own language look like. */
const OWN_MISTAKE = /BigInt|Cannot read|is not a function|undefined|not iterable|TypeError|array length/;

test('odd arguments are errors of the script, and it serves on', async t => {
  const map = `${temporaryFolder(t)}/a.map`;
  writeFileSync(map, 'a b\n');
  const { get, balancer } = await startScripted(t, {
    script: `local MAP = '${map}'\n${SCRIPT}`,
    global: [
      'tune.lua.burst-timeout 0',
      'tune.lua.session-timeout 0',
      'tune.lua.log.stderr off',
      'tune.bufsize 100000',
    ],
    rules: [
      'http-request set-var(txn.core) lua.storm(core) if { path /core }',
      'http-request set-var(txn.core) lua.storm(proxies) if { path /proxies }',
      'http-request set-var(txn.core) lua.storm(txn) if { path /txn }',
      'http-request lua.fail if { path /fail }',
      `http-request lua.many ${'word '.repeat(50)} if { path /many }`,
      'http-request set-var(txn.core) var(txn.count) if { path /many }',
      `http-request return status 200 content-type text/plain lf-string "%[var(txn.core)]"`,
    ],
    sections: [
      'backend app',
      '  stick-table type string size 100 store http_req_cnt',
      '  server one 127.0.0.1:1',
    ],
  });
  for (const part of ['/core', '/proxies', '/txn']) {
    const { status, body } = await get(part);
    assert.equal(status, 200);
    assert.match(body, /a (string|number|table|function|word) expected|expected/);
    assert.deepEqual(
      body.split('\n').filter(line => OWN_MISTAKE.test(line)),
      [],
    );
  }
  assert.equal((await get('/many')).body, '50');
  assert.equal((await get('/fail')).status, 200);
  await untilMatches(() => balancer.output(), /runtime error: an error that cannot be shown/);
});
