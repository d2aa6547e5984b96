import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineReader, splitCommands, splitWords, type Input } from '../../src/admin/line-reader.ts';

function read(text: string, limits = { lineBytes: 1000, payloadBytes: 1000 }): Input[] {
  const reader = new LineReader(limits);
  const inputs: Input[] = [];
  for (const char of text) {
    reader.add(char);
    for (let input = reader.next(); input !== undefined; input = reader.next()) {
      inputs.push(input);
      if (input.kind === 'too-long') return inputs;
    }
  }
  return inputs;
}

test('commands of a line are parted by semicolons, unless a backslash stands before', () => {
  assert.deepEqual(splitCommands('show info;show stat'), ['show info', 'show stat']);
  assert.deepEqual(splitCommands('set map a b c\\;d;x'), ['set map a b c\\;d', 'x']);
  assert.deepEqual(splitCommands('a\\\\;b'), ['a\\\\', 'b']);
});

test('words are parted by blanks, unless a backslash stands before', () => {
  assert.deepEqual(splitWords('  add map\tm  a\\ b c\\;d e\\\\f')?.from(0), [
    'add',
    'map',
    'm',
    'a b',
    'c;d',
    'e\\f',
  ]);
  assert.equal(splitWords('')?.length, 0);
  assert.equal(splitWords('x '.repeat(65)), undefined);
});

test('lines come one by one, with or without carriage return, however the bytes arrive', () => {
  assert.deepEqual(read('show info\r\nhelp\n\n'), [
    { kind: 'line', line: { commands: ['show info'], payload: undefined } },
    { kind: 'line', line: { commands: ['help'], payload: undefined } },
    { kind: 'line', line: { commands: [''], payload: undefined } },
  ]);
});

test('a payload ends with an empty line and belongs to the last command', () => {
  assert.deepEqual(read('x;add map m <<\nk1 v;1\nk2 v2\n\nshow map\n'), [
    { kind: 'payload-begins' },
    { kind: 'line', line: { commands: ['x', 'add map m '], payload: 'k1 v;1\nk2 v2' } },
    { kind: 'line', line: { commands: ['show map'], payload: undefined } },
  ]);
});

test('a payload with a pattern of its own may hold empty lines', () => {
  const [, line] = read('set ssl cert f <<%EOF%\na\n\nb\n%EOF%\n');
  assert.deepEqual(line, { kind: 'line', line: { commands: ['set ssl cert f '], payload: 'a\n\nb' } });
});

test('<< that is glued to a word, or has a long pattern, is no payload', () => {
  assert.equal(read('add map m<<\n')[0]?.kind, 'line');
  assert.equal(read(`add map m <<${'p'.repeat(65)}\n`)[0]?.kind, 'line');
});

test('a line or payload that is too long is reported', () => {
  assert.deepEqual(read('x'.repeat(20), { lineBytes: 10, payloadBytes: 10 }), [
    { kind: 'too-long', what: 'line' },
  ]);
  assert.deepEqual(read('a <<\nxxxxxx\nxxxxxx\n', { lineBytes: 10, payloadBytes: 10 }), [
    { kind: 'payload-begins' },
    { kind: 'too-long', what: 'payload' },
  ]);
});

test('a last line without an end counts when the client has ended its side', () => {
  const reader = new LineReader({ lineBytes: 100, payloadBytes: 100 });
  reader.add('show info');
  assert.equal(reader.next(), undefined);
  reader.endInput();
  assert.equal(reader.next()?.kind, 'line');
});

test('a payload may have any number of lines, in one piece', () => {
  const reader = new LineReader({ lineBytes: 1000, payloadBytes: 1_000_000 });
  reader.add(`add map m <<\n${'k v\n'.repeat(100_000)}\n`);
  assert.deepEqual(reader.next(), { kind: 'payload-begins' });
  const input = reader.next();
  assert.equal(input?.kind === 'line' && input.line.payload?.length, 400_000 - 1);
});
