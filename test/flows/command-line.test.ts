/** The program as its users start it: checks, versions, exit codes, and every example serving. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exchangeRaw, LB, startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Ended {
  readonly status: number | null;
  readonly text: string;
}

function run(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(LB, args, { encoding: 'utf8', timeout: 20_000 });
  return { status, text: stdout + stderr };
}

function check(config: string, ...more: string[]): Ended {
  const folder = mkdtempSync(join(tmpdir(), 'lb-check-'));
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, config);
  const ended = run('-c', '-f', file, ...more);
  rmSync(folder, { recursive: true });
  return ended;
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

const GOOD =
  'defaults\n  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\nlisten l\n  bind :80\n';

test('a good configuration is valid with exit code 0', () => {
  const ended = check(GOOD);
  assert.equal(ended.status, 0);
  assert.match(ended.text, /Configuration file is valid/);
});

test('a mistyped section names file, line and the nearest word, with exit code 1', () => {
  const ended = check('listem stats\n  bind :80\n');
  assert.equal(ended.status, 1);
  assert.match(ended.text, /\[ALERT\] .*haproxy\.cfg:1\] : unknown keyword 'listem'.*'listen'/);
});

test('mistakes in rules are found by the check, all in one run', () => {
  const rules =
    '  mode http\n  http-request deny if { no_such_fetch x }\n  http-request set-header X %[src,no_such_conv]\n';
  const ended = check(GOOD + rules);
  assert.equal(ended.status, 1);
  assert.match(ended.text, /no_such_fetch/);
  assert.match(ended.text, /no_such_conv/);
});

test('warnings fail only with -dW', () => {
  const config = `global\n  nbproc 1\n${GOOD}`;
  assert.equal(check(config).status, 0);
  assert.equal(check(config, '-dW').status, 1);
});

test('an alert that loading goes on after is no warning to -dW and no reason to doubt the file', () => {
  const ended = check(`global\n  maxconn 5\n  maxconn 6\n${GOOD}`, '-dW');
  assert.match(ended.text, /already specified. Continuing/);
  assert.match(ended.text, /Configuration file is valid/);
  assert.equal(ended.status, 0);
});

test('-dW and zero-warning both say why nothing starts', () => {
  const why = /\[ALERT\] .*Some warnings were found and 'zero-warning' is set\. Aborting\./;
  assert.match(check(`global\n  nbproc 1\n${GOOD}`, '-dW').text, why);
  const ended = check(`global\n  nbproc 1\n  zero-warning\n${GOOD}`);
  assert.match(ended.text, why);
  assert.equal(ended.status, 1);
});

test('files without a listener are good, but would not start: 2 for the check, 1 for the start', () => {
  for (const config of ['global\n', 'backend b\n', `${GOOD}  disabled\n`]) {
    const checked = check(config);
    assert.equal(checked.status, 2, config);
    assert.match(checked.text, /no error but will not start \(no listener\)/);
  }
  const folder = mkdtempSync(join(tmpdir(), 'lb-idle-'));
  try {
    writeFileSync(join(folder, 'idle.cfg'), 'global\n');
    const started = run('-f', join(folder, 'idle.cfg'));
    assert.equal(started.status, 1);
    assert.match(started.text, /No enabled listener found \(check for 'bind' directives\) ! Exiting\./);
    mkdirSync(join(folder, 'empty'));
    const nothing = run('-c', '-f', join(folder, 'empty'));
    assert.equal(nothing.status, 1);
    assert.match(nothing.text, /No configuration file \(\*\.cfg\) found in/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an admin socket is a listener, too', () => {
  assert.equal(check('global\n  stats socket /tmp/none-such.sock\n').status, 0);
});

test('a folder of -C that is not there is told of', () => {
  const ended = run('-C', '/none-such', '-c', '-f', 'x.cfg');
  assert.equal(ended.status, 1);
  assert.match(
    ended.text,
    /^\[ALERT\] .*Could not change to directory \/none-such : No such file or directory$/m,
  );
  assert.doesNotMatch(ended.text, /\bat /);
});

test('a condition of -cc is read like a line: quotes, variables, and 2 when it is wrong', () => {
  const answers: readonly (readonly [string, number])[] = [
    ['streq("$LB_TEST_WORD",some words)', 0],
    ['streq("$LB_TEST_WORD",others)', 1],
    ['!defined(LB_TEST_NONE) && 1', 0],
    ['nonsense', 2],
    ['"open', 2],
  ];
  process.env['LB_TEST_WORD'] = 'some words';
  for (const [condition, status] of answers) assert.equal(run('-cc', condition).status, status, condition);
  delete process.env['LB_TEST_WORD'];
  assert.match(
    run('-cc', 'nonsense').text,
    /Failed to evaluate condition: unparsable conditional expression/,
  );
});

test('-v, -cc and an unknown option answer as scripts expect', () => {
  assert.match(run('-v').text, /^lb version \S+/);
  assert.equal(run('-cc', 'version_atleast(3.4)').status, 0);
  assert.equal(run('-cc', 'version_atleast(9.9)').status, 1);
  assert.equal(run('--no-such-option').status, 1);
});

test('a port in use ends the start with exit code 1 and its address', async t => {
  const port = await freePort();
  const config = GOOD.replace(':80', `127.0.0.1:${port}`);
  const first = await startBalancer(t, `global\n  noreuseport\n${config}`);
  const ended = spawnSync(LB, ['-db', '-f', join(first.folder, 'haproxy.cfg')], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(ended.status, 1);
  assert.match(ended.stderr, new RegExp(`127\\.0\\.0\\.1:${port}`));
});

for (const name of readdirSync('examples').filter(file => file.endsWith('.cfg')))
  test(`examples/${name} starts, listens and stops`, async t => {
    const text = readFileSync(join('examples', name), 'utf8');
    const ports = new Map<string, number>();
    for (const [, port] of text.matchAll(/(?:^\s*bind\s+\S*|127\.0\.0\.1):(\d+)\b/gm))
      if (port !== undefined && !ports.has(port)) ports.set(port, await freePort());
    const moved = text
      .replace(
        /^(\s*bind\s+)\S*:(\d+)/gm,
        (_, bind: string, port: string) => `${bind}127.0.0.1:${ports.get(port)}`,
      )
      .replace(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${ports.get(port) ?? port}`)
      .replaceAll(/127\.0\.0\.1:undefined/g, '127.0.0.1:1');
    const balancer = await startBalancer(t, moved);
    assert.equal(await balancer.stop(), 0, balancer.output());
  });

/** What becomes of the teaching texts' configurations (test/cases/seed), as somebody sees who tries them. */
const SEEDS: readonly (readonly [file: string, status: number, said: RegExp])[] = [
  ['02-balance.cfg', 0, /Configuration file is valid|Warnings were found/],
  ['03-cookie.cfg', 0, /Configuration file is valid|Warnings were found/],
  ['04-stats.cfg', 0, /Configuration file is valid|Warnings were found/],
  ['05-l4-proxy-protocol.cfg', 0, /Configuration file is valid|Warnings were found/],
  ['06-http-features.cfg', 0, /Configuration file is valid|Warnings were found/],
  [
    '07-acl-routing.cfg',
    1,
    /07-acl-routing\.cfg:27\] .*server 'web1' has neither service port nor check port/,
  ],
  ['08-errors.cfg', 1, /08-errors\.cfg:6\] .*\/etc\/haproxy\/errorfiles\/400badreq\.http/],
  ['09-kube-api-fixed.cfg', 0, /Configuration file is valid|Warnings were found/],
  ['10-kube-api.cfg', 1, /10-kube-api\.cfg:1\] .*did you mean 'listen'/],
  // keepalived's own exit code: there are errors it could live with
  ['11-keepalived.conf', 5, /Unknown keyword 'nb_get_retry'/],
];

for (const [file, status, said] of SEEDS)
  test(`lb -c of the seed ${file} ends with ${status}`, () => {
    const ended = run('-c', '-f', join('test/cases/seed', file));
    assert.equal(ended.status, status, ended.text);
    assert.match(ended.text, said);
  });

test('lb -c of the seed 01-global-defaults.cfg reads nbproc as a number of threads', () => {
  const { status, text } = run('-c', '-f', 'test/cases/seed/01-global-defaults.cfg');
  assert.match(text, /nbproc is not supported any more/);
  // whoever has no user 'haproxy' is told so
  if (!/cannot find user id/.test(text)) assert.equal(status, 0, text);
});

test('-dC shows the lines without comments, and with a key without names and addresses', t => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    'global\n  maxconn 10 # few\nuserlist people\n  user joe insecure-password secret\nlisten shop\n' +
      '   bind "10.1.2.3:80" name x\n  stats auth joe:secret\n  server one 127.0.0.1:81 check\n',
  );
  const plain = run('-dC', '-f', file);
  assert.equal(plain.status, 0);
  assert.equal(
    plain.text,
    'global\n\tmaxconn 10\nuserlist people\n\tuser joe insecure-password secret\nlisten shop\n' +
      '\tbind 10.1.2.3:80 name x\n\tstats auth joe:secret\n\tserver one 127.0.0.1:81 check\n',
  );
  const hidden = run('-dC17,line', '-f', file).text;
  assert.match(hidden, /^5\tlisten ID\([0-9a-f]{6}\)$/m);
  assert.match(hidden, /^6\t\tbind IPV4\([0-9a-f]{6}\):80 \[\.\.\.\]$/m);
  assert.match(hidden, /^8\t\tserver ID\([0-9a-f]{6}\) 127\.0\.0\.1:81 \[\.\.\.\]$/m);
  assert.doesNotMatch(hidden, /joe|secret|shop|10\.1\.2\.3/);
  assert.notEqual(hidden, run('-dC18,line', '-f', file).text);
});

test('-dK lists the words of a class, -dL the libraries of the process', () => {
  const help = run('-dKhelp');
  assert.equal(help.status, 0);
  assert.match(help.text, /^smp: sample fetch functions$/m);
  const { text } = run('-dKcfg,smp,cnv');
  assert.match(text, /^\tdefault_backend <backend>$/m);
  assert.match(text, /^req\.hdr\(.*\): str$/m);
  assert.match(text, /^ipmask\(.*\): \w+ => \w+$/m);
  assert.doesNotMatch(text, /registered CLI keywords/);
  assert.match(run('-dKall').text, /^show stat$/m);
  const libraries = check(GOOD, '-dL', '-q').text;
  assert.match(libraries, /\/libc\.so/);
  assert.match(libraries, /\/node$/m);
});

test('-dr takes servers whose names cannot be resolved, which is a mistake without it', () => {
  const config = `${GOOD}  server s name.invalid:80\n`;
  assert.equal(check(config).status, 1);
  const ended = check(config, '-dr');
  assert.equal(ended.status, 0, ended.text);
  assert.match(ended.text, /could not resolve address 'name\.invalid', disabling server/);
});

test('-dV is ssl-server-verify none: no authorities are needed for TLS checks of servers', () => {
  const config = `${GOOD}  server s 127.0.0.1:80 ssl check\n`;
  assert.match(check(config).text, /verify is enabled by default but no CA file/);
  assert.doesNotMatch(check(config, '-dV').text, /verify is enabled/);
});

test('-L names the local peer, for the configuration to read', () => {
  const config = `global\n  description $HAPROXY_LOCALPEER\n.notice "peer is $HAPROXY_LOCALPEER"\n${GOOD}`;
  assert.match(check(config, '-L', 'left').text, /peer is left/);
  const renamed = `global\n  localpeer right\n.notice "peer is $HAPROXY_LOCALPEER"\n${GOOD}`;
  assert.match(check(renamed, '-L', 'left').text, /peer is right/);
});

test("'quiet' in the configuration hides warnings, -V shows them again", () => {
  const config = `global\n  quiet\n  nbproc 1\n${GOOD}`;
  assert.equal(check(config).text, '');
  assert.match(check(config, '-V').text, /Configuration file is valid[^]*nbproc/);
});

test('a debugging option without effect says so', () => {
  assert.match(check(GOOD, '-dZ').text, /'-dZ' has no effect/);
  assert.match(check(GOOD, '-dA').text, /'-dA' is not supported yet/);
});

test('SIGTTOU gives the addresses up and SIGTTIN takes them again', async t => {
  const port = await freePort();
  const balancer = await startBalancer(
    t,
    `defaults\n  mode http\n  timeout client 5s\nlisten l\n  bind 127.0.0.1:${port}\n  http-request return status 200\n`,
  );
  const said = async (text: RegExp): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while (!text.test(balancer.output())) {
      assert.ok(Date.now() < deadline, balancer.output());
      await sleep(10);
    }
  };
  balancer.process.kill('SIGTTOU');
  await said(/Paused proxy l\./);
  await assert.rejects(exchangeRaw(port, GET), /ECONNREFUSED/);
  balancer.process.kill('SIGTTIN');
  await said(/Resumed proxy l\./);
  assert.match(await exchangeRaw(port, GET), /^HTTP\/1\.1 200/);
});

test('a configuration that never ends is refused, one from a pipe is read', () => {
  const endless = spawnSync(LB, ['-c', '-f', '/dev/zero'], { encoding: 'utf8', timeout: 30_000 });
  assert.equal(endless.status, 1, endless.stderr);
  assert.match(endless.stderr, /Cannot open configuration file \/dev\/zero : too large/);
  const input = 'defaults\n  mode http\nbackend b\n  no-such-word\n';
  const piped = spawnSync('sh', ['-c', `cat | ${LB} -c -f /dev/stdin`], {
    input,
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.match(piped.stderr, /\/dev\/stdin:4.*no-such-word/);
});
