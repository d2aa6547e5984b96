/** What requests and responses say of caches, in tables: the words on the left, what they mean on the right. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotModified } from '../../src/http-cache/conditional.ts';
import { MAY_BE_ANSWERED, MAY_BE_STORED, readRequestCaching } from '../../src/http-cache/request-caching.ts';
import {
  changedAt,
  currentAge,
  mayBeStored,
  ownAge,
  ownLifetime,
} from '../../src/http-cache/response-caching.ts';
import { acceptedCodings, codingsOf, storedVariant, variantOf, variesOn } from '../../src/http-cache/vary.ts';
import type { Headers } from '../../src/http/head.ts';
import type { HeaderList } from '../../src/http/header-list.ts';
import { takesCodings } from '../../src/state/http-cache/variant.ts';
import { lines, parseRequest, parseResponse } from '../support/http-head.ts';

function request(first: string, ...fields: readonly string[]) {
  return parseRequest(lines(first, 'Host: a', ...fields, '')).head;
}

function fieldsOf(...fields: readonly string[]): Headers {
  return parseResponse(lines('HTTP/1.1 200 OK', ...fields, '')).head.headers;
}

function asked(...fields: readonly string[]): HeaderList {
  return request('GET / HTTP/1.1', ...fields).headers;
}

const REQUESTS: readonly [line: string, fields: readonly string[], meaning: string][] = [
  ['GET / HTTP/1.1', [], 'answered stored'],
  ['HEAD / HTTP/1.1', [], 'answered stored'],
  ['GET / HTTP/1.0', [], 'stored'],
  ['OPTIONS / HTTP/1.1', [], 'stored'],
  ['POST / HTTP/1.1', [], ''],
  ['GET / HTTP/1.1', ['Authorization: Basic YTpi'], ''],
  ['GET / HTTP/1.1', ['Cache-Control: no-cache'], 'stored'],
  ['GET / HTTP/1.1', ['Cache-Control: MAX-AGE=0'], 'stored'],
  ['GET / HTTP/1.1', ['Cache-Control: foo, max-stale=5'], 'stored'],
  ['GET / HTTP/1.1', ['Cache-Control: foo', 'Cache-Control: min-fresh=5'], 'stored'],
  ['GET / HTTP/1.1', ['Cache-Control: no-store'], 'answered'],
  ['GET / HTTP/1.1', ['Cache-Control: no-cache, no-store'], ''],
  ['GET / HTTP/1.1', ['Cache-Control: no-transform'], 'answered stored'],
  ['GET / HTTP/1.1', ['Pragma: No-Cache'], 'stored'],
  ['GET / HTTP/1.1', ['Pragma: no-cache', 'Cache-Control: no-transform'], 'answered stored'],
];

test('What a request allows: to be answered from a cache, to have its response stored', () => {
  for (const [line, fields, meaning] of REQUESTS) {
    const bits = readRequestCaching(request(line, ...fields));
    const words = [bits & MAY_BE_ANSWERED ? 'answered' : '', bits & MAY_BE_STORED ? 'stored' : ''];
    assert.equal(words.filter(word => word !== '').join(' '), meaning, `${line} ${fields.join(', ')}`);
  }
});

const RESPONSES: readonly [status: number, fields: readonly string[], may: boolean][] = [
  [200, [], false],
  [200, ['Cache-Control: max-age=5'], true],
  [200, ['Cache-Control: max-age=0'], false],
  [200, ['Cache-Control: max-age=0, s-maxage=5'], true],
  [200, ['Cache-Control: s-maxage=0, max-age=5'], false],
  [200, ['Cache-Control: public'], false],
  [200, ['Cache-Control: public', 'ETag: "a"'], true],
  [200, ['ETag: "a"'], true],
  [200, ['Last-Modified: Thu, 15 Oct 2020 22:23:24 GMT'], true],
  [200, ['Expires: Thu, 15 Oct 2020 22:23:24 GMT'], true],
  [200, ['ETag: "a"', 'Pragma: no-cache'], false],
  [200, ['ETag: "a"', 'Cache-Control: private'], false],
  [200, ['ETag: "a"', 'Cache-Control: Private="x"'], false],
  [200, ['ETag: "a"', 'Cache-Control: no-store'], false],
  [200, ['ETag: "a"', 'Cache-Control: no-cache'], false],
  [200, ['ETag: "a"', 'Cache-Control: no-cache="set-cookie"'], false],
  [200, ['ETag: "a"', 'Cache-Control: private', 'Cache-Control: public'], true],
  [302, ['ETag: "a"'], false],
  [302, ['ETag: "a"', 'Cache-Control: public'], true],
];

test('Which responses may be stored', () => {
  for (const [status, fields, may] of RESPONSES)
    assert.equal(mayBeStored(true, status, fieldsOf(...fields)), may, `${status} ${fields.join(', ')}`);
  assert.equal(mayBeStored(false, 200, fieldsOf('ETag: "a"')), false, 'the request forbids it');
  assert.equal(
    mayBeStored(false, 200, fieldsOf('ETag: "a"', 'Cache-Control: public')),
    true,
    'the server insists',
  );
});

/** 2020-10-15 22:23:24 */
const NOW = 1602800604;

const LIFETIMES: readonly [fields: readonly string[], seconds: number][] = [
  [[], -1],
  [['Cache-Control: max-age=5'], 5],
  [['Cache-Control: max-age=5, s-maxage=7'], 7],
  [['Cache-Control: max-age="5"'], 5],
  [['Cache-Control: max-age=5', 'Cache-Control: max-age=6'], 6],
  [['Cache-Control: max-age=99999999999'], 0x7fffffff],
  [['Cache-Control: max-age=x'], NaN],
  [['Cache-Control: max-age=-5'], NaN],
  [['Expires: Thu, 15 Oct 2020 22:23:34 GMT'], 10],
  [['Expires: Thu, 15 Oct 2020 22:23:14 GMT'], 0],
  [['Expires: 0'], 0],
  [['Expires: Thu, 15 Oct 2020 22:23:34 GMT', 'Cache-Control: max-age=5'], 5],
  [['Cache-Control: max-age'], -1],
];

test('How long a response is fresh by its own words', () => {
  for (const [fields, seconds] of LIFETIMES)
    assert.equal(ownLifetime(fieldsOf(...fields), NOW), seconds, fields.join(', '));
});

test('How old a response is, and when its resource was changed', () => {
  assert.equal(ownAge(fieldsOf()), 0);
  assert.equal(ownAge(fieldsOf('Age: 12')), 12);
  assert.equal(ownAge(fieldsOf('Age: 99999999999')), 0x7fffffff);
  assert.ok(Number.isNaN(ownAge(fieldsOf('Age: abc'))));
  assert.equal(currentAge(5, 100, 103), 8);
  assert.equal(currentAge(5, 100, 90), 5, 'a clock that was set back');
  assert.equal(currentAge(0x7fffffff, 0, 10), 0x7fffffff);
  assert.equal(changedAt(fieldsOf(), NOW), NOW);
  assert.equal(changedAt(fieldsOf('Date: Thu, 15 Oct 2020 22:23:14 GMT'), NOW), NOW - 10);
  const both = fieldsOf(
    'Date: Thu, 15 Oct 2020 22:23:14 GMT',
    'Last-Modified: Thu, 15 Oct 2020 22:23:04 GMT',
  );
  assert.equal(changedAt(both, NOW), NOW - 20);
});

const CONDITIONS: readonly [fields: readonly string[], etag: string, notModified: boolean][] = [
  [[], '"a"', false],
  [['If-None-Match: "a"'], '"a"', true],
  [['If-None-Match: W/"a"'], '"a"', true],
  [['If-None-Match: "a"'], 'W/"a"', true],
  [['If-None-Match: "b", "a"'], '"a"', true],
  [['If-None-Match: "b"', 'If-None-Match: "a"'], '"a"', true],
  [['If-None-Match: "b"'], '"a"', false],
  [['If-None-Match: *'], '', true],
  [['If-None-Match: ""'], '', false],
  [['If-Modified-Since: Thu, 15 Oct 2020 22:23:24 GMT'], '', true],
  [['If-Modified-Since: Thursday, 15-Oct-20 22:23:25 GMT'], '', true],
  [['If-Modified-Since: Thu, 15 Oct 2020 22:23:23 GMT'], '', false],
  [['If-Modified-Since: yesterday'], '', false],
  [['If-None-Match: "b"', 'If-Modified-Since: Thu, 15 Oct 2020 22:23:24 GMT'], '"a"', false],
];

test('Who has a stored response already', () => {
  for (const [fields, etag, notModified] of CONDITIONS)
    assert.equal(
      isNotModified(asked(...fields), { etag, lastModified: NOW }),
      notModified,
      fields.join(', '),
    );
});

/** A request's Accept-Encoding, a response's Content-Encoding (undefined: no field), and whether they go together. */
const CODINGS: readonly [accepts: string | undefined, coding: string | undefined, takes: boolean][] = [
  [undefined, 'gzip', true],
  [undefined, undefined, true],
  ['gzip', 'gzip', true],
  ['GZIP', 'X-Gzip', true],
  ['gzip', undefined, true],
  ['gzip', 'br', false],
  ['br, gzip', 'br, gzip', true],
  ['br', 'br, gzip', false],
  ['', 'gzip', false],
  ['', undefined, true],
  ['gzip;q=0.5', 'gzip', true],
  ['gzip; q=0', 'gzip', false],
  ['*', 'zstd', true],
  ['*, zstd;q=0', 'zstd', false],
  ['*;q=0, gzip', 'gzip', true],
  ['*;q=0', 'gzip', false],
  ['identity;q=0', undefined, false],
  ['identity;q=0.000, gzip', undefined, false],
  ['gzipped', 'gzip', false],
];

test('Which stored content codings a client takes', () => {
  for (const [accepts, coding, takes] of CODINGS) {
    const taken = acceptedCodings(accepts === undefined ? asked() : asked(`Accept-Encoding: ${accepts}`));
    const stored = codingsOf(coding === undefined ? fieldsOf() : fieldsOf(`Content-Encoding: ${coding}`));
    assert.ok(taken !== undefined && stored !== undefined);
    assert.equal(takesCodings(stored, taken), takes, `${accepts} takes ${coding}`);
  }
  const many = Array.from({ length: 16 }, (_, index) => `c${index}`).join(', ');
  assert.equal(acceptedCodings(asked(`Accept-Encoding: ${many}`)), undefined);
  assert.equal(codingsOf(fieldsOf('Content-Encoding: none-such')), undefined);
  assert.equal(codingsOf(fieldsOf('Content-Encoding: gzip, abc')), undefined);
});

test('What a response varies on, and what is stored of the request for it', () => {
  assert.equal(variesOn(fieldsOf()), 0);
  assert.equal(variesOn(fieldsOf('Vary: Accept-Encoding', 'Vary: origin,REFERER')), 7);
  assert.equal(variesOn(fieldsOf('Vary: Accept-Encoding, User-Agent')), -1);
  assert.equal(variesOn(fieldsOf('Vary: *')), -1);
  const all = variantOf(asked('Origin: http://a', 'Referer: http://b', 'Accept-Encoding: gzip'), -1);
  assert.ok(all !== undefined);
  const stored = storedVariant(all, 4, fieldsOf('Content-Encoding: br'));
  assert.deepEqual(stored, { ...all, codings: 0, refererLow: 0, refererHigh: 0 });
  const other = variantOf(asked('Origin: http://c'), 4);
  assert.notEqual(other?.originLow, all.originLow);
  assert.deepEqual(variantOf(asked(), 6), {
    codings: 0,
    refererLow: 0,
    refererHigh: 0,
    originLow: 0,
    originHigh: 0,
  });
});
