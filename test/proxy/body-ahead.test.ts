import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyPreview } from '../../src/proxy/bodies/body-ahead.ts';
import { Inbox } from '../../src/proxy/client/inbox.ts';
import { processorMs } from '../support/processor-time.ts';

const SHAPE = { framing: 'chunked', contentLength: 0, ended: false, room: 16_384 } as const;

function add(inbox: Inbox, text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  inbox.detach();
  inbox.add(bytes, 0, bytes.length);
}

function seen(preview: BodyPreview, inbox: Inbox): { text: string; complete: boolean } {
  const { buffer, offset, length, complete } = preview.look(inbox, SHAPE);
  return { text: buffer.toString('latin1', offset, offset + length), complete };
}

const WIRE = '5;a=b\r\nhello\r\n6 ; c="d"\r\n world\r\n0\r\nT: v\r\n\r\n';

test('a chunked body is seen as it grows, byte by byte, and stays in the inbox as it came', () => {
  const [inbox, preview] = [new Inbox(), new BodyPreview()];
  for (const char of WIRE) {
    assert.equal(seen(preview, inbox).complete, false);
    add(inbox, char);
  }
  assert.deepEqual(seen(preview, inbox), { text: 'hello world', complete: true });
  assert.equal(inbox.buffer.toString('latin1', inbox.start, inbox.end), WIRE);
});

test('trailers are seen as soon as all of them are here', () => {
  const [inbox, preview] = [new Inbox(), new BodyPreview()];
  add(inbox, WIRE.slice(0, -2));
  assert.equal(preview.look(inbox, SHAPE).trailers, undefined);
  add(inbox, WIRE.slice(-2));
  assert.equal(preview.look(inbox, SHAPE).trailers, 'T: v\r\n');
});

test('what follows a chunked body does not belong to it', () => {
  const [inbox, preview] = [new Inbox(), new BodyPreview()];
  add(inbox, `${WIRE}GET / HTTP/1.1\r\n`);
  assert.deepEqual(seen(preview, inbox), { text: 'hello world', complete: true });
  add(inbox, '\r\n');
  assert.deepEqual(seen(preview, inbox), { text: 'hello world', complete: true });
});

test('broken framing ends the wait with what came before it', () => {
  const [inbox, preview] = [new Inbox(), new BodyPreview()];
  add(inbox, '3\r\nabc\r\nzz');
  assert.deepEqual(seen(preview, inbox), { text: 'abc', complete: true });
});

test('framing without end is not waited for, nor read again and again', () => {
  const chunk = `1;${'e'.repeat(1000)}\r\nx\r\n`;
  const flood = (): void => {
    const [inbox, preview] = [new Inbox(), new BodyPreview()];
    let looks = 0;
    for (; !seen(preview, inbox).complete; looks++) add(inbox, chunk);
    assert.ok(looks > 16 && looks < 500, `${looks} chunks`);
  };
  assert.ok(processorMs(flood, 100) < 100);
});
