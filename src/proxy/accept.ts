/**
 * A connection came in. Before a session serves it:
 *
 *   tcp-request connection rules ─▶ PROXY protocol header ─▶ tcp-request session rules ─▶ HTTP or TCP session
 */
import type { Cause } from '../base/failure.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import type { ProxyHeader } from '../net/proxy-protocol/header.ts';
import { parseProxyHeader } from '../net/proxy-protocol/parse.ts';
import { silenceClose } from '../net/socket-options.ts';
import { Timer } from '../net/timer-wheel.ts';
import type { CompiledRuleset } from '../rules/ruleset.ts';
import { ACCEPT, CONTINUE, SILENT_DROP } from '../rules/verdict.ts';
import { FIELD } from '../state/counter-fields.ts';
import { ClientConnectionFacts } from './client-facts.ts';
import { HttpSession } from './http-session.ts';
import { Inbox } from './inbox.ts';
import type { DataThread, ListenerRuntime } from './runtime.ts';
import { TcpSession } from './tcp-session.ts';
import { Transaction } from './transaction.ts';

const HEADER_TIMEOUT_MS = 5000;

export function serveConnection(thread: DataThread, listener: ListenerRuntime, connection: Connection): void {
  const date = Date.now();
  const transaction = new Transaction(thread, listener, new ClientConnectionFacts(connection, date));
  transaction.timers.accept(thread.wheel.now, date);
  new Admission(thread, listener, connection, transaction).start();
}

class Admission implements ConnectionHandler {
  readonly #thread: DataThread;
  readonly #listener: ListenerRuntime;
  readonly #connection: Connection;
  readonly #transaction: Transaction;
  readonly #inbox = new Inbox();
  readonly #timer = new Timer(() => this.#refuse());

  constructor(
    thread: DataThread,
    listener: ListenerRuntime,
    connection: Connection,
    transaction: Transaction,
  ) {
    this.#thread = thread;
    this.#listener = listener;
    this.#connection = connection;
    this.#transaction = transaction;
  }

  start(): void {
    const { rules } = this.#listener.frontend;
    if (!this.#allows(rules.tcpRequestConnection, FIELD.dcon)) return;
    if (!this.#listener.config.acceptProxy && !this.#transaction.proxyProtocolExpected) return this.#admit();
    this.#connection.handler = this;
    this.#thread.wheel.set(this.#timer, this.#listener.frontend.config.timeouts.client || HEADER_TIMEOUT_MS);
    this.#connection.receive();
  }

  #allows(ruleset: CompiledRuleset, denied: number): boolean {
    if (ruleset.empty) return true;
    const verdict = ruleset.run(this.#transaction);
    if (verdict === CONTINUE || verdict === ACCEPT) return true;
    const { counters } = this.#thread.state;
    counters.add(counters.frontend(this.#listener.frontend.row), denied, 1);
    if (verdict === SILENT_DROP) silenceClose(this.#connection.fd, this.#connection.remote.family);
    this.#refuse();
    return false;
  }

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    const inbox = this.#inbox;
    inbox.add(buffer, offset, length);
    const parsed = parseProxyHeader(inbox.buffer, inbox.start, inbox.end);
    if (parsed.kind === 'invalid') return this.#refuse();
    if (parsed.kind === 'incomplete') {
      inbox.detach();
      return this.#connection.receive();
    }
    inbox.consume(parsed.length);
    this.#believe(parsed.header);
    this.#admit();
  }

  #believe({ source, destination, tlvs }: ProxyHeader): void {
    const { client } = this.#transaction;
    if (source !== undefined) client.source = source;
    if (destination !== undefined) client.destination = destination;
    const tlv = (type: number): string | undefined =>
      tlvs.find(one => one.type === type)?.value.toString('latin1');
    client.proxyProtocol = { authority: tlv(2), uniqueId: tlv(5), tlv };
  }

  #admit(): void {
    this.#thread.wheel.remove(this.#timer);
    if (!this.#allows(this.#listener.frontend.rules.tcpRequestSession, FIELD.dses)) return;
    const isHttp = this.#listener.frontend.config.mode === 'http';
    const Session = isHttp ? HttpSession : TcpSession;
    new Session(this.#thread, this.#listener, this.#connection, this.#transaction).start(this.#inbox);
  }

  #refuse(): void {
    this.#thread.wheel.remove(this.#timer);
    this.#connection.close();
    this.#listener.closed();
  }

  onEnd(): void {
    this.#refuse();
  }
  onFailed(_connection: Connection, _cause: Cause): void {
    this.#refuse();
  }
  onSent(): void {}
  onConnected(): void {}
}
