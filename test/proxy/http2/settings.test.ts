import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config-parser/parse.ts';
import { http2Settings, type Http2Settings } from '../../../src/proxy/http2/settings.ts';

function settings(...lines: readonly string[]): Http2Settings {
  const text = ['global', ...lines, ''].join('\n');
  const { config } = parseConfig([{ path: 'a.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'No such file or directory' }),
  });
  assert.ok(config !== undefined);
  return http2Settings(config.global);
}

test('websockets over HTTP/2 are announced, unless h2-workaround-bogus-websocket-clients is said', () => {
  const word = 'h2-workaround-bogus-websocket-clients';
  assert.equal(settings().session.takesConnect, true);
  assert.equal(settings(word).session.takesConnect, false);
  assert.equal(settings(word, `no ${word}`).session.takesConnect, true);
});
