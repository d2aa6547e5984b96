/** Recorded sequences of checks: what the real thing counts for each `rise` and `fall`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance, describeHealth, initialHealth, intervalMs } from '../../src/health/advance.ts';

interface Case {
  readonly rise: number;
  readonly fall: number;
  readonly start: Parameters<typeof initialHealth>[0];
  /** `+` good, `-` bad. */
  readonly checks: string;
  readonly expected: string;
}

const CASES: readonly Case[] = [
  // the first failure takes a fresh server down, whatever `fall` says
  { rise: 2, fall: 3, start: 'up', checks: '-', expected: '0/2 DOWN' },
  { rise: 2, fall: 3, start: undefined, checks: '+--', expected: '3/3 UP, 2/3 UP, 1/3 UP' },
  { rise: 2, fall: 3, start: 'fully-up', checks: '---', expected: '2/3 UP, 1/3 UP, 0/2 DOWN' },
  { rise: 2, fall: 3, start: 'fully-up', checks: '--+-', expected: '2/3 UP, 1/3 UP, 3/3 UP, 2/3 UP' },
  {
    rise: 3,
    fall: 1,
    start: 'fully-down',
    checks: '++-+++',
    expected: '1/3 DOWN, 2/3 DOWN, 0/3 DOWN, 1/3 DOWN, 2/3 DOWN, 1/1 UP',
  },
  { rise: 3, fall: 2, start: 'down', checks: '+', expected: '2/2 UP' },
  { rise: 1, fall: 1, start: 'up', checks: '-+-', expected: '0/1 DOWN, 1/1 UP, 0/1 DOWN' },
  { rise: 2, fall: 2, start: 'fully-down', checks: '--', expected: '0/2 DOWN, 0/2 DOWN' },
];

for (const { rise, fall, start, checks, expected } of CASES)
  test(`rise ${rise} fall ${fall} from ${start ?? 'the default'}: ${checks} gives ${expected}`, () => {
    let health = initialHealth(start, { rise, fall });
    const seen = checks.split('').map(sign => {
      health = advance(health, sign === '+' ? 'passed' : 'failed', { rise, fall }).health;
      return describeHealth(health, { rise, fall }, 1);
    });
    assert.equal(seen.join(', '), expected);
  });

test('a check that changes no count is not told', () => {
  const policy = { rise: 2, fall: 3 };
  assert.equal(advance(4, 'passed', policy).changed, false);
  assert.equal(advance(0, 'failed', policy).changed, false);
  assert.equal(advance(4, 'failed', policy).changed, true);
  assert.equal(advance(1, 'conditional', policy).up, true);
});

test('the pause is inter when up, fastinter in transition and downinter when down', () => {
  const policy = { rise: 2, fall: 3 };
  const intervals = { interMs: 2000, fastinterMs: 100, downinterMs: 5000 };
  assert.deepEqual(
    [0, 1, 2, 3, 4].map(health => intervalMs(health, policy, intervals)),
    [5000, 100, 100, 100, 2000],
  );
  assert.deepEqual(
    [0, 1, 4].map(health => intervalMs(health, policy, { interMs: 7 })),
    [7, 7, 7],
  );
});
