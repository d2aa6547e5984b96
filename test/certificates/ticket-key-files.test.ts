/** Files of ticket keys, as HAProxy reads them and complains of them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { loadTicketKeys, readTicketKeys } from '../../src/certificates/ticket-key-files.ts';

const key = (bytes: number, fill: number): string => Buffer.alloc(bytes, fill).toString('base64');
const lines = (...texts: readonly string[]): string => texts.map(text => `${text}\n`).join('');

test('the last three keys are kept, of either length, with or without CR', () => {
  for (const bytes of [48, 80]) {
    const read = readTicketKeys(lines(...[1, 2, 3, 4].map(fill => `${key(bytes, fill)}\r`)));
    assert.ok('secrets' in read);
    assert.deepEqual(
      read.secrets.map(secret => [secret.length, secret[0]]),
      [2, 3, 4].map(fill => [bytes, fill]),
    );
  }
});

test('what is no file of keys is refused, with the line', () => {
  const good = key(48, 1);
  const wrong: readonly (readonly [string, string])[] = [
    ['', 'please supply at least 3 keys in the tls-tickets-file'],
    [lines(good, good), 'please supply at least 3 keys in the tls-tickets-file'],
    [lines(good, good, key(80, 1)), 'wrong sized key on line 3'],
    [lines('AAAA', good, good, good), 'wrong sized key on line 1'],
    [lines(good, '', good, good), 'wrong sized key on line 2'],
    [lines(good, '!!!!', good), 'unable to decode base64 key on line 2'],
    [lines(good, good, good, good.slice(1)), 'unable to decode base64 key on line 4'],
  ];
  for (const [text, error] of wrong) assert.deepEqual(readTicketKeys(text), { error });
  const files = {
    read: (path: string) => ({ error: `no ${path}` }),
    kindOf: () => 'other' as const,
    list: () => [],
  };
  assert.deepEqual(loadTicketKeys('a.keys', '/etc', files), {
    error: 'unable to load ssl tickets keys file (no /etc/a.keys).',
  });
});
