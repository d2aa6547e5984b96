import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSettings, parseCommandLine } from '../../src/config-parser/command-line.ts';
import { renderUsage } from '../../src/config-parser/usage.ts';
import type { Options } from '../../src/config-parser/command-line.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';

function accepted(line: string): Options {
  const result = parseCommandLine(line.split(' ').filter(word => word !== ''));
  assert.equal(result.error, undefined, line);
  return result.value;
}

test('files come from -f, from behind -- and from -k, keepalived configurations apart', () => {
  const options = accepted(
    '-f a.cfg -f conf.d -k vrrp.conf -f /etc/keepalived/keepalived.conf -- b.cfg c.cfg',
  );
  assert.deepEqual(options.files, ['a.cfg', 'conf.d', 'b.cfg', 'c.cfg']);
  assert.deepEqual(options.keepalivedFiles, ['vrrp.conf', '/etc/keepalived/keepalived.conf']);
  assert.deepEqual(options.action, { kind: 'run' });
});

test('every switch of the reference is understood', () => {
  const options = accepted(
    '-f a -c -q -D -W -Ws -d -db -4 -dW -dD -dr -dV -dL -de -dp -dS -dG -dR -dF -dI -dT -dZ -dc -dM -dk -dv -dA/tmp/x',
  );
  assert.deepEqual(options.action, { kind: 'check' });
  for (const name of [
    'quiet',
    'daemon',
    'masterWorker',
    'systemd',
    'debug',
    'foreground',
    'ipv4Only',
  ] as const)
    assert.equal(options[name], true, name);
  for (const name of [
    'warningsAreFatal',
    'showDiag',
    'ignoreUnresolvable',
    'noServerVerify',
    'dumpLibraries',
  ] as const)
    assert.equal(options[name], true, name);
  assert.deepEqual([...options.debugLetters].sort().join(''), 'AFGIMRSTZcekpv');
});

test('-dS and -dF are as nosplice, -dR as noreuseport', () => {
  const flags = (words: string): readonly string[] => {
    const settings = loadSettings(accepted(`-f a ${words}`));
    const readFile = (): { readonly error: string } => ({ error: 'No such file or directory' });
    const { config } = parseConfig([], { ...settings, environment: {}, readFile });
    return [...(config?.global.flags ?? [])].filter(flag => /^no(splice|reuseport)$/.test(flag)).toSorted();
  };
  assert.deepEqual(flags('-dS'), ['nosplice']);
  assert.deepEqual(flags('-dF -dR'), ['noreuseport', 'nosplice']);
  assert.deepEqual(flags('-db'), []);
});

test('values of options are typed', () => {
  const options = accepted(
    '-f a -n 1000 -N 200 -m 64 -p /run/lb.pid -L me -C / -x /run/lb.sock -S /run/master,level,admin',
  );
  assert.equal(options.maxconn, 1000);
  assert.equal(options.proxyMaxconn, 200);
  assert.equal(options.memoryLimitMb, 64);
  assert.equal(options.pidfile, '/run/lb.pid');
  assert.equal(options.localpeer, 'me');
  assert.equal(options.directory, '/');
  assert.equal(options.oldSocket, '/run/lb.sock');
  assert.deepEqual(options.masterSockets, ['/run/master,level,admin']);
});

test('-sf and -st take process numbers up to the next option, even none', () => {
  assert.deepEqual(accepted('-f a -sf 12 13 -c').oldProcesses, { signal: 'SIGUSR1', pids: [12, 13] });
  assert.deepEqual(accepted('-f a -st 7').oldProcesses, { signal: 'SIGTERM', pids: [7] });
  assert.deepEqual(accepted('-f a -sf').oldProcesses, { signal: 'SIGUSR1', pids: [] });
  assert.match(parseCommandLine(['-f', 'a', '-sf', '12x']).error ?? '', /failed to parse \{12x\}/);
});

test('-V takes back -q', () => {
  assert.equal(accepted('-f a -q -V').quiet, false);
});

test('version options and conditions need no file', () => {
  assert.deepEqual(accepted('-v').action, { kind: 'version' });
  assert.deepEqual(accepted('--version').action, { kind: 'version' });
  assert.deepEqual(accepted('-h').action, { kind: 'help' });
  assert.deepEqual(accepted('-q --help -zz').action, { kind: 'help' });
  assert.deepEqual(accepted('-vv').action, { kind: 'build-details' });
  assert.deepEqual(accepted('-vqb').action, { kind: 'bare-version', what: 'branch' });
  assert.deepEqual(parseCommandLine(['-cc', 'streq(a,b)']).value?.action, {
    kind: 'condition',
    expression: 'streq(a,b)',
  });
  assert.deepEqual(accepted('-dKhelp').dumpKeywords, ['help']);
});

test('glued arguments are cut off their option', () => {
  assert.deepEqual(accepted('-f a -dKall,cfg').dumpKeywords, ['all', 'cfg']);
  assert.deepEqual(accepted('-f a -dC42,line').dumpConfig, { key: 42, lineNumbers: true });
  assert.deepEqual(accepted('-f a -dC').dumpConfig, { key: 0, lineNumbers: false });
  assert.deepEqual(accepted('-f a -dt h1 -dth2').traces, ['h1', 'h2']);
});

test('what is wrong is named', () => {
  assert.match(parseCommandLine([]).error ?? '', /no configuration file/);
  assert.match(parseCommandLine(['-f']).error ?? '', /-f expects an argument/);
  assert.match(parseCommandLine(['-n', 'many', '-f', 'a']).error ?? '', /-n expects a number, found 'many'/);
  assert.match(parseCommandLine(['--what']).error ?? '', /unknown option '--what'/);
  assert.match(
    parseCommandLine(['a.cfg']).error ?? '',
    /unexpected argument 'a.cfg': configuration files follow -f/,
  );
});

test('the usage text begins as scripts expect it', () => {
  assert.match(renderUsage('lb'), /^Usage : lb \[-f <cfgfile\|cfgdir>\]\*/);
});
