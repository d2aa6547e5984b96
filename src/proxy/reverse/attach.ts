/**
 * `attach-srv` (manual, section 4.4): a client's connection is one of a server's from now on. It leaves its frontend when the
 * server has said its SETTINGS, or fails to in the time that clients have for a request.
 */
import type { Connection } from '../../net/connection.ts';
import { Timer } from '../../net/timer-wheel.ts';
import type { Attachment, ClientConnectionFacts } from '../client/client-facts.ts';
import { hangUp } from '../client/hang-up.ts';
import type { Http2ServerLink } from '../http2/server-link.ts';
import type { Inbox } from '../client/inbox.ts';
import type { DataThread, ListenerRuntime } from '../runtime/runtime.ts';
import type { Attaching } from './attached-links.ts';

export function attachToServer(
  thread: DataThread,
  listener: ListenerRuntime,
  facts: ClientConnectionFacts,
  attachment: Attachment,
  received: Inbox,
): void {
  const { backend, server, name } = attachment;
  const links = listener.frontend.serverNamed(backend, server)?.attached;
  const visit = new Visit(thread, listener, facts);
  if (links === undefined) visit.refuse(facts.connection);
  else visit.begin(links.begin(facts.connection, name, received, visit));
}

/** Its time as a client. */
class Visit implements Attaching {
  readonly #thread: DataThread;
  readonly #listener: ListenerRuntime;
  readonly #facts: ClientConnectionFacts;
  readonly #timer = new Timer(() => this.#link?.close());
  #link: Http2ServerLink | undefined;
  #isOver = false;

  constructor(thread: DataThread, listener: ListenerRuntime, facts: ClientConnectionFacts) {
    this.#thread = thread;
    this.#listener = listener;
    this.#facts = facts;
  }

  begin(link: Http2ServerLink): void {
    const { httpRequest, client } = this.#listener.frontend.config.timeouts;
    if (this.#isOver) return;
    this.#link = link;
    this.#thread.wheel.set(this.#timer, httpRequest || client);
  }

  over(): void {
    this.#isOver = true;
    this.#thread.wheel.remove(this.#timer);
    this.#facts.end();
    this.#listener.closed();
  }

  /** The server was removed meanwhile. */
  refuse(connection: Connection): void {
    hangUp(connection);
    this.over();
  }
}
