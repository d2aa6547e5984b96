/**
 * The same key goes to the same server as in HAProxy, before and after a server went down: a fleet can be migrated
 * node by node. Compared with the real program over the matrix of keys, methods, functions, modifiers, weights.
 * LB_TEST_PLACEMENT=full: every combination with 10,000 keys (minutes); otherwise 10,000 keys for each kind of
 * key and method, fewer for the rest.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import {
  askHaproxy,
  backendName,
  createNumbers,
  haproxyConfig,
  keyedRequest,
  OwnPlacement,
  placementMatrix,
  type PlacementCase,
} from '../support/placement.ts';
import { requires } from '../support/requirement.ts';

const FULL = process.env['LB_TEST_PLACEMENT'] === 'full';
const MANY = 10_000;
const FEW = 1000;
/** The server taken down: one that has weight in every set. */
const DOWN = 1;

test('10,000 keys of each kind go where HAProxy sends them, before and after a server goes down', async t => {
  if (!requires(t, 'haproxy')) return;
  const cases = placementMatrix(FULL);
  const folder = mkdtempSync(join(tmpdir(), 'lb-placement-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const admin = join(folder, 'admin');
  const port = await freePort();
  await startBalancer(t, haproxyConfig(cases, port, admin), { program: 'haproxy', ports: [port] });
  const own = new OwnPlacement(cases);

  for (const phase of ['all up', 'one down']) {
    const wrong: string[] = [];
    for (const [index, placement] of cases.entries())
      wrong.push(...(await differences(placement, index, port, own)).map(text => `${phase}: ${text}`));
    assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} keys placed differently`);
    await disableAll(admin, cases.length);
    for (const index of cases.keys()) own.disable(index, DOWN);
  }
});

async function differences(
  placement: PlacementCase,
  index: number,
  port: number,
  own: OwnPlacement,
): Promise<string[]> {
  const { balance, hashType, weights, keys } = placement;
  const number = createNumbers(index + 1);
  const count = FULL || / (sdbm|crc32 avalanche)$/.test(hashType) ? MANY : FEW;
  const requests = Array.from({ length: count }, () => keyedRequest(keys, number));
  const half = requests.length / 2;
  const parts = await Promise.all([
    askHaproxy(port, backendName(index), requests.slice(0, half)),
    askHaproxy(port, backendName(index), requests.slice(half)),
  ]);
  const expected = parts.flat();
  const actual = own.place(index, requests);
  return expected.flatMap((server, at) =>
    server === actual[at]
      ? []
      : `balance ${balance}, hash-type ${hashType}, weights ${weights.join()}: ${JSON.stringify(requests[at])} ${server}, not ${actual[at]}`,
  );
}

async function disableAll(admin: string, backends: number): Promise<void> {
  for (let index = 0; index < backends; index++) {
    const socket = connect(admin);
    socket.end(`disable server ${backendName(index)}/s${DOWN + 1}\n`);
    socket.resume();
    await once(socket, 'close');
  }
}
