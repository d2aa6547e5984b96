import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderDiagnostics, renderMessage } from '../../src/config-parser/diagnostic.ts';
import { editDistance, nearestName } from '../../src/config-parser/nearest.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { ParseResult } from '../../src/config-parser/parse.ts';

function parse(
  files: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>> = {},
): ParseResult {
  const list = Object.entries(files).map(([path, text]) => ({ path, text }));
  return parseConfig(list, {
    environment: { HOME: '/root' },
    readFile: path => {
      const text = others[path];
      return text === undefined ? { error: 'No such file or directory' } : { text };
    },
  });
}

function messages(result: ParseResult): string[] {
  return result.diagnostics.map(renderMessage);
}

test('the word for experiments is of use to a rule that is one', () => {
  const rule = ' http-request normalize-uri path-merge-slashes\n';
  const text = `global\n expose-experimental-directives\nfrontend f\n mode http\n bind :80\n timeout client 1s\n`;
  assert.doesNotMatch(messages(parse({ 'a.cfg': text + rule })).join('\n'), /experimental/);
  assert.match(messages(parse({ 'a.cfg': text })).join('\n'), /nothing in these files is experimental/);
});

test('several files are one configuration, and each begins outside of sections', () => {
  const good = parse({
    'a.cfg': 'defaults\n mode http\n timeout client 1s\nfrontend f\n bind :80\n default_backend b\n',
    'b.cfg': 'backend b\n',
  });
  assert.equal(good.config?.proxies.length, 2);
  assert.equal(good.config?.proxies[1]?.mode, 'http');
  const bad = parse({ 'a.cfg': 'global\n', 'b.cfg': 'maxconn 10\n' });
  assert.equal(messages(bad)[0], `parsing [b.cfg:1] : unknown keyword 'maxconn' out of section.`);
});

test('every file with errors is named at its end, and the run once', () => {
  const result = parse({ 'a.cfg': 'x\n', 'b.cfg': 'global\n', 'c.cfg': 'y\n' });
  assert.deepEqual(messages(result), [
    `parsing [a.cfg:1] : unknown keyword 'x' out of section.`,
    'Error(s) found in configuration file : a.cfg',
    `parsing [c.cfg:1] : unknown keyword 'y' out of section.`,
    'Error(s) found in configuration file : c.cfg',
    'Fatal errors found in configuration.',
  ]);
  assert.equal(result.config, undefined);
});

test('.alert ends the whole run', () => {
  const result = parse({ 'a.cfg': 'global\n.alert "enough"\n', 'b.cfg': 'nonsense\n' });
  assert.equal(messages(result).length, 3);
});

test('what setenv and its kind leave behind is handed back, with the list of files', () => {
  const { environment } = parse({
    'a.cfg': 'global\n setenv A 1\n',
    'b.cfg': 'global\n setenv B "$A$A"\n unsetenv HOME\n',
  });
  assert.equal(environment['A'], '1');
  assert.equal(environment['B'], '11');
  assert.equal(environment['HOME'], undefined);
  assert.equal(environment['HAPROXY_CFGFILES'], 'a.cfg;b.cfg');
  assert.equal(environment['HAPROXY_BRANCH'], '3.4');
});

test('default-path says where the files below it are looked for', () => {
  const page = 'HTTP/1.0 503 X\r\n\r\n';
  const text = (mode: string): string =>
    `global\n default-path ${mode}\nfrontend f\n bind :80\n timeout client 1s\n mode http\n errorfile 503 e.http\n`;
  const found = (mode: string, path: string): boolean =>
    parse({ '/etc/lb/x.cfg': text(mode) }, { [path]: page }).config !== undefined;
  assert.equal(found('current', 'e.http'), true);
  assert.equal(found('config', '/etc/lb/e.http'), true);
  assert.equal(found('parent', '/etc/e.http'), true);
  assert.equal(found('origin /srv', '/srv/e.http'), true);
  assert.equal(found('origin /srv', 'e.http'), false);
});

test('diagnostics look as HAProxy prints them', () => {
  const { diagnostics } = parse({ 'a.cfg': 'global\n.notice "n"\n.warning "w"\n.diag "d"\n nosuch\n' });
  const program = { version: '1.0', path: '/usr/bin/lb' };
  assert.equal(
    renderDiagnostics(diagnostics, { pid: 12, program }),
    [
      '[NOTICE]   (12) : lb version is 1.0',
      '[NOTICE]   (12) : path to executable is /usr/bin/lb',
      `[NOTICE]   (12) : config : parsing [a.cfg:2] : 'n'.`,
      `[WARNING]  (12) : config : parsing [a.cfg:3] : 'w'.`,
      `[ALERT]    (12) : config : parsing [a.cfg:5] : unknown keyword 'nosuch' in 'global' section`,
      '[ALERT]    (12) : config : Error(s) found in configuration file : a.cfg',
      '[ALERT]    (12) : config : Fatal errors found in configuration.',
      '',
    ].join('\n'),
  );
  assert.match(
    renderDiagnostics(diagnostics, { pid: 12, showDiag: true }),
    /\[DIAG\] {5}\(12\) : config : parsing \[a\.cfg:4\] : 'd'\./,
  );
  assert.equal(renderDiagnostics([], { pid: 12, program }), '');
});

test('an alert that HAProxy goes on after does not stop the load', () => {
  const result = parse({ 'a.cfg': 'global\n maxconn 5\n maxconn 6\n' });
  assert.equal(result.config?.global.maxconn, 5);
  assert.equal(result.diagnostics[0]?.severity, 'alert');
});

test('the nearest name is the one with the fewest slips, if there are few', () => {
  assert.equal(editDistance('listem', 'listen', 3), 1);
  assert.equal(editDistance('lsiten', 'listen', 3), 1);
  assert.equal(nearestName('bakend', ['backend', 'frontend']), 'backend');
  assert.equal(nearestName('xyzzy', ['backend', 'frontend']), undefined);
  assert.equal(nearestName('', ['acl']), undefined);
  assert.equal(nearestName('c', ['a']), undefined);
});

test('names of prototypes are no keywords', () => {
  const words = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  for (const word of words) {
    const lines = [
      word,
      `option ${word}`,
      `timeout ${word} 1s`,
      `balance ${word}`,
      `stick-table ${word}`,
      `bind ${word}@x:80`,
    ];
    for (const line of lines)
      assert.equal(parse({ 'a.cfg': `listen l\n ${line}\n` }).config, undefined, line);
    assert.notEqual(parse({ 'a.cfg': `.if ${word}(1)\n.endif\n` }).diagnostics.length, 0, word);
    assert.equal(parse({ 'a.cfg': `.${word}\n` }).config, undefined, word);
  }
});
