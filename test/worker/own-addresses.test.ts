import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { parseIp, type IpAddress } from '../../src/base/ip-address.ts';
import { isOwnAddress } from '../../src/worker/process/own-addresses.ts';

const own = (text: string): boolean => isOwnAddress(parseIp(text) as IpAddress);

test('the whole loopback network and the addresses of interfaces are this host’s, others are not', () => {
  for (const text of ['127.0.0.1', '127.0.0.9', '127.255.1.2', '::ffff:127.0.0.9'])
    assert.ok(own(text), text);
  for (const entries of Object.values(networkInterfaces()))
    for (const { address } of entries ?? []) assert.ok(own(address), address);
  for (const text of ['192.0.2.1', '126.0.0.1', '2001:db8::1', '::127.0.0.1']) assert.ok(!own(text), text);
});
