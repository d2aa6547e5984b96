/** 101, or 2xx to CONNECT: from here on both sides of an exchange are just bytes. */
import type { ByteCounters } from '../../acl/context.ts';
import type { Connection } from '../../net/connection.ts';
import { Relay, type RelayResult } from '../../net/relay.ts';
import type { Slice } from '../../net/relay-side.ts';
import type { StreamClient } from '../client/stream-client.ts';
import type { Inbox } from '../client/inbox.ts';
import { independentStreams, relayTimeouts } from './relay-timeouts.ts';
import type { ServerHalf } from '../server/server-half.ts';
import type { DataThread } from '../runtime/runtime.ts';
import type { Transaction } from '../transaction.ts';

interface TunnelEnds {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly session: StreamClient;
  readonly server: ServerHalf;
}

export class Tunnel {
  readonly #transaction: Transaction;
  readonly #relay: Relay;
  /** When it began. */
  readonly #before: ByteCounters;

  /** `done` is called once, when both directions are over; bytes and termination are noted by then. */
  constructor({ thread, transaction, session, server }: TunnelEnds, done: () => void) {
    this.#transaction = transaction;
    session.clearTimer();
    server.clearTimer();
    const early = { fromClient: sliceOf(session.inbox), fromServer: sliceOf(server.inbox) };
    // counted when they came; the relay counts them too
    transaction.bytes.fromServer -= server.inbox.length;
    this.#before = { ...transaction.bytes };
    const frontend = session.listener.frontend;
    this.#relay = new Relay(
      thread.wheel,
      session.connection,
      server.connection as Connection,
      relayTimeouts(transaction),
      result => {
        this.#ended(result);
        done();
      },
      {
        ...early,
        independentStreams: independentStreams(frontend, transaction.backendRuntime),
      },
    );
  }

  start(): void {
    this.#relay.start();
  }

  get timers(): Relay['timers'] {
    return this.#relay.timers;
  }

  /** Tells the transaction what has passed so far. */
  noteBytes(): void {
    const { bytes } = this.#transaction;
    const { bytesFromClient, bytesFromServer } = this.#relay;
    const before = this.#before;
    bytes.fromClient = before.fromClient + bytesFromClient;
    bytes.toServer = before.toServer + bytesFromClient;
    bytes.fromServer = before.fromServer + bytesFromServer;
    bytes.toClient = before.toClient + bytesFromServer;
  }

  /** From outside: `done` is not called. */
  stop(): void {
    this.noteBytes();
    this.#relay.stop();
  }

  #ended({ failure }: RelayResult): void {
    this.noteBytes();
    if (failure !== undefined) this.#transaction.termination.fail(failure.side, failure.cause, 'D');
  }
}

function sliceOf(inbox: Inbox): Slice | undefined {
  return inbox.length === 0 ? undefined : { buffer: inbox.buffer, offset: inbox.start, length: inbox.length };
}
