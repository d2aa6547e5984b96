import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameserversIn } from '../../src/worker/names/system-nameservers.ts';

test('the nameservers of the system are taken once each; lines that name none are told of', () => {
  const lines = [
    'search example.com',
    'nameserver 192.0.2.1\r',
    'nameserver\t192.0.2.2  # the other',
    ' nameserver 192.0.2.3',
    'nameserver',
    'nameserver bogus',
    'nameserver 192.0.2.1',
    'nameserver fe80::1%lo',
    'nameserver 2001:db8::1',
    'nameserver [::1]',
    'nameserver 10.1',
    'nameserver192.0.2.9',
    'nameservers 192.0.2.8',
    'nameserver 192.0.2.4:53',
  ];
  const { nameservers, complaints } = nameserversIn(lines.join('\n'));
  assert.deepEqual(
    nameservers.map(({ name, address: { host, family, port } }) => [name, host, family, port]),
    [
      ['192.0.2.1', '192.0.2.1', 4, 53],
      ['192.0.2.2', '192.0.2.2', 4, 53],
      ['2001:db8::1', '2001:db8::1', 6, 53],
      ['[::1]', '::1', 6, 53],
      ['10.1', '10.0.0.1', 4, 53],
    ],
  );
  assert.deepEqual(complaints, [
    '/etc/resolv.conf:5: nameserver line is missing address.',
    `/etc/resolv.conf:6: address 'bogus' could not be recognized, nameserver will be excluded.`,
    `/etc/resolv.conf:7: nameserver '192.0.2.1' appears to be a duplicate and will be excluded.`,
    `/etc/resolv.conf:8: address 'fe80::1%lo' could not be recognized, nameserver will be excluded.`,
    `/etc/resolv.conf:14: address '192.0.2.4:53' could not be recognized, nameserver will be excluded.`,
  ]);
});
