/** Adverts as bytes: packets of a real keepalived, our own, and every way to be bad. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { splitIpv4, withIpv4Header } from '../../src/vrrp/ipv4-header.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import {
  encodeAdvert,
  parseAdvert,
  type AdvertToSend,
  type Envelope,
  type Expectation,
} from '../../src/vrrp/packet.ts';

const HERE = ipOf('10.99.0.1');
const GROUP = ipOf('224.0.0.18');

const advert: AdvertToSend = {
  version: 3,
  virtualRouterId: 51,
  priority: 100,
  advertIntMs: 100,
  addresses: [ipOf('10.99.0.100'), ipOf('10.99.0.101')],
  v3ChecksumAsV2: false,
};

const expected: Expectation = { version: 3, virtualRouterId: 51, ttl: [255, 255], v3ChecksumAsV2: false };

const envelope: Envelope = { family: 4, source: HERE, destinations: [GROUP], ttl: 255 };

function bad(payload: Buffer, changes: Partial<Envelope> = {}, wanted: Partial<Expectation> = {}): string {
  const parsed = parseAdvert(payload, { ...envelope, ...changes }, { ...expected, ...wanted });
  return parsed.bad ?? 'fine';
}

function changed(packet: Buffer, offset: number, value: number): Buffer {
  const copy = Buffer.from(packet);
  copy[offset] = value;
  return copy;
}

/** Sums by hand, so that the checksum test cannot agree with its own mistake. */
function onesComplementSum(...parts: readonly Buffer[]): number {
  const all = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < all.length; at += 2) {
    sum += all.readUInt16BE(at);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

test('version 3 over IPv4 reads back what was written, and carries the pseudo header in its checksum', () => {
  const packet = encodeAdvert(advert, HERE, GROUP);
  assert.equal(packet.subarray(0, 6).toString('hex'), '31336402000a');
  assert.equal(packet.length, 16);
  const pseudo = Buffer.from('0a630001e000001200700010', 'hex');
  assert.equal(onesComplementSum(pseudo, packet), 0xffff);
  const parsed = parseAdvert(packet, envelope, expected);
  assert.deepEqual(parsed.advert?.addresses.map(String), ['10.99.0.100', '10.99.0.101']);
  assert.equal(parsed.advert?.advertIntMs, 100);
  assert.equal(parsed.advert?.priority, 100);
});

test('version 2 has whole seconds, the password and no pseudo header', () => {
  const packet = encodeAdvert({ ...advert, version: 2, advertIntMs: 1000, authPass: '1111' }, HERE, GROUP);
  assert.equal(packet.subarray(0, 6).toString('hex'), '213364020101');
  assert.equal(packet.subarray(16).toString('hex'), '3131313100000000');
  assert.equal(onesComplementSum(packet), 0xffff);
  assert.equal(bad(packet, {}, { version: 2, authPass: '1111' }), 'fine');
  assert.equal(bad(packet, {}, { version: 2, authPass: '2222' }), 'authPass');
  assert.equal(bad(packet, {}, { version: 2 }), 'authType');
});

test('version 3 over IPv6 reads back what was written', () => {
  const source = ipOf('fe80::1');
  const group = ipOf('ff02::12');
  const packet = encodeAdvert(
    { ...advert, addresses: [ipOf('fe80::99'), ipOf('2001:db8::1')] },
    source,
    group,
  );
  assert.equal(packet.length, 8 + 32);
  const pseudo = Buffer.from(
    'fe800000000000000000000000000001ff0200000000000000000000000000120000002800000070',
    'hex',
  );
  assert.equal(onesComplementSum(pseudo, packet), 0xffff);
  const parsed = parseAdvert(
    packet,
    { family: 6, source, destinations: [ipOf('fe80::7'), group], ttl: undefined },
    expected,
  );
  assert.deepEqual(parsed.advert?.addresses.map(String), ['fe80::99', '2001:db8::1']);
});

test('the old checksum of version 3 is sent and taken where it is asked for', () => {
  const packet = encodeAdvert({ ...advert, v3ChecksumAsV2: true }, HERE, GROUP);
  assert.equal(onesComplementSum(packet), 0xffff);
  assert.equal(bad(packet), 'checksum');
  assert.equal(bad(packet, {}, { v3ChecksumAsV2: true }), 'fine');
});

test('each way to be bad has its own name', () => {
  const packet = encodeAdvert(advert, HERE, GROUP);
  assert.equal(bad(packet), 'fine');
  assert.equal(bad(packet, { ttl: 254 }), 'ttl');
  assert.equal(bad(packet, { ttl: 254 }, { ttl: [250, 255] }), 'fine');
  assert.equal(bad(packet.subarray(0, 7)), 'length');
  assert.equal(bad(packet.subarray(0, 15)), 'length');
  assert.equal(bad(changed(packet, 3, 3)), 'length');
  assert.equal(bad(Buffer.concat([packet, Buffer.alloc(31)])), 'length');
  assert.equal(bad(changed(packet, 0, 0x21)), 'version');
  assert.equal(bad(changed(packet, 0, 0x32)), 'type');
  assert.equal(bad(changed(packet, 2, 101)), 'checksum');
  assert.equal(bad(packet, { source: ipOf('10.99.0.2') }), 'checksum');
  assert.equal(bad(packet, {}, { virtualRouterId: 52 }), 'vrid');
});

test('padding of short Ethernet frames is not part of the packet', () => {
  const packet = encodeAdvert(advert, HERE, GROUP);
  assert.equal(bad(Buffer.concat([packet, Buffer.alloc(10)])), 'fine');
});

test('100,000 random packets are refused without an exception', () => {
  let taken = 0;
  for (let round = 0; round < 100_000; round++) {
    const payload = randomBytes(round % 48);
    if (payload.length > 0) payload[0] = 0x31;
    if (bad(payload) === 'fine') taken++;
  }
  assert.ok(taken < 50, `${taken} of 100,000 random packets passed a 16-bit checksum`);
});

test('the IPv4 header is cut off by its own lengths', () => {
  const packet = withIpv4Header(encodeAdvert(advert, HERE, GROUP), HERE, GROUP, 255, 7);
  assert.equal(onesComplementSum(packet.subarray(0, 20)), 0xffff);
  const split = splitIpv4(Buffer.concat([packet, Buffer.alloc(10)]));
  assert.equal(split?.payload.length, 16);
  assert.equal(split?.envelope.ttl, 255);
  assert.equal(String(split?.envelope.source), '10.99.0.1');
  assert.equal(splitIpv4(packet.subarray(0, 19)), undefined);
  assert.equal(splitIpv4(changed(packet, 0, 0x44)), undefined);
  assert.equal(splitIpv4(changed(packet, 3, 255)), undefined);
});
