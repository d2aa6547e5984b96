import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyType, LoadedCertEntry } from '../../../src/model/tls-material.ts';
import { SniIndex } from '../../../src/net/tls/sni-index.ts';
import { ThreadCertificates } from '../../../src/net/tls/thread-certificates.ts';

function entry(
  id: number,
  names: readonly string[],
  filters: readonly string[] = [],
  keyType: KeyType = 'rsa',
): LoadedCertEntry {
  const certificate = { name: `c${id}`, certPem: '', keyPem: '', chainPem: '', names, keyType };
  return { id, certificate, filters, options: {}, isDefault: id === 1 };
}

const names = (entries: readonly LoadedCertEntry[]): readonly string[] =>
  entries.map(({ certificate }) => certificate.name);

test('a name finds its own certificate before one with a wildcard, whatever case it is written in', () => {
  const index = new SniIndex([entry(1, ['*.example']), entry(2, ['www.example'])]);
  assert.deepEqual(names(index.choose('WWW.Example', false)), ['c2']);
  assert.deepEqual(names(index.choose('other.example', false)), ['c1']);
});

test('a wildcard stands for one label', () => {
  const index = new SniIndex([entry(1, ['first']), entry(2, ['*.example'])]);
  assert.deepEqual(names(index.choose('a.b.example', true)), []);
  assert.deepEqual(names(index.choose('example', true)), []);
  assert.deepEqual(names(index.choose('b.example', true)), ['c2']);
});

test('filters of a line take the place of the names of its certificate', () => {
  const index = new SniIndex([entry(1, ['x']), entry(2, ['www.example'], ['other.example'])]);
  assert.deepEqual(names(index.choose('other.example', true)), ['c2']);
  assert.deepEqual(names(index.choose('www.example', true)), []);
});

test('a filter with ! excludes a name from the wildcards of its line only', () => {
  const index = new SniIndex([
    entry(1, ['x']),
    entry(2, [], ['*.example', '!bad.example']),
    entry(3, [], ['*.example']),
  ]);
  assert.deepEqual(names(index.choose('good.example', true)), ['c2']);
  assert.deepEqual(names(index.choose('bad.example', true)), ['c3']);
});

test('who asks for an unknown name, or for none, gets the defaults, unless strict-sni is set', () => {
  const index = new SniIndex([entry(1, ['a']), entry(2, ['b']), entry(3, [], ['*'], 'ecdsa')]);
  assert.deepEqual(names(index.choose(undefined, false)), ['c3', 'c1']);
  assert.deepEqual(names(index.choose('nobody', false)), ['c3', 'c1']);
  assert.deepEqual(names(index.choose(undefined, true)), []);
  assert.deepEqual(names(index.choose('nobody', true)), []);
});

test('of each kind of key one certificate is chosen, the first, ECDSA before RSA', () => {
  const all = [
    entry(1, ['a']),
    entry(2, ['www.example'], [], 'rsa'),
    entry(3, ['www.example'], [], 'rsa'),
    entry(4, ['*.example'], [], 'ecdsa'),
  ];
  assert.deepEqual(names(new SniIndex(all).choose('www.example', false)), ['c4', 'c2']);
});

test('what a change concerns becomes a new object, the rest stays the one it was', () => {
  const [one, two] = [entry(1, ['a']), entry(2, ['b'])];
  const copy = new ThreadCertificates({
    crtBase: undefined,
    caBase: undefined,
    certificates: new Map([one, two].map(({ certificate }) => [certificate.name, certificate])),
    authorities: new Map(),
    listeners: new Map([['f:1', [one, two]]]),
    ticketKeys: new Map(),
    signingAuthorities: new Map(),
    tokenCertificates: new Set(),
  });
  const listener = copy.listener('f:1');
  assert.ok(listener !== undefined);
  const before = [listener.choose('a', true)[0], listener.choose('b', true)[0]];
  copy.follow({ kind: 'certificate', certificate: { ...one.certificate, names: ['a', 'c'] } });
  assert.notEqual(listener.choose('a', true)[0], before[0]);
  assert.equal(listener.choose('b', true)[0], before[1]);
  assert.deepEqual(names(listener.choose('c', true)), ['c1']);
  const added = { id: 3, filters: ['d'], options: {}, isDefault: false, certificateName: 'c2' };
  copy.follow({ kind: 'entry', listener: 'f:1', entry: added });
  assert.deepEqual(names(listener.choose('d', true)), ['c2']);
  copy.follow({ kind: 'entry-removed', listener: 'f:1', id: 3 });
  assert.deepEqual(names(listener.choose('d', true)), []);
  copy.follow({ kind: 'authorities', file: { name: 'ca', certificates: [], revocations: [] } });
  assert.notEqual(listener.choose('b', true)[0], before[1]);
});
