import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import { unprotected } from '../../src/worker/unprotected.ts';

function said(text: string): readonly string[] {
  const { config } = parseConfig([{ path: 'a.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'No such file or directory' }),
  });
  assert.ok(config !== undefined);
  return unprotected(config).map(({ position, message }) => `${position.line}: ${message}`);
}

function section(ssl: string): string {
  return [
    'global',
    ` stats socket 127.0.0.1:1${ssl}`,
    'log-forward f',
    ` bind 127.0.0.1:2${ssl}`,
    'ring r',
    ` server s 127.0.0.1:3${ssl}`,
    'backend b',
    ' mode log',
    ` server s 127.0.0.1:4 verify none${ssl}`,
    '',
  ].join('\n');
}

test('every address that asks for TLS where there is none is told of', () => {
  const what = [`6: server 's' of ring 'r'`, `9: server 'b/s' of mode log`];
  const why = `asks for 'ssl', which is not supported yet: nothing starts with it, so that nothing goes in plain text.`;
  assert.deepEqual(
    said(section(' ssl')),
    what.map(one => `${one} ${why}`),
  );
  assert.deepEqual(said(section('')), []);
});
