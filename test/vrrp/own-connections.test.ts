/** The kernel's table of TCP sockets as the relay reads it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTcpTable } from '../../src/vrrp/handover/own-connections.ts';
import { neighbourMac } from '../../src/vrrp/handover/connection-relay.ts';

test('connections of IPv4 are found in both tables, listeners and IPv6 left out', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 6400090A:1F40 0900090A:C350 01 00000000:00000000
   1: 00000000:1F40 00000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00006400090A:1F40 0000000000000000FFFF00000900090A:C351 01 0:0
   3: 00000000000000000000000001000000:1F40 00000000000000000000000001000000:C352 01 0:0
`;
  assert.deepEqual(parseTcpTable(text), [
    { clientAddress: '10.9.0.9', clientPort: 50000, ownAddress: '10.9.0.100', ownPort: 8000 },
    { clientAddress: '10.9.0.9', clientPort: 50001, ownAddress: '10.9.0.100', ownPort: 8000 },
  ]);
});

test('the MAC of a neighbour is the complete entry of that interface', () => {
  const table = `IP address       HW type     Flags       HW address            Mask     Device
10.9.0.2         0x1         0x0         00:00:00:00:00:00     *        eth0
10.9.0.3         0x1         0x2         02:00:00:00:00:03     *        eth1
10.9.0.3         0x1         0x2         02:00:00:00:00:04     *        eth0
`;
  assert.equal(neighbourMac(table, '10.9.0.3', 'eth0'), '02:00:00:00:00:04');
  assert.equal(neighbourMac(table, '10.9.0.2', 'eth0'), undefined);
});
