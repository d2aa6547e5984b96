/** Skips a test where HAProxy is not installed, unless everything is required. */
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

export function hasHaproxy(t: TestContext): boolean {
  const found = spawnSync('haproxy', ['-v']).status === 0;
  if (!found && process.env['LB_TEST_REQUIRE_ALL'] === '1')
    throw new Error('haproxy is required but not installed');
  if (!found) t.skip('haproxy is not installed');
  return found;
}
