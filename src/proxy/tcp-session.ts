/**
 * One client connection in `mode tcp`: a server is dialed, then bytes are relayed both ways until both sides are
 * done. Content rules look at the first bytes before a backend is chosen.
 */
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import type { Cause } from '../base/failure.ts';
import { Relay, type RelayResult } from '../net/relay.ts';
import { ClientConnectionFacts } from './client-facts.ts';
import { Dialer, type DialFailure, type Stream } from './dialer.ts';
import { relayTimeouts } from './relay-timeouts.ts';
import type { DataThread, ListenerRuntime } from './runtime.ts';
import { Transaction } from './transaction.ts';

export class TcpSession implements Stream {
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly #listener: ListenerRuntime;
  readonly #client: Connection;
  readonly #dialer: Dialer;
  readonly #waiting: ConnectionHandler;
  #over = false;

  constructor(thread: DataThread, listener: ListenerRuntime, client: Connection) {
    this.thread = thread;
    this.#listener = listener;
    this.#client = client;
    const date = Date.now();
    this.transaction = new Transaction(thread, listener, new ClientConnectionFacts(client, date));
    this.transaction.timers.accept(thread.wheel.now, date);
    this.#dialer = new Dialer(thread, this);
    this.#waiting = new WaitingClient(this);
    client.handler = this.#waiting;
  }

  start(): void {
    const { transaction } = this;
    const now = this.thread.wheel.now;
    transaction.timers.firstByteAt = now;
    transaction.timers.headReadAt = now;
    const backend = this.#listener.frontend.chooseBackend(transaction);
    if (backend === undefined) return this.#failed('S', 'C');
    transaction.backendRuntime = backend;
    this.#dialer.start(backend);
  }

  get serverHandler(): ConnectionHandler {
    return this.#waiting;
  }

  reusable(): 'none' {
    return 'none';
  }

  onDialed(server: Connection): void {
    const { transaction } = this;
    transaction.serverConnection = server;
    transaction.timers.connectedAt = this.thread.wheel.now;
    transaction.timers.responseHeadAt = this.thread.wheel.now;
    new Relay(this.thread.wheel, this.#client, server, relayTimeouts(transaction), result =>
      this.#relayed(result),
    ).start();
  }

  onDialFailed(failure: DialFailure): void {
    const late = failure === 'connect-timeout' || failure === 'queue-timeout';
    this.#failed(failure === 'resource' ? 'R' : late ? 's' : 'S', failure === 'queue-timeout' ? 'Q' : 'C');
  }

  clientGone(cause: Cause): void {
    this.transaction.termination.fail('client', cause, this.#dialer.queued ? 'Q' : 'C');
    this.#end();
  }

  #relayed(result: RelayResult): void {
    const { bytes, termination } = this.transaction;
    bytes.fromClient = bytes.toServer = result.bytesFromClient;
    bytes.fromServer = bytes.toClient = result.bytesFromServer;
    if (result.failure !== undefined) termination.fail(result.failure.side, result.failure.cause, 'D');
    this.#end();
  }

  #failed(letter: string, phase: 'Q' | 'C'): void {
    this.transaction.termination.set(letter, phase);
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#dialer.release();
    this.#client.close();
    this.transaction.serverConnection?.close();
    this.transaction.finish();
    this.#listener.closed();
  }
}

/** The client while a server is being dialed: nothing is read, so only its death is noticed. */
class WaitingClient implements ConnectionHandler {
  readonly #session: TcpSession;

  constructor(session: TcpSession) {
    this.#session = session;
  }
  onFailed(_connection: Connection, cause: Cause): void {
    this.#session.clientGone(cause);
  }
  onConnected(): void {}
  onReceived(): void {}
  onEnd(): void {}
  onSent(): void {}
}
