/** A client's connection of HTTP/2 that is traced. */
import type { SessionHandler } from '../../http2/session-handler.ts';
import type { Session } from '../../http2/session.ts';
import type { ClientConnectionFacts } from '../client/client-facts.ts';
import { isReversed } from '../http2/idle-times.ts';
import type { DataThread, ListenerRuntime } from '../runtime/runtime.ts';
import { TracedHttp2Session } from './http2-session.ts';
import { placeText, subjectOfClient } from './subject.ts';

export function tracedClientSession(
  { traces, http2 }: DataThread,
  listener: ListenerRuntime,
  facts: ClientConnectionFacts,
  handler: SessionHandler,
): Session {
  const peer = {
    traces,
    role: 'server' as const,
    isReversed: isReversed(listener),
    subject: subjectOfClient(traces, facts, listener),
    names: `fe=${listener.frontend.config.name} src=${placeText(facts.source)}`,
  };
  return new TracedHttp2Session(peer, http2.session, handler);
}
