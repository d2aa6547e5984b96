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

test('what has to be written anew is not squeezed: edits, folded lines, bare line feeds, old versions', () => {
  const plain = 'GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n';
  assert.equal(
    squeezed(plain, head => head.headers.add('x-new', '1')),
    undefined,
  );
  assert.equal(
    squeezed(plain, head => head.headers.set('x-a', '2')),
    undefined,
  );
  assert.equal(
    squeezed(plain, head => (head.target = '/other')),
    undefined,
  );
  assert.equal(squeezed('GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n  2\r\n\r\n'), undefined);
  assert.equal(squeezed('GET / HTTP/1.1\nHost: a\r\n\r\n'), undefined);
  assert.equal(squeezed('GET / HTTP/1.1\r\nHost: a\r\n\n'), undefined);
  assert.equal(squeezed('GET / HTTP/1.0\r\nHost: a\r\n\r\n'), undefined);
  assert.equal(squeezed('GET / HTTP/1.1\r\nHost: a\r\nTE: gzip\r\n\r\n'), undefined);
});

test('a response keeps its body behind its head', () => {
  const text = `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n${CONNECTION}Server: x\r\n\r\nbody`;
  const buffer = Buffer.from(text, 'latin1');
  const head = new Http1ResponseHead();
  assert.equal(parseResponseHead(buffer, 0, buffer.length, head, LIMITS), text.length - 4);
  head.resolveFraming('GET', 11);
  assert.equal(head.squeeze({ connection: 'close' }), -1);
  const start = head.squeeze({ connection: '' });
  assert.equal(start, CONNECTION.length);
  assert.equal(buffer.toString('latin1', start), text.replace(CONNECTION, ''));
});
