/** 101, or 2xx to CONNECT: from here on both sides of an exchange are just bytes. */
import type { Connection } from '../net/connection.ts';
import { Relay, type RelayResult } from '../net/relay.ts';
import type { Slice } from '../net/relay-side.ts';
import type { StreamClient } from './stream-client.ts';
import type { Inbox } from './inbox.ts';
import { independentStreams, relayTimeouts } from './relay-timeouts.ts';
import type { ServerHalf } from './server-half.ts';
import type { BackendRuntime, DataThread } from './runtime.ts';
import type { Transaction } from './transaction.ts';

interface TunnelEnds {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly session: StreamClient;
  readonly server: ServerHalf;
}

/** `done` is called once, when both directions are over; bytes and termination are noted by then. */
export function startTunnel({ thread, transaction, session, server }: TunnelEnds, done: () => void): Relay {
  session.clearTimer();
  server.clearTimer();
  const early = { fromClient: sliceOf(session.inbox), fromServer: sliceOf(server.inbox) };
  // counted when they came; the relay counts them too
  transaction.bytes.fromServer -= server.inbox.length;
  const ended = (result: RelayResult): void => {
    note(transaction, result);
    done();
  };
  const relay = new Relay(
    thread.wheel,
    session.connection,
    server.connection as Connection,
    relayTimeouts(transaction),
    ended,
    {
      ...early,
      independentStreams: independentStreams(
        session.listener.frontend,
        transaction.backendRuntime as BackendRuntime,
      ),
    },
  );
  relay.start();
  return relay;
}

function note({ bytes, termination }: Transaction, result: RelayResult): void {
  bytes.fromClient += result.bytesFromClient;
  bytes.toServer += result.bytesFromClient;
  bytes.fromServer += result.bytesFromServer;
  bytes.toClient += result.bytesFromServer;
  if (result.failure !== undefined) termination.fail(result.failure.side, result.failure.cause, 'D');
}

function sliceOf(inbox: Inbox): Slice | undefined {
  return inbox.length === 0 ? undefined : { buffer: inbox.buffer, offset: inbox.start, length: inbox.length };
}
