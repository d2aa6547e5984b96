/** The benchmark itself: it starts, measures a little, and its arithmetic is right. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { LOAD_CASES } from '../../bench/cases.ts';
import { contestant } from '../../bench/contestants.ts';
import { readWrk } from '../../bench/load.ts';
import { table } from '../../bench/report.ts';
import { type CaseResult, compared, median } from '../../bench/result.ts';
import { requires } from '../support/requirement.ts';

const WRK = `Running 1s test @ http://127.0.0.1:1/
  1 threads and 64 connections
  Latency Distribution
     50%  840.00us
     75%    1.29ms
     90%    1.80ms
     99%    3.90ms
  50412 requests in 1.10s, 12.35MB read
  Socket errors: connect 1, read 2, write 0, timeout 3
  Non-2xx or 3xx responses: 4
Requests/sec:  45829.01
`;

test('ratios are medians of quotients within a round, not quotients of medians', () => {
  const rows = compared(
    [
      { contestant: 'base', scenario: 'a', samples: [10, 20, 40] },
      { contestant: 'own', scenario: 'a', samples: [5, 20, 20] },
      { contestant: 'own', scenario: 'b', samples: [10, 10, 10] },
    ],
    'base',
  );
  assert.deepEqual(
    rows.map(({ ratio, growth }) => [ratio, growth]),
    [
      [1, 1],
      [0.5, 1],
      [NaN, 0.5],
    ],
  );
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('what wrk prints is read: requests, percentiles in any unit, and every kind of error', () => {
  const { requests, perSecond, p50Ms, p99Ms, errors } = readWrk(WRK);
  assert.deepEqual([requests, perSecond, p50Ms, p99Ms, errors], [50412, 45829.01, 0.84, 3.9, 10]);
  assert.throws(() => readWrk('  0 requests in 1.00s, 0B read'), /no requests/);
});

test('every contestant that a case names is known, and no two cases share a name', () => {
  for (const { contestants } of LOAD_CASES)
    for (const name of contestants) assert.equal(contestant(name).name, name);
  assert.equal(new Set(LOAD_CASES.map(({ name }) => name)).size, LOAD_CASES.length);
  assert.throws(() => contestant('nobody'), /no contestant/);
});

test('a short run of one case measures lb beside HAProxy without errors and writes both down', t => {
  if (!requires(t, 'haproxy', 'nginx', 'wrk', 'taskset')) return;
  if (availableParallelism() < 2) return t.skip('needs two CPUs');
  const folder = mkdtempSync(join(tmpdir(), 'lb-bench-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const json = join(folder, 'result.json');
  const options = ['--only', 'h1-rules', '--contestants', 'haproxy,lb', '--pairs', '1', '--warm-up', '1'];
  const command = ['dist/bench/run.js', ...options, '--json', json];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: CaseResult[] };
  const result = results[0] as CaseResult;
  assert.deepEqual(
    result.rows.map(row => [row.contestant, row.errors]),
    [
      ['haproxy', 0],
      ['lb', 0],
    ],
  );
  for (const row of result.rows) assert.ok(row.value > 1 && row.value < 10_000, `${row.value} µs a request`);
  assert.match(stdout, /h1-rules/);
  assert.match(table(result), /haproxy .*\n.* lb /);
});
