import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInteger, parseSize, parseTime } from '../../src/config-parser/units.ts';

test('times are milliseconds whatever their unit', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['250', 250],
    ['250ms', 250],
    ['5s', 5000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['1us', 1],
    ['1500us', 2],
    ['2147483647', 2_147_483_647],
  ];
  for (const [text, ms] of cases) assert.equal(parseTime(text).value, ms, text);
  assert.equal(parseTime('30', 's').value, 30_000);
});

test('a time that is no whole number, has no such unit or does not fit is refused', () => {
  for (const text of ['', '1.5s', '-1', '5x', 's', '1x5', '25d', '25days', '2147483648', '1 s'])
    assert.notEqual(parseTime(text, 'ms', 'timeout client').error, undefined, text);
  assert.equal(
    parseTime('1.5s', 'ms', 'timeout client').error,
    `unexpected character '.' in 'timeout client'`,
  );
  assert.match(
    parseTime('25d', 'ms', 'timeout client').error ?? '',
    /^timer overflow in argument '25d' to 'timeout client'/,
  );
});

test('what stands behind a unit does not count, and is told', () => {
  const cases = { '15min': 900_000, '5sec': 5000, '1h30m': 3_600_000, '2ms5': 2 };
  for (const [text, ms] of Object.entries(cases)) {
    const { value, warning = '' } = parseTime(text, 'ms', 'timeout client');
    assert.equal(value, ms, text);
    assert.match(warning, new RegExp(`after the timer value in 'timeout client': '${text}' is read as`));
  }
  assert.equal(parseTime('15m').warning, undefined);
});

test('sizes are bytes, with powers of 1024', () => {
  assert.equal(parseSize('16384').value, 16_384);
  assert.equal(parseSize('16k').value, 16_384);
  assert.equal(parseSize('2M').value, 2_097_152);
  assert.equal(parseSize('3g').value, 3_221_225_472);
  for (const text of ['', '1.5k', 'k', '5t', '-1', '4g', '1kb'])
    assert.notEqual(parseSize(text).error, undefined, text);
});

test('integers stay inside their range', () => {
  assert.equal(parseInteger('42', 0, 100).value, 42);
  assert.equal(parseInteger('-20', -20, 19).value, -20);
  for (const text of ['', '10k', '1.0', '101', '-1', '0x10', ' 5'])
    assert.notEqual(parseInteger(text, 0, 100).error, undefined, text);
});
