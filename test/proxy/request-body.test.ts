import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '../../src/net/connection.ts';
import { Inbox } from '../../src/proxy/client/inbox.ts';
import { RequestBody, type RequestBodyOwner } from '../../src/proxy/request/request-body.ts';

/** Of a stream whose requests have bodies of these lengths; one begins as soon as the one before is with its server. */
function bodyOf(lengths: readonly number[], inbox: Inbox): RequestBody {
  let request = 0;
  const owner = {
    session: { inbox, ended: false, expect() {}, clearTimer() {}, receive() {}, connection: {} },
    requestHead: { framing: 'length', contentLength: lengths[0] },
    transaction: { bytes: { toServer: 0, fromClient: 0 }, timeout: () => 0 },
    server: { expectBytes() {}, clearTimer() {} },
    requestForwarded() {
      body.stop();
      owner.requestHead.contentLength = lengths[++request];
      if (request < lengths.length) body.start();
    },
  };
  const body = new RequestBody(owner as unknown as RequestBodyOwner);
  body.start();
  return body;
}

test('a send that ends its exchange at once leaves the next body to the next server', () => {
  const inbox = new Inbox();
  inbox.add(Buffer.from('firstsecond'), 0, 11);
  const body = bodyOf([5, 6], inbox);
  const sent: string[] = [];
  const server = {
    sending: false,
    send(buffer: Buffer, offset: number, length: number): void {
      sent.push(buffer.toString('latin1', offset, offset + length));
      body.pump(server);
    },
  } as Connection;
  body.pump(server);
  assert.deepEqual(sent, ['first']);
  assert.equal(inbox.copy().toString(), 'second');
});
