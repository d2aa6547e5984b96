/** What the admin socket tells about the process, what it keeps of bad messages, and servers added at run time. */
import assert from 'node:assert/strict';
import { KeepAliveClient } from '../support/keep-alive-client.ts';
import { test, type TestContext } from 'node:test';
import { exchangeRaw } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { startAdminBalancer, type AdminBalancer } from '../support/admin-balancer.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';

async function start(t: TestContext, servers: string, backend = ''): Promise<AdminBalancer> {
  return startAdminBalancer(t, { app: `  balance roundrobin\n  retries 0\n${backend}\n${servers}` });
}

test('a request that cannot be understood is kept with its bytes', async t => {
  const { web, tell } = await start(t, '  server one 127.0.0.1:1');
  await exchangeRaw(web, 'GET / HTTP/1.1\r\nHost: t\r\nbad header\\: x\r\n\r\n');
  const errors = await tell('show errors');
  assert.match(errors, /^Total events captured on \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] : 1\n \n\[/);
  assert.match(
    errors,
    /\] frontend web \(#2\): invalid request\n {2}backend <NONE> \(#-1\), server <NONE> \(#-1\), event #0, src 127\.0\.0\.1:\d+\n/,
  );
  assert.match(
    errors,
    /\n {2}00000 {2}GET \/ HTTP\/1\.1\\r\\n\n {2}00016 {2}Host: t\\r\\n\n {2}00025 {2}bad header\\\\: x\\r\\n\n/,
  );
  assert.doesNotMatch(await tell('show errors web response'), /invalid/);
  assert.match(await tell('show errors web request'), /invalid request/);
  assert.equal(await tell('show errors nobody'), 'No such proxy.\n\n');
});

test('a response that cannot be understood is kept too', async t => {
  const origin = await startRawOrigin(t, socket => {
    socket.on('data', () => socket.write('HTTP/1.1 abc nonsense\r\n\r\n'));
  });
  const { web, tell } = await start(t, `  server one ${origin.address}`);
  assert.match(await exchangeRaw(web, GET), /^HTTP\/1\.1 502/);
  assert.match(
    await tell('show errors'),
    /backend app \(#3\): invalid response\n {2}frontend web \(#2\), server one \(#1\), event #0, src 127/,
  );
});

test('a server is added in maintenance, serves when it is enabled, and is removed again', async t => {
  const one = await startHttpOrigin(t, 'one');
  const two = await startHttpOrigin(t, 'two');
  const { web, tell } = await start(t, `  server one ${one.address}`, '  cookie SRV insert');
  assert.equal(
    await tell(`add server app/two ${two.address} weight 7 cookie second`),
    'New server registered.\n\n',
  );
  assert.match(await tell('show stat app 4 -1'), /^app,two,.*,MAINT,/m);
  assert.equal(await tell('get weight app/two'), '7 (initial 7)\n\n');
  const seen = async (): Promise<string> => {
    const names = new Set<string>();
    for (let count = 0; count < 12; count++)
      names.add(/x-server: (\w+)/.exec(await exchangeRaw(web, GET))?.[1] ?? 'none');
    return [...names].sort().join(' ');
  };
  assert.equal(await seen(), 'one');
  assert.equal(await tell('enable server app/two'), '\n');
  assert.equal(await seen(), 'one two');
  const sticky = GET.replace('\r\n\r\n', '\r\nCookie: SRV=second\r\n\r\n');
  for (let count = 0; count < 4; count++) assert.match(await exchangeRaw(web, sticky), /x-server: two/);
  assert.equal(await tell('del server app/two'), 'Only servers in maintenance mode can be deleted.\n\n');
  assert.equal(
    await tell('disable server app/two;wait 2s srv-removable app/two;del server app/two'),
    '\nDone.\n\nServer deleted.\n\n',
  );
  assert.equal(await seen(), 'one');
  assert.equal(await tell('del server app/two'), 'No such server.\n\n');
  assert.doesNotMatch(await tell('show servers state'), /two/);
});

test('a server that cannot be added is refused with the reason', async t => {
  const logs = 'backend logs\n  mode log\n  server one udp@127.0.0.1:1\n';
  const { tell } = await start(t, `  server one 127.0.0.1:1 check\n${logs}`);
  assert.equal(
    await tell('add server app/one 127.0.0.1:2'),
    'Already exists a server with the same name in backend.\n\n',
  );
  assert.match(await tell('add server app/two'), /^'server' expects <name> and <addr>/);
  assert.match(await tell('add server app/two 127.0.0.1:2 nonsense'), /unknown keyword 'nonsense'/);
  assert.equal(await tell('add server nothing/two 127.0.0.1:2'), 'No such backend.\n\n');
  const help = await tell('add server help');
  assert.match(help, /^List of keywords supported for dynamic servers:\naddr\n/);
  assert.match(help, /\nhash-key\n[^]*\nstrict-maxconn\n/);
  assert.doesNotMatch(help, /\n(enabled|resolvers|namespace)\n/);
  assert.equal(
    await tell('add server app/two 127.0.0.1:2 resolvers dns'),
    `'resolvers' option is not accepted for dynamic server\n\n`,
  );
  assert.equal(
    await tell('add server app/two 127.0.0.1:2 cookie enabled check check-proto spop'),
    `'server check-proto spop' is not supported yet, it is ignored.\nNew server registered.\n\n`,
  );
  assert.equal(await tell('add server app/three 127.0.0.1:2 guid own'), 'New server registered.\n\n');
  const refused: readonly (readonly [options: string, answer: string])[] = [
    ['guid own', `'guid': duplicate entry with server app/three.`],
    ['check track one', 'unable to enable checks and tracking at the same time!'],
    ['check healthcheck none', `healthcheck section 'none' not found.`],
    ['weight 300', `'weight' : invalid value 300, must be between 0 and 256.`],
  ];
  for (const [options, answer] of refused)
    assert.equal(await tell(`add server app/four 127.0.0.1:2 ${options}`), `${answer}\n\n`);
  assert.equal(
    await tell('add server logs/two 127.0.0.1:2'),
    `Backend does not support dynamic servers : backend 'logs' uses mode log.\n\n`,
  );
  const fixed = await start(t, '  server one 127.0.0.1:1', '  balance static-rr');
  assert.match(
    await fixed.tell('add server app/two 127.0.0.1:2'),
    /^Backend does not support dynamic servers : /,
  );
});

test('wait pauses between commands and ends when the client goes', async t => {
  const { tell } = await start(t, '  server one 127.0.0.1:1');
  const before = Date.now();
  assert.equal(await tell('wait 150ms;show cli level'), 'Done.\n\nadmin\n\n');
  assert.ok(Date.now() - before >= 140);
  assert.equal(await tell('wait'), 'Expects a duration in milliseconds.\n\n');
  assert.match(
    await tell('wait 20ms srv-removable app/one'),
    /^Failed\. Only servers in maintenance mode can be deleted\.\n/,
  );
});

test('threads, memory, descriptors and libraries are those of the process', async t => {
  const { web, tell } = await start(t, '  server one 127.0.0.1:1');
  await exchangeRaw(web, GET);
  assert.match(
    await tell('show activity'),
    /^thread_id: 0 \(0\.\.2\)\ndate_now: \d+\.\d{6}\naccepted: 1 \[ (1 0|0 1) \]\n/,
  );
  assert.match(await tell('show activity 0'), /\naccepted: 1\n/);
  assert.equal(await tell('show activity 3'), 'Thread ID number must be between -1 and nbthread\n\n');
  assert.match(await tell('show pools'), /\nTotal: \d+ pools, \d+ bytes allocated, \d+ used\.\n/);
  assert.match(await tell('show threads'), /^ {2}Thread 1 : .*\n(?:.*\n)* {2}Thread 2 : /);
  assert.match(
    await tell('show fd'),
    new RegExp(`: owner=socket:\\[\\d+\\] l\\.st=RDY fe=web fam=ipv4 lport=${web}\n`),
  );
  assert.equal(await tell('show fd x'), 'Invalid FD type\n\n');
  assert.match(await tell('show pools byname 1'), /\n {2}- Pool buffers : .*\nTotal: 1 pools, /);
  assert.match(
    await tell('show pools match thread'),
    /: (?:.*)\n {2}- Pool thread1_heap(?:.*)\nTotal: 2 pools, /s,
  );
  assert.match(await tell('show pools x'), /^Expects either 'byname', 'bysize', 'byusage'/);
  assert.match(await tell('show libs'), /^0x[0-9a-f]+-0x[0-9a-f]+ \(0x[0-9a-f]+\) \/.*node/m);
  assert.match(await tell('show events'), /\n {4}stdout {5}: type=fd/);
});

test('a delay longer than a timer can be is no short one', async t => {
  const { tell } = await start(t, '  server one 127.0.0.1:1');
  assert.equal(await tell('set timeout cli 30d;set timeout cli 4294967295;show cli level'), '\n\nadmin\n\n');
  assert.equal(await tell('set timeout cli 10ms;show cli level'), '\nadmin\n\n');
  for (const wrong of ['4294967296', '0ms'])
    assert.equal(await tell(`set timeout cli ${wrong}`), 'Invalid timeout value.\n\n');
});

test('Jobs and Listeners count addresses of every kind', async t => {
  const forward = await freePort();
  const { tell } = await startAdminBalancer(t, {
    globals: `log-forward in\n  dgram-bind 127.0.0.1:${forward}\n  log 127.0.0.1:${forward} local0`,
    app: '  server one 127.0.0.1:1',
  });
  const numbers = await tell('show info');
  assert.match(numbers, /\nJobs: 3\n/);
  assert.match(numbers, /\nListeners: 3\n/);
});

test('cookies made of addresses are switched on and off, and their secret is changed', async t => {
  const one = await startHttpOrigin(t, 'one');
  const { web, tell } = await start(t, `  server one ${one.address}`, '  cookie SRV insert');
  const cookie = async (): Promise<string> =>
    /set-cookie: SRV=(\w+)/i.exec(await exchangeRaw(web, GET))?.[1] ?? 'none';
  assert.equal(await cookie(), 'none');
  assert.equal(
    await tell('set dynamic-cookie-key backend app secret;enable dynamic-cookie backend app'),
    '\n\n',
  );
  const first = await cookie();
  assert.match(first, /^[0-9a-f]{16}$/);
  assert.match(await tell('show stat app 4 1'), new RegExp(`,${one.address},${first},http,`));
  assert.equal(await tell('set dynamic-cookie-key backend app other'), '\n');
  assert.notEqual(await cookie(), first);
  assert.equal(await tell('set dynamic-cookie-key backend app secret'), '\n');
  assert.equal(await cookie(), first);
  assert.equal(await tell('disable dynamic-cookie backend app'), '\n');
  assert.equal(await cookie(), 'none');
  assert.match(await tell('show stat app 4 1'), new RegExp(`,${one.address},,http,`));
  assert.equal(await tell('enable dynamic-cookie backend nobody'), 'No such backend.\n\n');
});

test('names and addresses are hidden from those who ask for it', async t => {
  const one = await startHttpOrigin(t, 'one');
  const { tell } = await start(t, `  server one ${one.address}\n  server far 192.0.2.7:80`);
  assert.equal(await tell('set anon on 7;show anon'), '\nAnonymized mode enabled\nKey : 7\n\n');
  const plain = await tell('show servers conn');
  const hidden = await tell('set anon on 7;show servers conn');
  assert.match(plain, /^app\/far 3\/2 192\.0\.2\.7 80 /m);
  assert.doesNotMatch(hidden, /app|far|192\.0/);
  assert.match(hidden, /^[0-9a-f]{6}\/[0-9a-f]{6} 3\/2 IPV4\([0-9a-f]{6}\) 80 /m);
  const backend = (await tell('set anon on 7;debug dev hash app')).trim();
  assert.match(backend, /^[0-9a-f]{6}$/);
  assert.ok(hidden.includes(`\n${backend}/`), hidden);
  assert.match(
    await tell('set anon on 7;show servers state'),
    new RegExp(`^3 ${backend} 2 [0-9a-f]{6} IPV4`, 'm'),
  );
  assert.match(await tell('set anon on 7;show sess all'), /frontend=GLOBAL/);
  assert.equal(
    await tell('set anon global-key 9;set anon on;show anon'),
    '\n\nAnonymized mode enabled\nKey : 9\n\n',
  );
  assert.equal(await tell('set anon on;user;show anon'), '\n\nAnonymized mode enabled\n\n');
  assert.equal(await tell('set anon on;set anon off;show anon'), '\n\nAnonymized mode disabled\n\n');
  assert.equal(await tell('set anon on x'), 'Value out of range (1 to 4294967295 expected).\n\n');
  assert.equal(await tell('set anon global-key -1'), 'Value out of range (0 to 4294967295 expected).\n\n');
});

test('who is no expert is refused what experts may do', async t => {
  const { tell } = await start(t, '  server one 127.0.0.1:1');
  assert.match(await tell('httpclient GET http://x/'), /^This command is restricted to expert mode only/);
});

test('commands about certificates answer as HAProxy 3.4 does with none loaded', async t => {
  const { tell } = await start(t, '  server one 127.0.0.1:1');
  const answers: readonly (readonly [string, string])[] = [
    ['show ssl cert', '# filename'],
    ['show ssl jwt', '# filename'],
    ['show ssl ca-file', '# filename'],
    ['show ssl crl-file', '# filename'],
    ['show ssl crt-list', ''],
    ['show ssl crt-list x', `didn't find the specified filename`],
    ['show ssl crt-list -n', `'show ssl crt-list -n' expects a filename or a directory`],
    ['show ssl sni', '# Frontend/Bind\tSNI\tNegative Filter\tType\tFilename\tNotAfter\tNotBefore'],
    [
      'show ssl sni -A -t 30d -f web',
      '# Frontend/Bind\tSNI\tNegative Filter\tType\tFilename\tNotAfter\tNotBefore',
    ],
    ['show ssl sni -f', `'-f' requires a frontend name!`],
    ['show ssl sni -t', `'-t' requires an offset argument!`],
    ['show ssl sni -t 3x', `'-t 3x' : unexpected character 'x'`],
    ['show ssl sni -t 0', `'-t' expects a positive value`],
    ['show ssl sni x', `Invalid parameters, 'show ssl sni' only supports '-f', '-A' or '-t' options!`],
    ['show ssl ocsp-response', '# Certificate IDs'],
    ['show ssl ocsp-response text', `'show ssl ocsp-response [text|base64]' expects a valid certid.`],
    ['show ssl ocsp-response ab', 'Certificate ID or path does not match any certificate.'],
    ['show ssl ocsp-response x.pem', `'show ssl ocsp-response' expects a valid certid or certificate path.`],
    ['add ssl jwt x', `Can't display the certificate: Not found or the certificate is a bundle!`],
    ['del ssl jwt', `'del ssl cert' expects a filename`],
    ['set ssl cert x', `'set ssl cert' expects a filename and a certificate as a payload`],
    ['commit ssl ca-file x', `No ongoing transaction! !\nCan't commit x!`],
    ['abort ssl crl-file x', 'No ongoing transaction!'],
    ['abort ssl cert', `'abort ssl cert' expects a filename`],
    ['del ssl ca-file x', `Can't remove the CA file: CA file 'x' doesn't exist!`],
    ['del ssl crt-list l c', `Can't delete the entry: crt-list 'l' does not exist!`],
  ];
  for (const [line, answer] of answers) assert.equal((await tell(line)).trimEnd(), answer, line);
  assert.equal(await tell('user; show ssl jwt'), '\nPermission denied\n\n');
});

test('show fd knows listeners and both sides of connections, and tells of those that are asked for', async t => {
  const one = await startHttpOrigin(t, 'one');
  const { web, tell } = await start(t, `  server one ${one.address}`);
  const client = await KeepAliveClient.open(web);
  t.after(() => client.close());
  await client.request('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const front = new RegExp(`back=0 fam=ipv4 lport=${web} rport=${client.socket.localPort} fe=web$`, 'm');
  const back = new RegExp(`back=1 fam=ipv4 lport=\\d+ rport=${one.port} sv=app/one$`, 'm');
  const listener = new RegExp(`l\\.st=RDY fe=web fam=ipv4 lport=${web}$`, 'm');
  const seen = async (words: string): Promise<string> => {
    const text = await tell(`show fd ${words}`);
    const kinds = [front, back, listener, /owner=anon_inode|owner=pipe/].map(kind => kind.test(text));
    return ['f', 's', 'l', 'p'].filter((_, at) => kinds[at]).join('');
  };
  const wanted = {
    '': 'fslp',
    f: 'f',
    b: 's',
    c: 'fs',
    'c!f': 's',
    l: 'l',
    '-l': 'fsp',
    '-lp': 'fs',
    'l p': 'lp',
  };
  for (const [words, kinds] of Object.entries(wanted)) assert.equal(await seen(words), kinds, words);
  assert.match(await tell('show fd l'), /l\.st=RDY fe=GLOBAL$/m);
  assert.match(await tell('show fd 1'), /^ {6}1 : owner=\S+\n\n$/);
});
