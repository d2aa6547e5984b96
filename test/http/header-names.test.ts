import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adjustCase, nameCaseOf, restrictNames } from '../../src/http/header-names.ts';
import { HeaderList } from '../../src/http/header-list.ts';

function list(...names: string[]): HeaderList {
  const headers = new HeaderList();
  for (const name of names) headers.add(name, 'v');
  return headers;
}

test('Names beyond letters, digits and hyphens are kept, deleted or rejected', () => {
  const names = ['X_A', 'X-B', 'X.C'];
  const kept = list(...names);
  assert.equal(restrictNames(kept, 'preserve'), true);
  assert.equal(kept.count, 3);
  const deleted = list(...names);
  assert.equal(restrictNames(deleted, 'delete'), true);
  assert.equal(deleted.render(), 'X-B: v\r\n');
  assert.equal(restrictNames(list(...names), 'reject'), false);
  assert.equal(restrictNames(list('X-B'), 'reject'), true);
});

test('Names in the table are sent in the case it gives', () => {
  const headers = list('content-length', 'x-other');
  adjustCase(headers, new Map([['content-length', 'CoNtEnT-LeNgTh']]));
  assert.equal(headers.render(), 'CoNtEnT-LeNgTh: v\r\nx-other: v\r\n');
  assert.equal(headers.has('content-length'), true);
});

test('Without the option, or without a table, nothing is adjusted', () => {
  assert.equal(nameCaseOf(false, new Map([['a', 'A']])), undefined);
  assert.equal(nameCaseOf(true, new Map()), undefined);
});
