/** Lines for `ip`, of which one is not understood: it is the only one that is told of. Nothing is changed on the host. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpBatch } from '../../src/vrrp/ip-batch.ts';
import { requires } from '../support/requirement.ts';

test('what was done before a line that stops a batch is not told of as missing', async t => {
  if (!requires(t, 'root', 'ip')) return;
  const told: string[] = [];
  const batch = new IpBatch(message => told.push(message));
  await batch.run([
    'route del 203.0.113.7/32 table 4711 protocol 18',
    'rule del from 203.0.113.7 table 4711 preference 4711',
    'route del 203.0.113.8/32 quickack maybe',
  ]);
  assert.equal(told.length, 1, told.join('\n'));
  assert.match(told[0] ?? '', /^ip route del 203\.0\.113\.8\/32 quickack maybe: .*quickack/);
});
