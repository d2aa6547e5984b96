import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetwork, type Network } from '../../src/base/cidr.ts';
import { parseIp, type IpAddress } from '../../src/base/ip-address.ts';
import { chooseAddress, type AddressPreference } from '../../src/dns/choose-address.ts';

function ips(...texts: string[]): IpAddress[] {
  return texts.map(text => parseIp(text) as IpAddress);
}

const ALL = ips('192.0.2.1', '10.0.0.1', '2001:db8::1', '192.0.2.2');
const PLAIN: AddressPreference = { family: 4, networks: [], allowsDuplicates: false };
const free = (): boolean => false;

function chosen(
  preference: Partial<AddressPreference>,
  { start = 0, current = '', taken = [] as readonly string[] } = {},
): string | undefined {
  const held = new Set(taken);
  return chooseAddress(ALL, start, { ...PLAIN, ...preference }, parseIp(current), ip =>
    held.has(ip.toString()),
  )?.address.toString();
}

test('The family comes first, then the network, then that nobody has it, then that it is the same as before', () => {
  const networks = [{ family: 4, network: parseNetwork('10.0.0.0/8') as Network }] as const;
  assert.equal(chosen({}), '192.0.2.1');
  assert.equal(chosen({ family: 6 }), '2001:db8::1');
  assert.equal(chosen({ networks }), '10.0.0.1');
  assert.equal(chosen({ networks, family: 6 }), '2001:db8::1');
  assert.equal(chosen({}, { current: '192.0.2.2' }), '192.0.2.2');
  assert.equal(chosen({ networks }, { current: '192.0.2.2' }), '10.0.0.1');
});

test('An address of another server is taken only where duplicates are allowed, and then as the last', () => {
  const taken = ['192.0.2.1', '10.0.0.1'];
  assert.equal(chosen({}, { taken }), '192.0.2.2');
  assert.equal(chosen({}, { taken: [...taken, '192.0.2.2'] }), '2001:db8::1');
  assert.equal(chosen({}, { taken: ALL.map(String) }), undefined);
  assert.equal(chosen({ allowsDuplicates: true }, { taken: ALL.map(String) }), '192.0.2.1');
  assert.equal(chosen({ allowsDuplicates: true }, { taken }), '192.0.2.2');
});

test('Each choice begins behind the one before, so that equal addresses are given out in turn', () => {
  let start = 0;
  const given: string[] = [];
  for (let turn = 0; turn < 4; turn++) {
    const choice = chooseAddress(ips('192.0.2.1', '192.0.2.2', '192.0.2.3'), start, PLAIN, undefined, free);
    given.push(choice?.address.toString() ?? '-');
    start = choice?.next ?? 0;
  }
  assert.deepEqual(given, ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.1']);
  assert.equal(chooseAddress([], 5, PLAIN, undefined, free), undefined);
});
