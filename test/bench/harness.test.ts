/** The benchmark itself: it starts, measures a little, and its arithmetic is right. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { LOAD_CASES } from '../../bench/cases.ts';
import { contestant } from '../../bench/contestants.ts';
import { readAb, readH2load, readWebsocketClients, readWrk } from '../../bench/load-reports.ts';
import { table } from '../../bench/report.ts';
import { type CaseResult, compared, median } from '../../bench/result.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

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

const AB = `Complete requests:      305
Failed requests:        3
   (Connect: 0, Receive: 0, Length: 3, Exceptions: 0)
Non-2xx responses:      2
Requests per second:    301.60 [#/sec] (mean)
  50%     30
  99%    240
`;

const H2LOAD = `finished in 1.02s, 3112.00 req/s, 216.54KB/s
requests: 3112 total, 3240 started, 3112 done, 3107 succeeded, 5 failed, 1 errored, 0 timeout
status codes: 3105 2xx, 2 3xx, 0 4xx, 4 5xx
`;

test('so is what ab, h2load and the websocket clients print', () => {
  assert.deepEqual(readAb(AB), { requests: 305, perSecond: 301.6, p50Ms: 30, p99Ms: 240, errors: 5 });
  assert.deepEqual(readH2load(H2LOAD), {
    requests: 3112,
    perSecond: 3112,
    p50Ms: NaN,
    p99Ms: NaN,
    errors: 7,
  });
  const clients = '{"messages":100,"p50Ms":1.5,"p99Ms":3,"errors":1}';
  const read = { requests: 100, perSecond: 50, p50Ms: 1.5, p99Ms: 3, errors: 1 };
  assert.deepEqual(readWebsocketClients(clients, 2), read);
  for (const nothing of ['', 'Complete requests: 0', '{"messages":0}'])
    for (const read of [readAb, readH2load, () => readWebsocketClients('{"messages":0,"errors":64}', 1)])
      assert.throws(() => read(nothing), /no requests/);
});

test('every contestant that a case names is known, and no two cases share a name', () => {
  for (const { contestants } of LOAD_CASES)
    for (const name of contestants) assert.equal(contestant(name).name, name);
  assert.equal(new Set(LOAD_CASES.map(({ name }) => name)).size, LOAD_CASES.length);
  assert.throws(() => contestant('nobody'), /no contestant/);
});

test('a short run of one case measures lb beside HAProxy without errors and writes both down', t => {
  if (!requires(t, 'haproxy', 'nginx', 'wrk', 'taskset')) return;
  const measured = measure(t, ['--only', 'h1-rules', '--contestants', 'haproxy,lb', '--warm-up', '1']);
  if (measured === undefined) return;
  const { results, stdout } = measured;
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

test('TLS, HTTP/2, gzip, websockets, buffered requests and larger answers are loaded for a second each, without errors', t => {
  if (!requires(t, 'nginx', 'wrk', 'ab', 'h2load', 'openssl', 'taskset')) return;
  const tls = ['tls-small', 'tls-close', 'tls-large'];
  const cases = [
    'h1-medium',
    'h1-buffered',
    ...tls,
    'h2-small',
    'h2-medium',
    'gzip',
    'websocket',
    'cache-large',
  ];
  const options = ['--only', cases.join(), '--contestants', 'lb', '--base', 'lb', '--warm-up', '0'];
  const measured = measure(t, options);
  if (measured === undefined) return;
  const rows = measured.results.flatMap(({ name, rows: ofCase }) => ofCase.map(row => ({ name, ...row })));
  assert.deepEqual([...new Set(rows.map(({ name }) => name))], cases);
  for (const { name, scenario: what, errors, value } of rows) {
    assert.equal(errors, 0, `${name}, ${what}`);
    assert.ok(value > 0, `${name}, ${what}: ${value} µs a request`);
  }
  assert.equal(rows.length, 15);
});

/** One round of a second of what the options say. */
function measure(
  t: TestContext,
  options: readonly string[],
): { results: CaseResult[]; stdout: string } | undefined {
  if (availableParallelism() < 2) {
    t.skip('needs two CPUs');
    return undefined;
  }
  const json = join(temporaryFolder(t), 'result.json');
  const command = ['dist/bench/run.js', ...options, '--pairs', '1', '--json', json];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: CaseResult[] };
  return { results, stdout };
}

for (const [program, word] of [
  ['dist/bench/run.js', '--contestants'],
  ['dist/bench/soak.js', '--minutes'],
  ['dist/bench/engine-relay.js', '--pairs'],
  ['scripts/fuzz.mjs', '--seed'],
] as const)
  test(`${program} tells its usage where it is asked for, and behind an option that is none`, () => {
    const run = (option: string): readonly [number | null, string, string] => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, option], { encoding: 'utf8' });
      return [status, stdout, stderr];
    };
    const [asked, usage, complaint] = run('--help');
    assert.deepEqual([asked, complaint], [0, '']);
    assert.ok(usage.includes(word), usage);
    const [wrong, nothing, told] = run('--nonsense');
    assert.deepEqual([wrong, nothing], [1, '']);
    assert.ok(told.startsWith("Unknown option '--nonsense'"), told);
    assert.ok(told.endsWith(usage), told);
  });
