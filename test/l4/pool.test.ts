/** Which servers of a pool count, and when its quorum is lost and gained. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKeepalived } from '../../src/config-parser/keepalived/parse.ts';
import { changeServer, changeWeight, newPool, serverStates, type Pool } from '../../src/l4/pool.ts';
import { PoolKeeper } from '../../src/l4/pool-keeper.ts';
import type { VirtualServer } from '../../src/model/virtual-server.ts';

function virtualServer(words: string, serverWords = '', last = ''): VirtualServer {
  const servers = [1, 2, 3].map(
    number =>
      `real_server 10.0.0.${number} 80 {\n ${serverWords}\n ${number === 3 ? last : ''}\n TCP_CHECK {\n }\n}`,
  );
  const text = `virtual_server 10.1.1.1 80 {\n protocol TCP\n${words}\n${servers.join('\n')}\n}\n`;
  const { config } = parseKeepalived('x.conf', {
    read: () => text,
    glob: () => [],
    configId: '',
    environment: {},
    random: () => 0,
    hostname: 'h',
  });
  return config.virtualServers[0] as VirtualServer;
}

function said(config: VirtualServer, steps: readonly (readonly [index: number, up: boolean])[]): string[] {
  let pool: Pool = newPool(config);
  return steps.map(([index, up]) => {
    const after = changeServer(config, pool, index, up);
    pool = after.pool;
    return after.changes.map(change => `${change.kind} ${change.up ? 'up' : 'down'}`).join(', ');
  });
}

test('a quorum is lost below itself less hysteresis, and gained at itself and hysteresis', () => {
  const config = virtualServer('quorum 2\n hysteresis 1');
  const steps = [
    [0, false],
    [1, false],
    [2, false],
    [0, true],
    [1, true],
    [2, true],
  ] as const;
  assert.deepEqual(said(config, steps), [
    'server down',
    'server down',
    'server down, quorum down',
    'server up',
    'server up',
    'server up, quorum up',
  ]);
});

test('what is known already changes nothing', () => {
  const config = virtualServer('');
  const pool = newPool(config);
  assert.equal(changeServer(config, pool, 0, true).pool, pool);
});

test('a failed server is gone, or with inhibit_on_failure without weight', () => {
  const config = virtualServer('', 'inhibit_on_failure', 'inhibit_on_failure off');
  let pool = newPool(config);
  for (const index of [0, 2]) pool = changeServer(config, pool, index, false).pool;
  assert.deepEqual(serverStates(config, pool), [
    { weight: 0, gone: false },
    { weight: 1, gone: false },
    { weight: 0, gone: true },
  ]);
});

test('alpha: servers wait for their first check, and the quorum for them', () => {
  const config = virtualServer('alpha');
  const pool = newPool(config);
  assert.deepEqual([pool.alive, pool.hasQuorum], [[false, false, false], false]);
  assert.deepEqual(said(config, [[1, true]]), ['server up, quorum up']);
});

test('alpha does not wait for checks that are not run', () => {
  const config = virtualServer('alpha');
  const service = { id: 'vs0', name: '', family: 4, targets: [], method: 'NAT', scheduler: 'rr' } as const;
  const keeper = new PoolKeeper(
    { config, service: { ...service, hashesPort: false, servers: [] } },
    { checks: {}, after: () => () => {}, random: () => 0, log: () => {}, notify: () => {} },
    () => {},
  );
  assert.deepEqual(
    keeper.states.map(({ gone }) => gone),
    [false, false, false],
  );
});

test('the sorry server takes what is new while the quorum is lost, others keep what they have', () => {
  const config = virtualServer('quorum 3\n sorry_server 10.0.0.9 80');
  const aside = { weight: 0, gone: false, closed: true };
  const before = newPool(config);
  assert.deepEqual(serverStates(config, before).at(-1), aside);
  const { pool } = changeServer(config, before, 0, false);
  assert.deepEqual(serverStates(config, pool), [
    { weight: 0, gone: true },
    aside,
    aside,
    { weight: 1, gone: false },
  ]);
});

test('weights that a program says count for the quorum, too', () => {
  const config = virtualServer('quorum 3');
  const after = changeWeight(config, newPool(config), 0, 0);
  assert.deepEqual(after.changes, [{ kind: 'quorum', up: false, sum: 2 }]);
  assert.equal(serverStates(config, after.pool)[0]?.weight, 0);
});
