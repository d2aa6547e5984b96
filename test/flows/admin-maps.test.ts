/** Maps, ACLs and variables of the process, changed by commands and by rules: every thread follows. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

interface Started {
  readonly tell: (line: string) => Promise<string>;
  /** What header x-answer says, over all threads. */
  readonly answers: (path: string) => Promise<string>;
  readonly map: string;
  readonly list: string;
}

async function start(t: TestContext): Promise<Started> {
  const folder = temporaryFolder(t);
  const [socket, map, list] = [join(folder, 's'), join(folder, 'm.map'), join(folder, 'l.lst')];
  writeFileSync(map, '/a first\n/b second\n');
  writeFileSync(list, '/secret\n');
  const web = await freePort();
  await startBalancer(
    t,
    `global
  nbthread 3
  stats socket ${socket} level admin
  set-var proc.greeting str(hello)
  set-var-fmt proc.last "%[var(proc.greeting)] there"
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${web}
  acl secret path -f ${list}
  acl forbidden path /never
  http-request set-map(${map}) %[path,regsub(/put/,/,g)] %[url_param(v)] if { path_beg /put/ }
  http-request set-var(proc.last) path if { path /remember }
  http-request return status 200 hdr x-answer secret if secret
  http-request return status 200 hdr x-answer forbidden if forbidden
  http-request return status 200 hdr x-answer %[var(proc.last)] if { path /last }
  http-request return status 200 hdr x-answer %[path,map(${map},none)]
`,
    { ports: [web] },
  );
  // connections spread over the threads by their source ports
  const answers = async (path: string): Promise<string> => {
    const seen = new Set<string>();
    for (let count = 0; count < 24; count++) {
      const answer = await exchangeRaw(web, `GET ${path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n`);
      seen.add(/x-answer: ?([^\r]*)/.exec(answer)?.[1] ?? answer.slice(0, 12));
    }
    return [...seen].join(' ');
  };
  return { tell: line => ask(socket, line), answers, map, list };
}

test('maps are listed with where they are used, and their entries with a reference', async t => {
  const { tell, map, list } = await start(t);
  const maps = await tell('show map');
  assert.match(maps, /^# id \(file\) description\n/);
  assert.match(
    maps,
    new RegExp(
      `^\\d+ \\(${map}\\) pattern loaded from file '${map}' used by map at file '[^']+' line 20\\. curr_ver=0 next_ver=0 entry_cnt=2$`,
      'm',
    ),
  );
  assert.match(await tell(`show map ${map}`), /^0x[0-9a-f]+ \/a first\n0x[0-9a-f]+ \/b second\n\n$/);
  assert.match(await tell('show acl'), new RegExp(`\\(${list}\\) pattern loaded from file`));
  assert.match(
    await tell('show acl'),
    /^\d+ \(\) acl 'path' file .* line 14\. curr_ver=0 next_ver=0 entry_cnt=1$/m,
  );
  assert.equal(await tell('show map nothing'), 'Unknown map identifier. Please use #<id> or <file>.\n\n');
});

test('patterns that come and go are counted', async t => {
  const { tell, map, list, answers } = await start(t);
  const counts = async (): Promise<readonly number[]> => {
    const info = await tell('show info');
    return ['PatternsAdded', 'PatternsFreed'].map(name =>
      Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(info)?.[1]),
    );
  };
  // two of the map, one of the list, and those of four lines
  assert.deepEqual(await counts(), [7, 0]);
  await tell(`add map ${map} /c third`);
  await tell(`del acl ${list} /secret`);
  assert.deepEqual(await counts(), [8, 1]);
  await answers('/put/d?v=fourth');
  await until('a pattern that a rule has added', async () => (await counts())[0] === 9);
  await tell(`prepare map ${map}`);
  await tell(`add map @1 ${map} /e fifth`);
  await tell(`commit map @1 ${map}`);
  assert.deepEqual(await counts(), [10, 5]);
});

test('every thread follows what commands do to a map', async t => {
  const { tell, answers, map } = await start(t);
  assert.equal(await answers('/a'), 'first');
  assert.equal(await tell(`set map ${map} /a changed`), '\n');
  assert.equal(await answers('/a'), 'changed');
  assert.equal(await tell(`add map ${map} /c third\\ one`), '\n');
  assert.equal(await answers('/c'), 'third one');
  assert.equal(await tell(`del map ${map} /b`), '\n');
  assert.equal(await answers('/b'), 'none');
  assert.equal(await tell(`del map ${map} /b`), 'Key not found.\n\n');
  assert.equal(await tell(`add map ${map} <<\n/d fourth value\n/e fifth\n`), '\n');
  assert.equal(await answers('/d'), 'fourth value');
  assert.equal(await tell(`clear map ${map}`), '\n');
  assert.equal(await answers('/a'), 'none');
});

test('one of several entries of a key is changed by its reference', async t => {
  const { tell, map } = await start(t);
  await tell(`add map ${map} /a again`);
  const [, reference] = /(0x[0-9a-f]+) \/a again/.exec(await tell(`show map ${map}`)) ?? [];
  assert.equal(await tell(`set map ${map} #${reference} other`), '\n');
  assert.match(await tell(`show map ${map}`), /\/a first\n.* \/b second\n.* \/a other\n/);
  assert.equal(await tell(`del map ${map} #${reference}`), '\n');
  assert.doesNotMatch(await tell(`show map ${map}`), /other/);
  assert.equal(await tell(`del map ${map} #0xzz`), 'Malformed identifier. Please use #<id> or <file>.\n\n');
});

test('a new version of a map becomes visible as a whole', async t => {
  const { tell, answers, map } = await start(t);
  assert.equal(await tell(`prepare map ${map}`), 'New version created: 1\n\n');
  assert.equal(await tell(`add map @1 ${map} /a new;add map @1 ${map} /z last`), '\n\n');
  assert.equal(await answers('/a'), 'first');
  assert.match(await tell(`show map @1 ${map}`), /\/a new\n.* \/z last\n/);
  assert.equal(
    await tell(`add map @2 ${map} /a x`),
    `Version number in the future, please use 'prepare map' before.\n\n`,
  );
  assert.equal(await tell(`commit map @1 ${map}`), '\n');
  assert.equal(`${await answers('/a')} ${await answers('/b')} ${await answers('/z')}`, 'new none last');
  assert.match(await tell('show map'), /curr_ver=1 next_ver=1 entry_cnt=2/);
  assert.equal(await tell(`commit map @1 ${map}`), 'Version number out of range.\n\n');
});

test('ACL files and the patterns of ACL lines change alike', async t => {
  const { tell, answers, list } = await start(t);
  assert.equal(await answers('/secret'), 'secret');
  assert.equal(await tell(`add acl ${list} /hidden;del acl ${list} /secret`), '\n\n');
  assert.equal(`${await answers('/hidden')} ${await answers('/secret')}`, 'secret none');
  const [, id] = /^(\d+) \(\) acl 'path' file .* line 14\./m.exec(await tell('show acl')) ?? [];
  assert.equal(await tell(`add acl #${id} /a`), '\n');
  assert.equal(await answers('/a'), 'forbidden');
});

test('a value is looked up as rules would', async t => {
  const { tell, map, list } = await start(t);
  assert.equal(
    await tell(`get map ${map} /a`),
    'type=str, case=sensitive, found=yes, idx=tree, key="/a", value="first", type="str"\n\n',
  );
  assert.equal(await tell(`get map ${map} /x`), 'type=str, case=sensitive, found=no\n\n');
  assert.equal(
    await tell(`get acl ${list} /secret`),
    'type=str, case=sensitive, match=yes, idx=tree, pattern="/secret"\n\n',
  );
  assert.equal(await tell(`get acl ${list}`), 'Missing ACL identifier and/or key.\n\n');
});

test('what a rule puts into a map is seen by every thread and by show map', async t => {
  const { tell, answers, map } = await start(t);
  await answers('/put/k?v=one');
  await answers('/put/k?v=two');
  await until('the change of the map', async () => (await tell(`show map ${map}`)).includes('/k two'));
  assert.equal(await answers('/k'), 'two');
});

test('variables of the process are the same in all threads', async t => {
  const { tell, answers } = await start(t);
  assert.equal(await tell('get var proc.nothing'), 'Variable not found.\n\n');
  assert.equal(await tell('get var proc.last'), 'proc.last: type=str value=<hello there>\n\n');
  assert.equal(await answers('/last'), 'hello there');
  await answers('/remember');
  await until(
    'the variable',
    async () => (await tell('get var proc.last')) === 'proc.last: type=str value=</remember>\n\n',
  );
  assert.equal(await answers('/last'), '/remember');
  assert.match(await tell('set var proc.last int(7)'), /experimental mode only/);
  assert.equal(
    await tell('experimental-mode on -;set var proc.last int(7),add(1);get var proc.last'),
    '\nproc.last: type=sint value=<8>\n\n',
  );
  assert.equal(await answers('/last'), '8');
  assert.match(await tell('experimental-mode on -;set var proc.last nonsense()'), /nonsense/);
});
