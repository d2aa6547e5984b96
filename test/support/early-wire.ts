/** A client of early data at one end of a socket. */
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { EarlyClient, type EarlyWishes } from './early-client.ts';
import { until } from './until.ts';

/** What comes stays here until the client is shown it. */
export class EarlyWire {
  readonly socket: Socket;
  #inbox = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = new Socket().connect(port, '127.0.0.1').on('error', () => undefined);
    this.socket.on('data', (chunk: Buffer) => (this.#inbox = Buffer.concat([this.#inbox, chunk])));
  }

  /** All that has come since; not before something has. */
  async next(): Promise<Buffer> {
    await until('bytes, or the end', () => this.#inbox.length > 0 || this.socket.closed);
    return this.taken();
  }

  /** The same, without a wait. */
  taken(): Buffer {
    const bytes = this.#inbox;
    this.#inbox = Buffer.alloc(0);
    return bytes;
  }
}

/** Shows a client what comes, and sends what it says, until it has read that much. */
export async function converse(
  client: EarlyClient,
  wire: EarlyWire,
  isEnough: (received: string) => boolean,
): Promise<void> {
  while (!isEnough(client.received.toString('latin1'))) {
    assert.ok(!client.hasFailed && !wire.socket.closed, client.received.toString('latin1'));
    const answer = client.take(await wire.next());
    if (answer.length > 0) wire.socket.write(answer);
  }
}

/** Until that is all it has read. */
export async function talk(client: EarlyClient, wire: EarlyWire, wanted: string): Promise<void> {
  await converse(client, wire, received => {
    assert.ok(wanted.startsWith(received), received);
    return received === wanted;
  });
}

/** Of a full handshake. */
export async function earlySession(port: number, wishes: EarlyWishes): Promise<Buffer> {
  const [client, wire] = [new EarlyClient(wishes), new EarlyWire(port)];
  wire.socket.write(client.begin());
  await converse(client, wire, () => client.session() !== undefined);
  wire.socket.destroy();
  const session = client.session();
  client.free();
  assert.ok(session !== undefined);
  return session;
}
