import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_KEY, compileKeyHash } from '../../src/balancers/hash-key.ts';
import { factsOf } from '../support/placement.ts';
import { findParameter, headerKey, rdpCookie, uriKey, type Span } from '../../src/balancers/key-span.ts';

function textOf(span: Span | undefined): string | undefined {
  return span?.text.slice(span.start, span.end);
}

const URI = { algorithm: 'uri', len: 0, depth: 0, whole: false, pathOnly: false } as const;

test('uri takes what its options say', () => {
  assert.equal(textOf(uriKey('/a/b/c?x=/y', URI)), '/a/b/c');
  assert.equal(textOf(uriKey('/a/b/c?x=/y', { ...URI, whole: true })), '/a/b/c?x=/y');
  assert.equal(textOf(uriKey('/a/b/c', { ...URI, depth: 1 })), '/a');
  assert.equal(textOf(uriKey('/a/b/c', { ...URI, depth: 2 })), '/a/b');
  assert.equal(textOf(uriKey('/abc', { ...URI, len: 3 })), '/ab');
  assert.equal(textOf(uriKey('http://h/a?b', URI)), 'http://h/a');
  assert.equal(textOf(uriKey('http://h/a?b', { ...URI, pathOnly: true })), '/a');
  assert.equal(textOf(uriKey('http://h', { ...URI, pathOnly: true })), '');
  assert.equal(textOf(uriKey('*', { ...URI, pathOnly: true })), '');
  assert.equal(textOf(uriKey('h:443', { ...URI, pathOnly: true })), '');
});

test('url_param takes the first parameter of that very name that has a value', () => {
  const find = (query: string): string | undefined => textOf(findParameter(query, 0, 'id'));
  assert.equal(find('id=7'), '7');
  assert.equal(find('a=1&id=7&b=2'), '7');
  assert.equal(find('xid=1&id=2&id=3'), '2');
  assert.equal(find('id='), '');
  assert.equal(find('id&x=1'), undefined);
  assert.equal(find('ID=1'), undefined);
  assert.equal(find(''), undefined);
});

test('a value in a form ends at white space, and what cannot be in a form is none', () => {
  const keyHash = compileKeyHash(
    { algorithm: 'url_param', name: 'id' },
    { method: 'map-based', function: 'crc32', avalanche: false },
  );
  const hashOf = (body: string): number => keyHash(factsOf({ target: '/', headers: {}, body }));
  assert.equal(hashOf('id=abc\r\n'), hashOf('id=abc'));
  assert.equal(hashOf('a=1&id=abc and more'), hashOf('id=abc'));
  assert.notEqual(hashOf('id=abc%20d'), hashOf('id=abc'));
  assert.equal(hashOf('id=a\0b'), NO_KEY);
  assert.equal(hashOf('nothing'), NO_KEY);
  assert.equal(keyHash(factsOf({ target: '/?id=1', headers: {}, body: 'id=abc' })), hashOf('id=1'));
});

test('hdr takes the first element of a list, and with use_domain_only the name before the top level', () => {
  assert.equal(textOf(headerKey(' one , two', false)), 'one');
  assert.equal(textOf(headerKey('"a,b" , two', false)), '"a,b"');
  assert.equal(textOf(headerKey('"a\\",b", two', false)), '"a\\",b"');
  assert.equal(textOf(headerKey('', false)), undefined);
  assert.equal(textOf(headerKey(' , two', false)), undefined);
  assert.equal(textOf(headerKey(undefined, false)), undefined);
  assert.equal(textOf(headerKey('haproxy.1wt.eu', true)), '1wt');
  assert.equal(textOf(headerKey('www.a.co.uk', true)), 'co');
  assert.equal(textOf(headerKey('single', true)), 'single');
  assert.equal(textOf(headerKey('a.b', true)), 'a');
});

test('rdp-cookie finds the named cookie in the first packet', () => {
  const packet = (line: string): string => `${'\u0003'.padEnd(11, '\0')}${line}\r\n\u0001\0`;
  assert.equal(textOf(rdpCookie(packet('Cookie: mstshash=user1'), 'mstshash')), 'user1');
  assert.equal(textOf(rdpCookie(packet('cookie: MSTShash=user1'), 'mstshash')), 'user1');
  assert.equal(textOf(rdpCookie(packet('Cookie: msts=3640205228.15629.0000'), 'mstshash')), undefined);
  assert.equal(textOf(rdpCookie(packet('Cookie: mstshash='), 'mstshash')), undefined);
  assert.equal(textOf(rdpCookie('short', 'mstshash')), undefined);
  assert.equal(textOf(rdpCookie(`${'\0'.repeat(11)}Cookie: mstshash=half`, 'mstshash')), undefined);
});
