import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { loadKoffi } from '../../src/net/system-calls.ts';
import { changeEnvironment } from '../../src/worker/process/environment.ts';

test('variables of the configuration are seen here and by programs, and the C library keeps what it had', t => {
  const before = process.env;
  t.after(() => (process.env = before));
  const getenv = loadKoffi().load(null).func('const char *getenv(const char *name)');
  const path = getenv('PATH') as string;
  changeEnvironment({ PATH: `${path}:/nowhere`, SAID: 'one' });
  assert.deepEqual(
    [process.env['SAID'], process.env['HOME'], process.env['constructor']],
    ['one', undefined, undefined],
  );
  const { stdout } = spawnSync('sh', ['-c', 'echo "$SAID $HOME"'], { encoding: 'utf8' });
  assert.equal(stdout, 'one \n');
  assert.deepEqual([getenv('SAID'), getenv('PATH')], [null, path]);
});
