/** Keeps a message that could not be parsed, with what is known of its exchange, for `show errors`. */
import type { BadMessage } from '../../model/bad-message.ts';
import type { Inbox } from '../client/inbox.ts';
import { tellMalformed } from '../traced/malformed.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

export function keepBadMessage(
  thread: DataThread,
  transaction: Transaction,
  side: BadMessage['side'],
  inbox: Inbox,
  reason: string,
): void {
  if (thread.traces.on) tellMalformed(thread, transaction, side, inbox, reason);
  const { client, frontendRuntime, backendRuntime, serverRuntime } = transaction;
  const [frontend, backend] = [frontendRuntime.row, backendRuntime?.row];
  const { host, port } = client.source;
  const isRequest = side === 'request';
  thread.badMessages.keep({
    side,
    proxy: isRequest ? frontend : (backend ?? frontend),
    otherProxy: isRequest ? backend : frontend,
    server: serverRuntime?.row,
    source: `${host}:${port}`,
    reason,
    bytes: Uint8Array.prototype.slice.call(inbox.buffer, inbox.start, inbox.end),
    bufferSize: thread.buffers.size,
  });
}
