/** A head made ready where it lies says what a rendered one says. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { Http1RequestHead } from '../../src/http/request-head.ts';
import { parseRequestHead } from '../../src/http/request-parser.ts';
import { Http1ResponseHead } from '../../src/http/response-head.ts';
import { parseResponseHead } from '../../src/http/response-parser.ts';

const LIMITS = { maxHeadBytes: 8192, maxHeaders: 101 };
const FRONT = 'left over';
const BODY = 'GET /next HTTP/1.1\r\n\r\n';

function squeezed(
  text: string,
  edit: (head: Http1RequestHead) => void = () => undefined,
): string | undefined {
  const buffer = Buffer.from(`${FRONT}${text}${BODY}`, 'latin1');
  const head = new Http1RequestHead();
  const consumed = parseRequestHead(buffer, FRONT.length, buffer.length, head, LIMITS);
  assert.ok(consumed > 0, `${consumed}`);
  edit(head);
  const into = Buffer.alloc(8192);
  const rendered = into.toString('latin1', 0, head.renderInto(into, 0, { close: false }));
  const start = head.squeeze({ close: false });
  const end = FRONT.length + consumed;
  assert.equal(buffer.toString('latin1', end), BODY, 'what follows the head is untouched');
  if (start < 0) return undefined;
  assert.ok(start >= FRONT.length, 'what stands before the head is untouched');
  assert.equal(buffer.toString('latin1', start, end), rendered);
  return rendered;
}

const CONNECTION = 'Connection: keep-alive\r\n';

test('a request that nobody changed is sent from where it came in', () => {
  assert.equal(squeezed('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
});

test('lines that are taken out leave no hole: at the front, in the middle, at the end, and several', () => {
  const lines = ['Host: a\r\n', 'Accept: text/html\r\n', 'X-Three: 3\r\n'];
  for (let mask = 0; mask < 16; mask++) {
    const text = [...lines, ''].map((line, i) => ((mask >> i) & 1 ? 'X-Gone: yes\r\n' : '') + line).join('');
    const found = squeezed(`GET / HTTP/1.1\r\n${text}\r\n`, head => head.headers.remove('x-gone'));
    assert.equal(found, `GET / HTTP/1.1\r\n${lines.join('')}\r\n`, String(mask));
  }
  assert.equal(
    squeezed(`GET / HTTP/1.1\r\n${CONNECTION}Host: a\r\n\r\n`),
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  );
});

test('what has to be written anew is not squeezed: edits without room, other targets, bare line feeds, old versions', () => {
  const plain = 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n';
  assert.equal(
    squeezed(plain, head => head.headers.add('x-new', '1')),
    undefined,
    'there is no room in front',
  );
  assert.equal(
    squeezed(plain, head => head.headers.set('x-a', '22')),
    undefined,
  );
  assert.equal(
    squeezed(plain, head => (head.target = '/other')),
    undefined,
  );
  assert.equal(squeezed('GET / HTTP/1.1\nHost: a\r\n\r\n'), undefined);
  assert.equal(squeezed('GET / HTTP/1.1\r\nHost: a\r\n\n'), undefined);
  assert.equal(squeezed('GET / HTTP/1.0\r\nHost: a\r\n\r\n'), undefined, 'keep-alive would be added');
  assert.equal(squeezed('GET / HTTP/1.1\r\nHost: a\r\nTE: gzip\r\n\r\n'), undefined);
});

test('a folded line is written anew in its place', () => {
  assert.equal(
    squeezed('GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n  2\r\n\r\n'),
    'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1    2\r\n\r\n',
  );
});

test('a response keeps its body behind its head', () => {
  const text = `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n${CONNECTION}Server: x\r\n\r\nbody`;
  const buffer = Buffer.from(text, 'latin1');
  const head = new Http1ResponseHead();
  assert.equal(parseResponseHead(buffer, 0, buffer.length, head, LIMITS), text.length - 4);
  head.resolveFraming('GET', 11);
  const start = head.squeeze({ connection: '' });
  assert.equal(start, CONNECTION.length);
  assert.equal(buffer.toString('latin1', start), text.replace(CONNECTION, ''));
});

test('a response that closes takes its room from what was taken out', () => {
  const text = `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n${CONNECTION}Server: x\r\n\r\nbody`;
  const buffer = Buffer.from(text, 'latin1');
  const head = new Http1ResponseHead();
  parseResponseHead(buffer, 0, buffer.length, head, LIMITS);
  head.resolveFraming('GET', 11);
  const start = head.squeeze({ connection: 'close' });
  assert.equal(
    buffer.toString('latin1', start),
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nServer: x\r\nConnection: close\r\n\r\nbody',
  );
});

/** As many as 31 bits can tell apart. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}

test('whatever is taken out and added, with room in front or without, it says what a rendered head says', () => {
  let made = 0;
  for (let seed = 1; seed <= 3000; seed++) {
    const next = sequence(seed);
    const lines = Array.from({ length: next(9) }, (_, i) => `X-${i}: ${'v'.repeat(1 + next(30))}\r\n`);
    const text = `GET /${'p'.repeat(next(20))} HTTP/1.1\r\nHost: a\r\n${lines.join('')}\r\n`;
    const front = '#'.repeat(next(120));
    const buffer = Buffer.from(front + text + BODY, 'latin1');
    const head = new Http1RequestHead();
    const consumed = parseRequestHead(buffer, front.length, buffer.length, head, LIMITS);
    const room = next(front.length + 1);
    head.headers.headroom = room;
    for (let i = 0; i < lines.length; i++) if (next(3) === 0) head.headers.remove(`x-${i}`);
    for (let i = next(3); i > 0; i--) head.headers.add(`Y-${i}`, 'w'.repeat(next(40)));
    const rendering = { close: next(2) === 0 };
    const into = Buffer.alloc(8192);
    const rendered = into.toString('latin1', 0, head.renderInto(into, 0, rendering));
    const end = front.length + consumed;
    const start = head.squeeze(rendering);
    if (start < 0) {
      assert.ok(rendered.length > consumed + room, `seed ${seed}: there was room`);
      assert.equal(buffer.toString('latin1'), front + text + BODY, `seed ${seed}: nothing has happened`);
      continue;
    }
    made++;
    assert.ok(start >= front.length - room, `seed ${seed}: no more than the room in front`);
    assert.equal(buffer.toString('latin1', start, end), rendered, `seed ${seed}`);
    assert.equal(buffer.toString('latin1', end), BODY, `seed ${seed}: the body`);
    assert.equal(
      buffer.toString('latin1', 0, front.length - room),
      front.slice(room),
      `seed ${seed}: the front`,
    );
  }
  assert.ok(made > 1500, `${made} of 3000`);
});
