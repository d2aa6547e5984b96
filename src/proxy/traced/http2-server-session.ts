/** A connection of HTTP/2 to a server that is traced. */
import type { SessionHandler } from '../../http2/session-handler.ts';
import type { Session } from '../../http2/session.ts';
import type { Connection } from '../../net/connection.ts';
import type { Traces } from '../../traces/traces.ts';
import type { Http2ServerSettings } from '../http2/server-settings.ts';
import { TracedHttp2Session } from './http2-session.ts';
import { placeText } from './subject.ts';

interface ServerParts {
  readonly settings: Http2ServerSettings;
  readonly isReversed?: boolean;
  /** Its row. */
  readonly backend?: number;
  readonly traces?: Traces;
}

/** Undefined: nobody wants to hear of it. */
export function tracedServerSession(
  { settings, isReversed = false, backend, traces }: ServerParts,
  socket: Connection,
  handler: SessionHandler,
): Session | undefined {
  if (traces?.on !== true) return undefined;
  const peer = {
    traces,
    role: 'client' as const,
    isReversed,
    subject: { connection: traces.numberOf(socket), backend },
    names: `dst=${placeText(socket.remote)}`,
  };
  return new TracedHttp2Session(peer, settings.session, handler);
}
