/** The same script in lb and in HAProxy: each expression has to come out the same. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startScripted, type Answered } from '../support/scripted-balancer.ts';

const EXPRESSIONS = [
  'txn.f:path()',
  'txn.f:method()',
  "txn.f:req_hdr('x-a')",
  "txn.f:req_fhdr('x-a')",
  "txn.f:req_hdr('x-a', 1)",
  "txn.f:req_hdr('none')",
  "txn.sf:req_hdr('none')",
  "txn.f:req_hdr_cnt('x-a')",
  "txn.sf:req_hdr_cnt('x-a')",
  "txn.f:url_param('q')",
  'txn.f:query()',
  'txn.f:src()',
  'txn.f:int(12)',
  "txn.f:bool('true')",
  "txn.sf:bool('true')",
  'txn.f:fe_name()',
  'txn.f:req_ver()',
  'txn.f:base()',
  "txn.f:hdr('host') ~= nil",
  "txn.c:lower('ABC')",
  "txn.c:upper('abc')",
  "txn.c:base64('abc')",
  "txn.sc:base64('abc')",
  "txn.c:djb2('abc')",
  "txn.c:crc32('abc')",
  "txn.c:bytes('abcdef', 1, 3)",
  "txn.c:field('a,b,c', 2, ',')",
  "txn.c:ipmask('192.0.2.77', 24)",
  "txn.c:url_dec('a%20b')",
  "txn.c:hex('ab')",
  "txn.c:regsub('abc', 'b', 'x')",
  "txn:set_var('txn.a', 'text')",
  "txn:get_var('txn.a')",
  "txn:set_var('txn.b', 42) and math.type(txn:get_var('txn.b'))",
  "txn:set_var('txn.c', true)",
  "txn:get_var('txn.c')",
  "txn:set_var('req.d', 1.5)",
  "txn:get_var('req.d')",
  "txn:get_var('txn.unknown')",
  "txn:unset_var('txn.a')",
  "txn:get_var('txn.a')",
  'txn:get_priv()',
  '(function() txn:set_priv({ 1, 2 }) return #txn:get_priv() end)()',
  "table.concat(core.tokenize('a,b;;c', ',;'), '|')",
  "table.concat(core.tokenize('a,b;;c', ',;', true), '|')",
  "(function() local c = core.concat() c:add('a') c:add('b') return c:dump() end)()",
  "core.match_addr(core.parse_addr('127.0.0.1/32'), core.parse_addr('127.0.0.0/8'))",
  "core.match_addr(core.parse_addr('2001:db8::1/128'), core.parse_addr('2001:db9::/32'))",
  "core.parse_addr('nonsense')",
  "core.http_date('Sun, 06 Nov 1994 08:49:37 GMT')",
  "core.imf_date('Sun, 06 Nov 1994 08:49:37 GMT')",
  "core.asctime_date('Sun Nov  6 08:49:37 1994')",
  'core.thread',
  'core.info',
  'type(core.now().sec)',
  "select(2, Regex.new('b(.)', true)):exec('abc')",
  "select(2, select(2, Regex.new('b(.)', true)):match('abc'))[2]",
  "select(2, Regex.new('B', true)):exec('abc')",
  "select(2, Regex.new('B', false)):exec('abc')",
  "txn.http:req_get_headers()['x-a'][0]",
  "txn.http:req_get_headers()['x-a'][1]",
  'type(txn.http)',
  'type(txn.req)',
  "(function() txn.http:req_set_header('X-New', 'n') return txn.f:req_hdr('x-new') end)()",
  "(function() txn.http:req_add_header('X-New', 'o') return txn.f:req_hdr_cnt('x-new') end)()",
  "(function() txn.http:req_rep_header('X-New', 'n', 'changed') return txn.f:req_fhdr('x-new', 1) end)()",
  "(function() txn.http:req_rep_value('X-A', '^two$', '2') return txn.f:req_fhdr('x-a') end)()",
  `(function() txn.http:req_set_header('X-L', 'a,  "b,c" , d') txn.http:req_rep_value('X-L', '^d$', 'D') return txn.f:req_fhdr('x-l') end)()`,
  '(function() local r = txn:reply() r:set_status(201) return r.reason end)()',
  'txn:reply().body',
  "txn:reply({ headers = { a = '1', b = { '2' } } }).headers.a[1]",
  "core.match_addr(nil, core.parse_addr('127.0.0.0/8'))",
  "(function() txn.http:req_del_header('X-New') return txn.f:req_hdr('x-new') end)()",
  "(function() txn.http:req_set_path('/other') return txn.f:path() end)()",
  "(function() txn.http:req_set_query('z=1') return txn.f:query() end)()",
  "(function() txn.http:req_set_uri('/u?v=2') return txn.f:url() end)()",
  "(function() txn.http:req_set_method('PUT') return txn.f:method() end)()",
  'txn.nothing',
  'txn.f.nothing',
  'core.backends ~= nil',
  'act.DENY',
  'act.INVALID',
  'type(core.get_info().Version)',
  "(function() local names = {} for name in pairs(core.proxies) do names[#names + 1] = name end table.sort(names) return table.concat(names, ',') end)()",
  'core.backends.app.servers.one:get_addr()',
  'core.backends.app.servers.one:get_weight()',
  'core.backends.app:get_mode()',
  'core.backends.app:get_cap()',
  'core.frontends.web.name',
  'core.backends.app.servers.one:get_stats().svname',
  'core.backends.app:get_stats().pxname',
  "countries:lookup('192.0.2.9')",
  "countries:slookup('198.51.100.1')",
  "words:lookup('hello world')",
];

const SCRIPT = (folder: string): string => `
countries = Map.new('${folder}/ip.map', Map._ip)
words = Map.new('${folder}/beg.map', Map._beg)
core.register_action('all', { 'http-req' }, function(txn)
  local lines = {}
  local function try(text, call)
    local ok, value = pcall(call)
    lines[#lines + 1] = text .. ' = ' .. (ok and (type(value) .. ' ' .. tostring(value)) or 'error')
  end
${EXPRESSIONS.map((text, index) => `  try('${index}', function() return ${text} end)`).join('\n')}
  txn:done{ status = 202, headers = { ['content-type'] = 'text/plain', ['x-m'] = { 'a', 'b' } }, body = table.concat(lines, '\\n') }
end)
core.register_fetches('kind', function(txn, what)
  if what == 'nil' then return nil end
  if what == 'int' then return 7 end
  if what == 'bool' then return true end
  return 'text'
end)
core.register_converters('twice', function(text, more) return text .. text .. (more or '') end)
core.register_action('codes', { 'http-req' }, function(txn, name) return act[name] end, 1)
core.register_service('serve', 'http', function(applet)
  local body = applet:receive()
  applet:set_status(203)
  applet:add_header('x-facts', table.concat({ applet.method, applet.version, applet.path, applet.qs or '', tostring(applet.length) }, ' '))
  applet:add_header('x-in', applet.headers['x-a'][0])
  applet:start_response()
  applet:send(body .. '!')
end)
`;

const RULES = [
  'http-request lua.codes DENY if { path /deny }',
  'http-request lua.codes ERROR if { path /error }',
  'http-request lua.codes INVALID if { path /invalid }',
  'http-request lua.codes STOP if { path /stop }',
  'http-request use-service lua.serve if { path_beg /serve }',
  'http-request return status 200 content-type text/plain lf-string "%[lua.kind(nil)] %[lua.kind(int)] %[lua.kind(bool)] %[lua.kind] %[str(a),lua.twice(b)]" if { path /kinds }',
  'http-request lua.all if { path /all }',
  'http-request deny deny_status 410',
];

async function answers(t: TestContext, program: string | undefined): Promise<Answered[]> {
  const folder = temporaryFolder(t);
  writeFileSync(`${folder}/ip.map`, '192.0.2.0/24 one\n');
  writeFileSync(`${folder}/beg.map`, 'hello greeting\n');
  const { get } = await startScripted(t, {
    script: SCRIPT(folder),
    rules: RULES,
    sections: ['backend app', '  server one 127.0.0.1:1 weight 17'],
    ...(program === undefined ? {} : { program }),
  });
  const headers = { host: 'example.org', 'x-a': 'one, two' };
  return [
    await get('/all?q=r', { headers }),
    await get('/kinds', { headers }),
    await get('/serve/me?x=y', { method: 'POST', headers, body: 'content' }),
    await get('/serve', { headers }),
    await get('/deny', { headers }),
    await get('/error', { headers }),
    await get('/invalid', { headers }),
    await get('/stop', { headers }),
  ];
}

function shown({ status, headers, body }: Answered): object {
  const [facts, received] = [headers['x-facts'], headers['x-in']];
  const lines = body.split('\n').map(line => {
    const index = /^(\d+) = /.exec(line)?.[1];
    return index === undefined ? line : line.replace(/^\d+/, EXPRESSIONS[Number(index)] ?? '');
  });
  return {
    status,
    facts,
    received,
    many: headers['x-m'],
    lines: lines[0]?.startsWith('<') === true ? [] : lines,
  };
}

test('a broad script says in lb what it says in HAProxy', { timeout: 60_000 }, async t => {
  if (!requires(t, 'haproxy')) return;
  const theirs = await answers(t, 'haproxy');
  const ours = await answers(t, undefined);
  for (const [index, answer] of theirs.entries())
    assert.deepEqual(shown(ours[index] as Answered), shown(answer));
});
