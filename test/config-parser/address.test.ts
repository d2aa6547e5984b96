import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandPorts, parseAddress, parseAddressList } from '../../src/config-parser/address.ts';
import type { AddressRules, ParsedAddress } from '../../src/config-parser/address.ts';

const BIND: AddressRules = { port: 'required', portRange: true };
const SERVER: AddressRules = { port: 'optional', portOffset: true };

function show(written: string, rules: AddressRules): string {
  const { value, error } = parseAddress(written, rules);
  if (error !== undefined) return `error: ${error}`;
  const { address, transport, portHigh, portLow, portOffset, quic, mptcp } = value;
  const marks = [transport === 'datagram' ? ' dgram' : '', quic ? ' quic' : '', mptcp ? ' mptcp' : ''].join(
    '',
  );
  const range = portHigh > portLow ? `-${portHigh}` : '';
  const offset = portOffset === undefined ? '' : ` offset ${portOffset}`;
  return `${describe(address)}${range}${offset}${marks}`;
}

function describe(address: ParsedAddress['address']): string {
  switch (address.kind) {
    case 'ip':
      return `${address.family} ${address.host} ${address.port}`;
    case 'name':
      return `name${address.family} ${address.host} ${address.port}`;
    case 'unix':
      return `unix ${address.path}`;
    case 'abstract':
      return `abstract ${address.name}${address.zeroTerminated === true ? ' z' : ''}`;
    case 'fd':
    case 'sockpair':
      return `${address.kind} ${address.fd}`;
    case 'reverse':
      return `reverse ${address.backend} ${address.server}`;
  }
}

test('every form of address that listeners take is understood', () => {
  const cases: readonly (readonly [string, string])[] = [
    [':80', '4 0.0.0.0 80'],
    ['*:80', '4 0.0.0.0 80'],
    ['1.2.3.4:80', '4 1.2.3.4 80'],
    ['[::]:80', '6 :: 80'],
    ['0:80', '4 0.0.0.0 80'],
    ['127.1:80', '4 127.0.0.1 80'],
    ['10.0x1.513:80', '4 10.1.2.1 80'],
    ['0177.1:80', '4 127.0.0.1 80'],
    ['ipv4@2130706433:80', '4 127.0.0.1 80'],
    [':::80', '6 :: 80'],
    ['::1:80', '6 ::1 80'],
    ['[2001:db8::1]:443', '6 2001:db8::1 443'],
    ['ipv4@:80', '4 0.0.0.0 80'],
    ['ipv6@:80', '6 :: 80'],
    ['ipv6@*:80', '6 :: 80'],
    ['ip@1.2.3.4:80', '4 1.2.3.4 80'],
    ['tcp4@1.2.3.4:80', '4 1.2.3.4 80'],
    ['mptcp@:80', '4 0.0.0.0 80 mptcp'],
    ['quic4@:443', '4 0.0.0.0 443 quic'],
    ['quic+ip@[::1]:443', '6 ::1 443 quic'],
    [':8801-8810', '4 0.0.0.0 8801-8810'],
    ['www.example.com:80', 'name0 www.example.com 80'],
    ['ipv6@localhost:80', 'name6 localhost 80'],
    ['/run/lb.sock', 'unix /run/lb.sock'],
    ['unix@lb.sock', 'unix lb.sock'],
    ['uxst@lb.sock', 'unix lb.sock'],
    ['abns@name', 'abstract name'],
    ['abnsz@name', 'abstract name z'],
    ['fd@4', 'fd 4'],
    ['sockpair@7', 'sockpair 7'],
  ];
  for (const [written, shown] of cases) assert.equal(show(written, BIND), shown, written);
});

test('servers may lack a port or shift the one of the client', () => {
  assert.equal(show('10.0.0.1', SERVER), '4 10.0.0.1 0');
  assert.equal(show('10.0.0.1:+100', SERVER), '4 10.0.0.1 0 offset 100');
  assert.equal(show('10.0.0.1:-100', SERVER), '4 10.0.0.1 0 offset -100');
  assert.equal(show('[::1]', SERVER), '6 ::1 0');
});

test('datagram addresses need a keyword that takes them', () => {
  const log: AddressRules = { port: 'optional', transport: 'datagram', accepts: ['datagram', 'stream'] };
  assert.equal(show('10.0.0.1:514', log), '4 10.0.0.1 514 dgram');
  assert.equal(show('tcp@10.0.0.1:514', log), '4 10.0.0.1 514');
  assert.equal(show('udp@:53', BIND), `error: dgram-type address not acceptable in 'udp@:53'`);
});

test('what is no address is refused with the reason', () => {
  const cases: readonly (readonly [string, AddressRules, RegExp])[] = [
    ['1.2.3.4', BIND, /missing port specification in '1.2.3.4'/],
    ['1.2.3.4:', BIND, /missing port specification/],
    [':0', BIND, /invalid port '0'/],
    [':65536', BIND, /invalid port '65536'/],
    [':80a', BIND, /invalid character 'a' in port number '80a' in ':80a'/],
    [':http', BIND, /invalid character 'h' in port number/],
    [':90-80', BIND, /invalid port range '90-80'/],
    [':+80', BIND, /port offset not permitted here/],
    ['10.0.0.1:80-90', SERVER, /port range not permitted here/],
    ['10.0.0.300:80', BIND, /invalid address: '10.0.0.300' in '10.0.0.300:80'/],
    ['ipv4@::1:80', BIND, /invalid address: '::1'/],
    ['[1.2.3.4:80', BIND, /invalid address/],
    ['fd@x', BIND, /file descriptor 'x' is not a valid integer in 'fd@x'/],
    ['1.2.3.4:80', { port: 'forbidden' }, /port specification not permitted here/],
    [`/${'x'.repeat(120)}`, BIND, /too long/],
    ['$NOTHING', BIND, /missing port/],
    ['', BIND, /resolves to an empty address/],
  ];
  for (const [written, rules, message] of cases) assert.match(show(written, rules), message, written);
});

test('variables inside an address are put in', () => {
  const environment = (name: string): string | undefined => ({ HOST: '10.1.1.1', PORT: '81' })[name];
  const rules = { ...BIND, environment };
  assert.equal(show('$HOST:80', rules), '4 10.1.1.1 80');
  assert.equal(show('${HOST}:$PORT', rules), '4 10.1.1.1 81');
  assert.match(show('$GONE', rules), /'\$GONE' resolves to an empty address/);
});

test('a list gives every address, and a range every port', () => {
  const list = parseAddressList('10.0.0.7:80,:8801-8803,[::1]:90', BIND).value ?? [];
  const ports = list.flatMap(one => expandPorts(one).map(describe));
  assert.deepEqual(ports, [
    '4 10.0.0.7 80',
    '4 0.0.0.0 8801',
    '4 0.0.0.0 8802',
    '4 0.0.0.0 8803',
    '6 ::1 90',
  ]);
  assert.match(parseAddressList(':80,bad', BIND).error ?? '', /missing port specification in 'bad'/);
});
