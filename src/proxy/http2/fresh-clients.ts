/** Requests whose head has just come, in their order, until they are started: each leads to the next. */
import type { Http2Client } from './client.ts';

export class FreshClients {
  #first: Http2Client | undefined;
  #last: Http2Client | undefined;

  add(client: Http2Client): void {
    if (this.#first === undefined) this.#first = client;
    else (this.#last as Http2Client).next = client;
    this.#last = client;
  }

  take(): Http2Client | undefined {
    const client = this.#first;
    if (client === undefined) return undefined;
    this.#first = client.next;
    client.next = undefined;
    return client;
  }
}
