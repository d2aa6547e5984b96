import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Troubles } from '../../src/dns/troubles.ts';

test('why a nameserver cannot be asked is told once a minute, however causes take turns', () => {
  const told: string[] = [];
  let now = 0;
  const troubles = new Troubles(
    'dns',
    text => told.push(text),
    () => now,
  );
  const [one, two] = [
    { name: 'one', place: '192.0.2.1:853' },
    { name: 'two', place: '192.0.2.2:853' },
  ] as const;
  for (; now < 60_000; now += 1000) {
    troubles.tell(one, 'read ECONNRESET');
    troubles.tell(one, 'write ECONNRESET');
    troubles.tell(two, 'read ECONNRESET');
  }
  assert.deepEqual(told, [
    'Nameserver dns/one at 192.0.2.1:853 cannot be asked: read ECONNRESET.',
    'Nameserver dns/one at 192.0.2.1:853 cannot be asked: write ECONNRESET.',
    'Nameserver dns/two at 192.0.2.2:853 cannot be asked: read ECONNRESET.',
  ]);
  troubles.tell(two, 'read ECONNRESET');
  assert.equal(told.length, 4);
});
