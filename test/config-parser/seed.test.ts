/** Configurations of teaching texts (test/cases/seed): which are accepted, and what is said about those that are not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderMessage } from '../../src/config-parser/diagnostic.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { ParseResult } from '../../src/config-parser/parse.ts';

const FOLDER = 'test/cases/seed';

function parse(path: string, change: (text: string) => string = text => text): ParseResult {
  const text = change(readFileSync(join(FOLDER, path), 'utf8'));
  return parseConfig([{ path, text }], {
    environment: {},
    readFile: file =>
      file.startsWith('/etc/') && !file.includes('errorfiles')
        ? { text: 'haproxy:x:99:99::/:/bin/false\n' }
        : { error: 'No such file or directory' },
  });
}

function alerts({ diagnostics }: ParseResult): string[] {
  return diagnostics.filter(({ severity }) => severity === 'alert').map(renderMessage);
}

const ACCEPTED = [
  '01-global-defaults.cfg',
  '02-balance.cfg',
  '03-cookie.cfg',
  '04-stats.cfg',
  '05-l4-proxy-protocol.cfg',
  '06-http-features.cfg',
  '09-kube-api-fixed.cfg',
];

for (const path of ACCEPTED) {
  test(`${path} is accepted`, () => {
    const result = parse(path);
    assert.deepEqual(alerts(result), []);
    assert.ok((result.config?.proxies.length ?? 0) > 0);
  });
}

test('nbproc gives a warning and that many threads', () => {
  const result = parse('01-global-defaults.cfg', text => text.replace('nbproc 1', 'nbproc 3'));
  assert.equal(result.config?.global.nbthread, 3);
  assert.ok(result.diagnostics.some(({ message }) => message.startsWith('nbproc is not supported any more')));
});

test('a checked server without a port is refused with its place, and accepted with one', () => {
  const [first] = alerts(parse('07-acl-routing.cfg'));
  assert.match(
    first ?? '',
    /^parsing \[07-acl-routing\.cfg:27\] : .*server 'web1' has neither service port nor check port/,
  );
  const fixed = parse('07-acl-routing.cfg', text => text.replace('10.0.0.17 check', '10.0.0.17:80 check'));
  assert.deepEqual(alerts(fixed), []);
});

test('missing error files are refused with file, line and path', () => {
  const found = alerts(parse('08-errors.cfg'));
  assert.match(
    found[0] ?? '',
    /^parsing \[08-errors\.cfg:6\] : .*\/etc\/haproxy\/errorfiles\/400badreq\.http/,
  );
  assert.match(
    found[1] ?? '',
    /^parsing \[08-errors\.cfg:7\] : .*\/etc\/haproxy\/errorfiles\/403forbid\.http/,
  );
});

test('a mistyped section is refused with a hint that names the right word', () => {
  const [first] = alerts(parse('10-kube-api.cfg'));
  assert.equal(
    first,
    `parsing [10-kube-api.cfg:1] : unknown keyword 'listem' out of section; did you mean 'listen' maybe ?`,
  );
});
