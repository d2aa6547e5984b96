import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inbox } from '../../../src/proxy/client/inbox.ts';
import { cutMessages, type FramingState } from '../../../src/worker/log-forward/syslog-framing.ts';

const LONGEST = 40;

/** Given piece by piece. */
function cut(
  pieces: readonly string[],
  assumesLineFeeds = false,
): readonly [readonly string[], FramingState] {
  const inbox = new Inbox();
  const messages: string[] = [];
  let state: FramingState = 'more';
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    inbox.add(bytes, 0, bytes.length);
    state = cutMessages(inbox, { longest: LONGEST, assumesLineFeeds }, (buffer, start, end) =>
      messages.push(buffer.toString('latin1', start, end)),
    );
    if (state === 'broken') break;
    inbox.detach();
    bytes.fill(0);
  }
  return [messages, state];
}

test('both framings may come in one stream, cut anywhere', () => {
  const stream = '<1>line\n7 <2>o\nct<3>cr lf\r\n10 0123456789<4>\n';
  const expected = ['<1>line', '<2>o\nct', '<3>cr lf', '0123456789', '<4>'];
  assert.deepEqual(cut([stream]), [expected, 'more']);
  assert.deepEqual(cut(stream.split('')), [expected, 'more']);
  for (let at = 1; at < stream.length; at++)
    assert.deepEqual(cut([stream.slice(0, at), stream.slice(at)]), [expected, 'more'], `cut at ${at}`);
});

test('where line feeds are assumed a number begins no length', () => {
  assert.deepEqual(cut(['7 <2>oct\nplain\n\n'], true), [['7 <2>oct', 'plain', ''], 'more']);
});

for (const [title, stream] of [
  ['anything but a digit and <', 'plain text\n'],
  ['a length that begins with 0', '07 <2>oct.'],
  ['a length with something else in it', '1x <2>oct'],
  ['a length without an end', '123456789012345'],
  ['a message longer than a buffer', `41 ${'x'.repeat(41)}`],
  ['a line longer than a buffer', `<${'x'.repeat(40)}`],
] as const)
  test(`a stream ends with ${title}; what came before is kept`, () => {
    assert.deepEqual(cut([`<1>before\n${stream}`]), [['<1>before'], 'broken']);
  });

test('a message may be as long as a buffer', () => {
  const message = `<${'x'.repeat(LONGEST - 1)}`;
  assert.deepEqual(cut([`${LONGEST} ${message}`]), [[message], 'more']);
  assert.deepEqual(cut([`${message.slice(1)}\n`], true), [[message.slice(1)], 'more']);
});
