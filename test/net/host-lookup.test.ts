/** Host names whose addresses the system does not know, but a nameserver does. */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns';
import { test } from 'node:test';
import { hostLookup, type HostLookup } from '../../src/net/host-lookup.ts';
import { startDnsServer } from '../support/dns-server.ts';

function addressesOf(settings: HostLookup, host: string): Promise<unknown> {
  return new Promise(resolve =>
    hostLookup(settings)(host, { all: true }, (error, found) => resolve(error === null ? found : 'none')),
  );
}

test('a nameserver is asked where the system knows no address, and the preferred family comes first', async t => {
  const server = await startDnsServer(t, (name, type) =>
    name !== 'responder.invalid'
      ? { rcode: 3 }
      : { records: [{ type: type as 'A', data: type === 'A' ? '192.0.2.1' : '2001:db8::1' }] },
  );
  const resolver = new Resolver({ timeout: 5000, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.port}`]);
  const [four, six] = [
    { address: '192.0.2.1', family: 4 },
    { address: '2001:db8::1', family: 6 },
  ];
  const settings = { resolves: true, prefers: 4, resolver } as const;
  assert.deepEqual(await addressesOf(settings, 'responder.invalid'), [four, six]);
  assert.deepEqual(await addressesOf({ ...settings, prefers: 6 }, 'responder.invalid'), [six, four]);
  assert.equal(await addressesOf(settings, 'other.invalid'), 'none');
  const asked = server.questions.length;
  assert.equal(await addressesOf({ resolves: true, prefers: 4 }, 'responder.invalid'), 'none');
  assert.equal(await addressesOf({ ...settings, resolves: false }, 'responder.invalid'), 'none');
  assert.equal(server.questions.length, asked);
});
