/** Cookies of a field: what belongs to which, and what is left when some are taken out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookiePair, editCookies, endOfCookie } from '../../src/http/cookie-field.ts';

const without = (name: string) => (field: string) =>
  editCookies(field, (cookie, value) => (cookie === name ? undefined : value));

test('a cookie that is taken out leaves the others as they stood', () => {
  const rest = without('C');
  assert.equal(rest('C=1'), undefined);
  assert.equal(rest('C=1; D=2'), 'D=2');
  assert.equal(rest('A=1; C=2; B=3'), 'A=1; B=3');
  assert.equal(rest('A=1;C=2;B=3'), 'A=1; B=3');
  assert.equal(rest('A=1 ; C=2;B=3;D=4'), 'A=1; B=3;D=4');
  assert.equal(rest('A=1; C=2'), 'A=1');
  assert.equal(rest('C=1; C=2; B=3'), 'B=3');
  assert.equal(rest('A=1, C=2, B=3'), 'A=1, B=3', 'a comma delimits as well');
  assert.equal(rest('C=2; D'), 'D', 'a word without a value is somebody else’s');
});

test('attributes go with their cookie', () => {
  const rest = without('C');
  assert.equal(rest('$Version=1; C=2; $Path=/'), undefined, 'attributes alone mean nothing');
  assert.equal(rest('C=2; $Path=/; D=3; $Path=/x'), 'D=3; $Path=/x');
});

test('delimiters in quotes are part of the value', () => {
  const rest = without('C');
  assert.equal(rest('A="x; C=1"; B=2'), 'A="x; C=1"; B=2');
  assert.equal(rest('C="a;b,c\\";"; B=2'), 'B=2');
  assert.equal(endOfCookie('a"b;c', 0, true), 3, 'a name has no quotes');
  assert.equal(endOfCookie('C="open; B=2', 0, true), 12);
});

test('blanks around the equal sign are dropped, those around a cookie stay', () => {
  const same = (field: string) => editCookies(field, (_, value) => value);
  assert.equal(same('A = 1 ;\tB= 2'), 'A=1 ;\tB=2');
  assert.equal(same(' A=1;;B;'), ' A=1;;B;');
  assert.deepEqual(cookiePair(' C = x y '), { name: 'C', value: 'x y' });
  assert.equal(cookiePair('C'), undefined);
});

test('a value can be changed in its place', () => {
  const unprefixed = editCookies('A=1; C=s1~v; B=2', (_, value) => value.slice(value.indexOf('~') + 1));
  assert.equal(unprefixed, 'A=1; C=v; B=2');
});

test('only in a list a comma ends a name', () => {
  assert.equal(endOfCookie('A,C=1', 0, true), 1);
  assert.equal(endOfCookie('A,C=1,2', 0, false), 5, 'a value ends there anyway');
});
