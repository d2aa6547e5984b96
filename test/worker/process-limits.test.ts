import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Config } from '../../src/model/config.ts';
import {
  connectionsWithin,
  FILES_ON_NODE,
  FILES_ON_RING,
  type Occupants,
  planLimits as limitsOf,
  reachOpenFiles,
  withLimits,
} from '../../src/worker/process/process-limits.ts';

type Plan = Exclude<ReturnType<typeof limitsOf>, string>;

const LIMIT = { soft: 20_000, hard: 20_000 };

function configOf(global: string, rest = ''): Config {
  const text = `global\n  ${global}\nlisten l\n  bind :80\n  ${rest}\n`;
  const { config } = parseConfig([{ path: 'test.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'ENOENT' }),
  });
  assert.ok(config !== undefined);
  return config;
}

function occupants(config: Config, nbthread: number, filesOfListener = FILES_ON_NODE): Occupants {
  return { config, nbthread, filesOfListener };
}

function planLimits(...given: Parameters<typeof limitsOf>): Plan {
  const plan = limitsOf(...given);
  assert.ok(typeof plan !== 'string', JSON.stringify(plan));
  return plan;
}

test('without maxconn the open files decide how many connections there may be', () => {
  const { maxconn, openFiles, exact } = planLimits(occupants(configOf(''), 2), LIMIT);
  assert.equal(openFiles, 20_000);
  assert.ok(maxconn > 9900 && maxconn < 10_000, String(maxconn));
  assert.equal(exact, false);
  assert.ok(planLimits(occupants(configOf('fd-hard-limit 5000'), 2), LIMIT).maxconn < 2500);
  assert.equal(planLimits(occupants(configOf(''), 2), { soft: 2 ** 30, hard: 2 ** 30 }).openFiles, 1_048_576);
});

test('a limit of memory allows fewer connections, and is kept with the configuration', () => {
  const config = configOf('');
  const plan = planLimits(occupants(config, 2), LIMIT, { memoryLimitMb: 40 });
  assert.equal(plan.maxconn, 1100);
  const { global } = withLimits(config, plan, {});
  assert.deepEqual([global.memoryLimitMb, global.maxconn, global.maxSslConn], [40, 1100, 0]);
  assert.match(
    JSON.stringify(limitsOf(occupants(configOf('maxzlibmem 50'), 2), LIMIT, { memoryLimitMb: 40 })),
    /too low/,
  );
});

test('maxconn, and -n before it, decide how many open files are needed', () => {
  const config = configOf('maxconn 50000');
  const plan = planLimits(occupants(config, 2), LIMIT);
  assert.equal(plan.maxconn, 50_000);
  assert.ok(plan.openFiles > 100_000 && plan.openFiles < 101_000, String(plan.openFiles));
  assert.equal(planLimits(occupants(config, 2), LIMIT, { maxconn: 100 }).maxconn, 100);
  assert.equal(withLimits(config, plan, {}).global.maxconn, 50_000);
});

test('a server needs an open file where it is checked, and one for its agent', () => {
  const openFiles = (servers: string): number =>
    planLimits(occupants(configOf('maxconn 10', servers), 1), LIMIT).openFiles;
  const none = openFiles('server s :81');
  assert.equal(openFiles('server s :81\n  server t :82'), none);
  assert.equal(openFiles('server s :81 check\n  server t :82 check agent-check agent-port 9'), none + 3);
});

test('-N is for proxies that say nothing', () => {
  const silent = configOf('');
  const plan = planLimits(occupants(silent, 1), LIMIT);
  assert.equal(withLimits(silent, plan, { proxyMaxconn: 7 }).proxies[0]?.maxconn, 7);
  assert.equal(withLimits(configOf('', 'maxconn 9'), plan, { proxyMaxconn: 7 }).proxies[0]?.maxconn, 9);
});

test('open files are raised when more are needed and lowered for ulimit-n only', () => {
  const asked: unknown[] = [];
  const set = (limit: unknown): number => {
    asked.push(limit);
    return 0;
  };
  const plan = { maxconn: 10, openFiles: 100, fewestFiles: 100, exact: false };
  assert.equal(reachOpenFiles(plan, LIMIT, set), undefined);
  assert.deepEqual(asked, []);
  assert.equal(reachOpenFiles({ ...plan, exact: true }, LIMIT, set), undefined);
  assert.equal(reachOpenFiles({ ...plan, openFiles: 30_000, fewestFiles: 29_000 }, LIMIT, set), undefined);
  assert.deepEqual(asked, [
    { soft: 100, hard: 20_000 },
    { soft: 30_000, hard: 30_000 },
  ]);
  assert.match(
    reachOpenFiles({ ...plan, openFiles: 30_000, fewestFiles: 29_000 }, LIMIT, () => -1) ?? '',
    /Cannot raise FD limit to 30000/,
  );
  const fitting = { ...plan, openFiles: 30_000, fewestFiles: 20_000 };
  assert.equal(
    reachOpenFiles(fitting, LIMIT, () => -1),
    undefined,
  );
  assert.match(reachOpenFiles({ ...fitting, exact: true }, LIMIT, () => -1) ?? '', /Cannot raise/);
});

test('where open files are few, less is kept free for other things than for connections', () => {
  const config = configOf('', 'bind 127.0.0.1:1');
  assert.ok(planLimits(occupants(config, 2), { soft: 100, hard: 100 }).maxconn > 20);
  assert.ok(planLimits(occupants(config, 2), { soft: 1000, hard: 1000 }).maxconn < 460);
  assert.equal(connectionsWithin(occupants(config, 2), 30), 0);
});

test('a listener takes two open files for each of its threads on the ring, three without it', () => {
  const needed = (config: Config, filesOfListener: number): number =>
    planLimits(occupants(config, 4, filesOfListener), LIMIT).fewestFiles;
  const one = configOf('maxconn 10');
  const more = configOf('maxconn 10', 'bind :81\n  bind :82 thread 1-2\n  bind :83 thread 4');
  assert.equal(needed(more, FILES_ON_RING) - needed(one, FILES_ON_RING), 2 * (4 + 2 + 1));
  assert.equal(needed(more, FILES_ON_NODE) - needed(one, FILES_ON_NODE), 3 * (4 + 2 + 1));
});
