/** Turns are taken in HAProxy's own order, with and without weights. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import {
  askHaproxy,
  backendName,
  haproxyConfig,
  OwnPlacement,
  type PlacementCase,
} from '../support/placement.ts';
import { requires } from '../support/requirement.ts';

const WEIGHTS = [
  [1, 1, 1],
  [3, 1, 2],
  [1, 2, 3, 4, 5],
  [10, 20, 0, 5, 1],
  [100, 40, 256, 3, 0],
  [7, 7, 1],
  [2, 2, 4, 4],
  [256, 1, 1],
];
const BALANCES = [
  ['roundrobin', 'map-based'],
  ['static-rr', 'map-based'],
  ['hdr(x-absent)', 'map-based'],
  ['hdr(x-absent)', 'consistent'],
] as const;

test('servers take turns in the order of HAProxy for several rounds', async t => {
  if (!requires(t, 'haproxy')) return;
  const cases = BALANCES.flatMap(([balance, hashType]) =>
    WEIGHTS.map((weights): PlacementCase => ({ balance, hashType, weights, keys: 'header' })),
  );
  const port = await freePort();
  await startBalancer(t, haproxyConfig(cases, port), { program: 'haproxy', ports: [port] });
  const own = new OwnPlacement(cases);
  const requests = Array.from({ length: 1500 }, () => ({ target: '/', headers: { host: 'h' } }));
  for (const [index, { balance, weights, hashType }] of cases.entries()) {
    const expected = await askHaproxy(port, backendName(index), requests);
    const actual = own.place(index, requests);
    const differs = expected.findIndex((server, at) => server !== actual[at]);
    assert.equal(
      differs,
      -1,
      `balance ${balance} ${hashType}, weights ${weights.join()}, turn ${differs}: ` +
        `${expected
          .slice(0, differs + 9)
          .slice(-30)
          .join(' ')}, not ${actual
          .slice(0, differs + 9)
          .slice(-30)
          .join(' ')}`,
    );
  }
});
