/**
 * The same key goes to the same server as in HAProxy, before and after a server went down: a fleet can be migrated
 * node by node. Compared with the real program over the matrix of keys, methods, functions, modifiers, weights.
 * LB_TEST_PLACEMENT=full: every combination with 10,000 keys (minutes); otherwise 10,000 keys for each kind of
 * key and method, fewer for the rest. A short record of HAProxy's answers stands in test/cases/placement.tsv, so
 * that the algorithms are held to them where haproxy is not installed; LB_TEST_UPDATE_PLACEMENT=1 writes it anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { test } from 'node:test';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import {
  askHaproxy,
  backendName,
  haproxyConfig,
  OwnPlacement,
  letters,
  placementMatrix,
  requestsOf,
  type PlacementCase,
} from '../support/placement.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FULL = process.env['LB_TEST_PLACEMENT'] === 'full';
const MANY = 10_000;
const FEW = 1000;
/** One function and modifier of each method. */
const WITH_MANY = /^(?:map-based sdbm|consistent crc32 avalanche)$/;
/** The server taken down: one that has weight in every set. */
const DOWN = 1;
const RECORD = 'test/cases/placement.tsv';
const RECORDED_KEYS = 60;

test('10,000 keys of each kind go where HAProxy sends them, before and after a server goes down', async t => {
  if (!requires(t, 'haproxy')) return;
  const cases = placementMatrix(FULL);
  const folder = temporaryFolder(t);
  const admin = join(folder, 'admin');
  const port = await freePort();
  await startBalancer(t, haproxyConfig(cases, port, admin), { program: 'haproxy', ports: [port] });
  if (process.env['LB_TEST_UPDATE_PLACEMENT'] === '1') return record(cases, port, admin);
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

test('recorded keys go where HAProxy sent them, before and after a server goes down', () => {
  const cases = placementMatrix(false);
  const own = new OwnPlacement(cases);
  const lines = readFileSync(RECORD, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, cases.length);
  for (const [index, placement] of cases.entries()) {
    const requests = requestsOf(placement, index, RECORDED_KEYS);
    const up = letters(own.place(index, requests));
    own.disable(index, DOWN);
    assert.equal(recordLine(placement, up, letters(own.place(index, requests))), lines[index]);
  }
});

async function record(cases: readonly PlacementCase[], port: number, admin: string): Promise<void> {
  const ask = async (): Promise<string[]> => {
    const answers: string[] = [];
    for (const [index, placement] of cases.entries())
      answers.push(
        letters(await askHaproxy(port, backendName(index), requestsOf(placement, index, RECORDED_KEYS))),
      );
    return answers;
  };
  const up = await ask();
  await disableAll(admin, cases.length);
  const down = await ask();
  const lines = cases.map((placement, index) =>
    recordLine(placement, up[index] as string, down[index] as string),
  );
  writeFileSync(RECORD, `${lines.join('\n')}\n`);
}

function recordLine({ balance, hashType, weights }: PlacementCase, up: string, down: string): string {
  return [balance, hashType, weights.join(), up, down].join('\t');
}

async function differences(
  placement: PlacementCase,
  index: number,
  port: number,
  own: OwnPlacement,
): Promise<string[]> {
  const { balance, hashType, weights } = placement;
  const count = FULL || WITH_MANY.test(hashType) ? MANY : FEW;
  const requests = requestsOf(placement, index, count);
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
