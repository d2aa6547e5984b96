/**
 * What a test needs beyond Node: where it is missing the test is skipped with a reason, unless
 * LB_TEST_REQUIRE_ALL=1 says that it must be there.
 */
import { execFileSync } from 'node:child_process';
import type { TestContext } from 'node:test';

export type Requirement = 'haproxy' | 'root';

/** True: go on. False: the test was skipped. */
export function requires(t: TestContext, requirement: Requirement): boolean {
  if (isMet(requirement)) return true;
  if (process.env['LB_TEST_REQUIRE_ALL'] === '1') throw new Error(`${requirement} is missing`);
  t.skip(`needs ${requirement}`);
  return false;
}

function isMet(requirement: Requirement): boolean {
  if (requirement === 'root') return process.getuid?.() === 0;
  try {
    execFileSync(requirement, ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
