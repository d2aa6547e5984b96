/** The handshake that is begun with nobody: nothing of it stays, so that a process that did nothing else ends by itself. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const REHEARSAL = new URL('../../../src/net/tls/rehearsal.js', import.meta.url).href;
const SCRIPT = `
  import { createSecureContext } from 'node:tls';
  import { rehearseHandshake } from '${REHEARSAL}';
  const context = createSecureContext({ ca: [] });
  rehearseHandshake(context);
  rehearseHandshake(context);
`;

test('a rehearsed handshake is over at once, and says nothing', () => {
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.deepEqual([ended.status, ended.stdout, ended.stderr], [0, '', '']);
});
