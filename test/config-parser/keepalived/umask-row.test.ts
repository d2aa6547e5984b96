/** `umask`: numbers as C reads them, bits by their names, and what is neither. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../support/fake-vrrp.ts';

function umaskOf(text: string): number {
  return configOf(`global_defs {\n umask ${text}\n}\n`).globalDefs.umask;
}

test('a umask is octal, hexadecimal or decimal, or bits by name; others are left out', () => {
  const good: readonly [string, number][] = [
    ['077', 0o077],
    ['0x12', 0o022],
    ['18', 0o022],
    ['0', 0],
    ['IWGRP | IXOTH', 0o021],
    ['IRUSR|IWUSR|IXUSR', 0o700],
  ];
  for (const [text, mask] of good) assert.equal(umaskOf(text), mask, text);
  for (const text of ['', '01000', '-1', '1.5', '9x', 'IWGRP IWOTH', 'IWGRP|', 'toString'])
    assert.equal(umaskOf(text), 0o022, text);
});
