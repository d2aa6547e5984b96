import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogFormatName } from '../../../src/model/log.ts';
import { forwardedHeader, ownFormat } from '../../../src/worker/log-forward/forwarded-header.ts';
import { parseSyslogMessage } from '../../../src/worker/log-forward/syslog-message.ts';

/** Fields in the order of RFC 5424; what is missing is ''. */
const CASES: readonly (readonly [title: string, bytes: string, fields: readonly unknown[], text: string])[] =
  [
    [
      'RFC 3164',
      '<34>Oct  1 22:14:15 host su[7]: text',
      [4, 2, 'Oct  1 22:14:15', 'host', 'su', '7', '', ''],
      'text',
    ],
    [
      'no pid',
      '<34>Oct  1 22:14:15 host su: text',
      [4, 2, 'Oct  1 22:14:15', 'host', 'su', '', '', ''],
      'text',
    ],
    [
      'no tag',
      '<34>Oct  1 22:14:15 host a text',
      [4, 2, 'Oct  1 22:14:15', 'host', '', '', '', ''],
      'a text',
    ],
    [
      'a colon without a blank',
      '<34>Oct  1 22:14:15 h a:b',
      [4, 2, 'Oct  1 22:14:15', 'h', '', '', '', ''],
      'a:b',
    ],
    [
      'more behind the pid',
      '<34>Oct  1 22:14:15 h a[1]b: c',
      [4, 2, 'Oct  1 22:14:15', 'h', 'a', '', '', ''],
      'a[1]b: c',
    ],
    ['an open bracket', '<34>Oct  1 22:14:15 h a[1: c', [4, 2, 'Oct  1 22:14:15', 'h', 'a', '', '', ''], 'c'],
    ['no host', '<34>Oct  1 22:14:15  a: c', [4, 2, '', '', '', '', '', ''], 'Oct  1 22:14:15  a: c'],
    ['no month', '<34>Okt  1 22:14:15 h a: c', [4, 2, '', '', '', '', '', ''], 'Okt  1 22:14:15 h a: c'],
    ['priority alone', '<191>short', [23, 7, '', '', '', '', '', ''], 'short'],
    ['nothing at all', 'no header', [-1, -1, '', '', '', '', '', ''], 'no header'],
    ['an open priority', '<13', [-1, -1, '', '', '', '', '', ''], '<13'],
    [
      'RFC 5424',
      '<165>1 2003-10-11T22:14:15.003Z host app 8 ID [a b="\\]"][c] text',
      [20, 5, '2003-10-11T22:14:15.003Z', 'host', 'app', '8', 'ID', '[a b="\\]"][c]'],
      'text',
    ],
    ['nil values', '<34>1 - - - - - - text', [4, 2, '-', '', '', '', '', ''], 'text'],
    [
      'a fraction that is none',
      '<34>1 2003-10-11T22:14:15.0x3Z h a - - - t',
      [4, 2, '', '', '', '', '', ''],
      '1 2003-10-11T22:14:15.0x3Z h a - - - t',
    ],
    ['data that does not end', '<34>1 - h a - - [b c', [4, 2, '', '', '', '', '', ''], '1 - h a - - [b c'],
  ];

for (const [title, bytes, fields, text] of CASES)
  test(`a received message is taken apart: ${title}`, () => {
    const message = parseSyslogMessage(bytes);
    const { facility, level, time, host, tag, pid, messageId, structuredData } = message;
    assert.deepEqual([facility, level, time, host, tag, pid, messageId, structuredData], fields);
    assert.equal(message.text, text);
  });

test('whatever is cut off a message, all bytes behind its priority are kept', () => {
  const whole = '<165>1 2003-10-11T22:14:15.003Z host app 8 ID [a b="c"] text';
  for (let length = 0; length <= whole.length; length++) {
    const bytes = whole.slice(0, length);
    const message = parseSyslogMessage(bytes);
    if (message.time === '') assert.ok(bytes.endsWith(message.text), bytes);
  }
});

const NOW_MS = Date.UTC(2024, 5, 15, 12, 0, 0);

function headerOf(bytes: string, format?: LogFormatName): string {
  const message = parseSyslogMessage(bytes);
  return forwardedHeader(message, format ?? ownFormat(message), message, NOW_MS);
}

test('a message keeps its format where none is asked for', () => {
  for (const header of [
    '<34>Oct  1 22:14:15 host su[7]: ',
    '<165>1 2003-10-11T22:14:15.003Z host app 8 ID [a] ',
    '<34>1 - host - - - - ',
    '<34>',
  ])
    assert.equal(headerOf(`${header}text of it`), header);
});

test('times are turned from one format into the other', () => {
  const legacy = '<34>Mar  7 22:14:15 host su[7]: text';
  const iso = '<34>1 2003-03-07T22:14:15.003+01:00 host su 7 - - text';
  assert.equal(headerOf(legacy, 'rfc5424'), '<34>1 2024-03-07T22:14:15-00:00 host su 7 - - ');
  assert.equal(headerOf(legacy.replace('Mar', 'Dec'), 'iso'), '2023-12-07T22:14:15-00:00 ');
  assert.equal(headerOf(iso, 'rfc3164'), '<34>Mar  7 22:14:15 host su[7]: ');
  assert.equal(headerOf(iso, 'local'), '<34>Mar  7 22:14:15 su[7]: ');
  assert.equal(headerOf(iso, 'timed'), '<2>2003-03-07T22:14:15.003+01:00 ');
  assert.equal(headerOf(iso, 'short'), '<2>');
  assert.equal(headerOf(iso, 'raw'), '');
});

test('a priority has three digits at most', () => {
  assert.equal(headerOf('<1234>text', 'priority'), '<234>');
});
