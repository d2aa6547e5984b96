/** Host names whose addresses somebody else is asked for than the system. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostLookup, type AddressFinder, type HostLookup } from '../../src/net/host-lookup.ts';

function addressesOf(settings: HostLookup, host: string, all = true): Promise<unknown> {
  return new Promise(resolve =>
    hostLookup(settings)(host, { all }, (error, found, family) =>
      resolve(error === null ? (all ? found : [found, family]) : 'none'),
    ),
  );
}

test('a finder is asked in place of the system, for the preferred family', async () => {
  const asked: string[] = [];
  const finder: AddressFinder = (name, family, done) => {
    asked.push(`${name} ${family}`);
    done(name !== 'known.invalid' ? undefined : family === 4 ? '192.0.2.1' : '2001:db8::1');
  };
  const settings = { resolves: true, prefers: 4, finder } as const;
  assert.deepEqual(await addressesOf(settings, 'known.invalid'), [{ address: '192.0.2.1', family: 4 }]);
  assert.deepEqual(await addressesOf({ ...settings, prefers: 6 }, 'known.invalid', false), [
    '2001:db8::1',
    6,
  ]);
  assert.equal(await addressesOf(settings, 'localhost'), 'none');
  assert.deepEqual(asked, ['known.invalid 4', 'known.invalid 6', 'localhost 4']);
  assert.equal(await addressesOf({ ...settings, resolves: false }, 'known.invalid'), 'none');
  assert.equal(await addressesOf({ resolves: true, prefers: 4 }, 'known.invalid'), 'none');
  assert.equal(asked.length, 3);
});
