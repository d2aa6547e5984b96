import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '../../src/net/connection.ts';
import { buildLocal, buildProxyV1, buildProxyV2 } from '../../src/net/proxy-protocol/build.ts';
import type { ParsedHeader, ProxyHeader } from '../../src/net/proxy-protocol/header.ts';
import { parseNetscalerCip } from '../../src/net/proxy-protocol/netscaler-cip.ts';
import { parseProxyHeader } from '../../src/net/proxy-protocol/parse.ts';

const CLIENT: Endpoint = { family: 4, host: '203.0.113.9', port: 54321 };
const SERVICE: Endpoint = { family: 4, host: '198.51.100.1', port: 443 };
const CLIENT6: Endpoint = { family: 6, host: '2001:db8::9', port: 1025 };
const SERVICE6: Endpoint = { family: 6, host: '2001:db8:0:1::1', port: 80 };

function parse(bytes: Buffer | string): ParsedHeader {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  return parseProxyHeader(buffer, 0, buffer.length);
}

function headerOf(bytes: Buffer | string): ProxyHeader {
  const parsed = parse(bytes);
  if (parsed.kind !== 'header') throw new Error(JSON.stringify(parsed));
  return parsed.header;
}

test('a version 1 line gives both endpoints and its own length', () => {
  const line = 'PROXY TCP4 203.0.113.9 198.51.100.1 54321 443\r\n';
  assert.deepEqual(parse(`${line}GET / HTTP/1.1\r\n`), {
    kind: 'header',
    header: { source: CLIENT, destination: SERVICE, tlvs: [] },
    length: line.length,
  });
  assert.deepEqual(headerOf('PROXY TCP6 2001:db8::9 2001:db8:0:1::1 1025 80\r\n'), {
    source: CLIENT6,
    destination: SERVICE6,
    tlvs: [],
  });
  assert.deepEqual(headerOf('PROXY UNKNOWN\r\n'), { tlvs: [] });
  assert.deepEqual(headerOf('PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n'), { tlvs: [] });
});

test('a header that has not come whole is incomplete at every length', () => {
  const headers = [
    Buffer.from('PROXY TCP4 203.0.113.9 198.51.100.1 54321 443\r\n'),
    buildProxyV2({ source: CLIENT6, destination: SERVICE, uniqueId: 'u', crc32c: true }),
  ];
  for (const whole of headers)
    for (let length = 0; length < whole.length; length++)
      assert.equal(parse(whole.subarray(0, length)).kind, 'incomplete', `${length} of ${whole.length}`);
});

test('malformed version 1 lines are refused', () => {
  for (const line of [
    'PROXY TCP4 203.0.113.9 198.51.100.1 54321\r\n',
    'PROXY TCP4 203.0.113.9 198.51.100.1 54321 443 \r\n',
    'PROXY TCP4  203.0.113.9 198.51.100.1 54321 443\r\n',
    'PROXY TCP4 203.0.113.9 198.51.100.1 54321 65536\r\n',
    'PROXY TCP4 203.0.113.9 198.51.100.1 054321 443\r\n',
    'PROXY TCP4 203.0.113.9 198.51.100.1 -1 443\r\n',
    'PROXY TCP4 203.0.113.9 198.51.100.1 +5 443\r\n',
    'PROXY TCP4 203.0.113.9 198.51.100.1 0x10 443\r\n',
    'PROXY TCP4 203.0.113.009 198.51.100.1 54321 443\r\n',
    'PROXY TCP4 203.0.113 198.51.100.1 54321 443\r\n',
    'PROXY TCP4 2001:db8::9 2001:db8::1 54321 443\r\n',
    'PROXY TCP6 203.0.113.9 198.51.100.1 54321 443\r\n',
    'PROXY TCP4 203.0.113.9 198.51.100.1 54321 443\n',
    `PROXY TCP6 ${'f'.repeat(100)}\r\n`,
  ])
    assert.deepEqual(parse(line), { kind: 'invalid', fault: 'bad-header' }, line);
  assert.deepEqual(parse('PROXY TCP5 1 2 3 4\r\n'), { kind: 'invalid', fault: 'bad-protocol' });
  for (const bytes of ['PROXYTCP4', 'PUT /', 'GET / HTTP/1.1\r\n', '\r\n\r\nX'])
    assert.deepEqual(parse(bytes), { kind: 'invalid', fault: 'not-a-header' }, bytes);
});

test('what is built in version 1 can be parsed, and mixed families become IPv6', () => {
  assert.equal(buildProxyV1(CLIENT, SERVICE).toString(), 'PROXY TCP4 203.0.113.9 198.51.100.1 54321 443\r\n');
  assert.equal(
    buildProxyV1(CLIENT, SERVICE6).toString(),
    'PROXY TCP6 ::ffff:203.0.113.9 2001:db8:0:1::1 54321 80\r\n',
  );
  assert.equal(buildProxyV1({ family: 0, host: '', port: 0 }, SERVICE).toString(), 'PROXY UNKNOWN\r\n');
  assert.deepEqual(headerOf(buildLocal(1)), { tlvs: [] });
});

test('what is built in version 2 comes back with all its TLVs', () => {
  const bytes = buildProxyV2({
    source: CLIENT,
    destination: SERVICE,
    custom: [{ type: 0xe0, value: 'mine' }],
    crc32c: true,
    alpn: 'h2',
    authority: 'example.org',
    uniqueId: 'req-1',
    tls: { used: true, version: 'TLSv1.3', commonName: 'me', clientCertificate: 'this-connection' },
  });
  const { tlvs, ...rest } = headerOf(bytes);
  assert.deepEqual(rest, { source: CLIENT, destination: SERVICE });
  const text = tlvs.filter(tlv => tlv.type !== 3).map(tlv => [tlv.type, tlv.value.toString('latin1')]);
  assert.deepEqual(text, [
    [0xe0, 'mine'],
    [0x01, 'h2'],
    [0x02, 'example.org'],
    [0x05, 'req-1'],
    [0x20, '\x07\0\0\0\0\x21\0\x07TLSv1.3\x22\0\x02me'],
  ]);
  const mixed = headerOf(buildProxyV2({ source: CLIENT6, destination: SERVICE }));
  assert.deepEqual(mixed.destination, { family: 6, host: '::ffff:198.51.100.1', port: 443 });
  assert.deepEqual(headerOf(buildLocal(2)), { tlvs: [] });
});

test('a version 2 header with a wrong checksum, length or command is refused', () => {
  const good = buildProxyV2({ source: CLIENT, destination: SERVICE, crc32c: true, uniqueId: 'x' });
  assert.equal(parse(good).kind, 'header');
  const broken = (change: (bytes: Buffer) => void): ParsedHeader => {
    const bytes = Buffer.from(good);
    change(bytes);
    return parse(bytes);
  };
  const bad = { kind: 'invalid', fault: 'bad-header' };
  assert.deepEqual(
    broken(bytes => (bytes[17] = 1)),
    bad,
  );
  assert.deepEqual(
    broken(bytes => (bytes[12] = 0x22)),
    bad,
  );
  assert.deepEqual(
    broken(bytes => bytes.writeUInt16BE(200, 29)),
    bad,
  );
  assert.deepEqual(
    broken(bytes => bytes.writeUInt16BE(11, 14)),
    bad,
  );
  assert.deepEqual(
    broken(bytes => (bytes[12] = 0x11)),
    { kind: 'invalid', fault: 'not-a-header' },
  );
});

test('a version 2 header of a family we do not know leaves the addresses as they are', () => {
  const bytes = buildProxyV2({ source: CLIENT, destination: SERVICE });
  bytes[13] = 0x31;
  assert.deepEqual(headerOf(bytes), { tlvs: [] });
});

test('a NetScaler CIP header gives the endpoints of the packet in it, in both forms', () => {
  const packet = Buffer.alloc(40);
  packet[0] = 0x45;
  packet[9] = 6;
  packet.set([203, 0, 113, 9, 198, 51, 100, 1], 12);
  packet.writeUInt16BE(54321, 20);
  packet.writeUInt16BE(443, 22);
  const legacy = Buffer.alloc(8);
  legacy.writeUInt32BE(0xcafe, 0);
  legacy.writeUInt32BE(40, 4);
  const standard = Buffer.alloc(12);
  standard.writeUInt32BE(0xcafe, 0);
  standard.writeUInt32BE(52, 4);
  standard.writeUInt16BE(40, 10);
  for (const front of [legacy, standard]) {
    const bytes = Buffer.concat([front, packet, Buffer.from('GET')]);
    const length = front.length + 40;
    assert.deepEqual(parseNetscalerCip(bytes, 0, bytes.length, 0xcafe), {
      kind: 'header',
      header: { source: CLIENT, destination: SERVICE, tlvs: [] },
      length,
    });
    assert.equal(parseNetscalerCip(bytes, 0, length - 1, 0xcafe).kind, 'incomplete');
    assert.equal(parseNetscalerCip(bytes, 0, bytes.length, 0xbeef).kind, 'invalid');
  }
});
