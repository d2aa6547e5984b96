/** A client's connection speaks HTTP/2, and its rules have been passed: it is served, or serves (`attach-srv`). */
import type { ClientConnectionFacts } from '../client/client-facts.ts';
import { Inbox } from '../client/inbox.ts';
import { attachToServer } from '../reverse/attach.ts';
import type { ListenerRuntime } from '../runtime/runtime.ts';
import type { StreamPool } from '../stream-pool.ts';
import { Http2ClientSession } from './session.ts';

/** `received`: what it has sent so far. */
export function beginHttp2(
  streams: StreamPool,
  listener: ListenerRuntime,
  facts: ClientConnectionFacts,
  received: Inbox | undefined,
): void {
  const { attachment } = facts;
  if (attachment === undefined) new Http2ClientSession(streams, listener, facts).start(received);
  else attachToServer(streams.thread, listener, facts, attachment, received ?? new Inbox());
}
