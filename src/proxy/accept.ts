/**
 * A connection came in. Before a session serves it:
 *
 *   tcp-request connection rules ─▶ PROXY protocol header ─▶ TLS handshake ─▶ tcp-request session rules
 *     ─▶ HTTP or TCP session
 */
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import {
  type HeaderFailure,
  type HeaderFailures,
  NETSCALER_FAILURES,
  PROXY_FAILURES,
} from '../net/proxy-protocol/header-failure.ts';
import { isKnownNamespace } from '../net/network-namespace.ts';
import { TLV_NETNS, type ParsedHeader, type ProxyHeader } from '../net/proxy-protocol/header.ts';
import { parseNetscalerCip } from '../net/proxy-protocol/netscaler-cip.ts';
import { parseProxyHeader } from '../net/proxy-protocol/parse.ts';
import { silenceClose } from '../net/socket-options.ts';
import { type HandshakeFailure, isSilent } from '../net/tls/handshake-failure.ts';
import type { TlsListener } from '../net/tls/tls-listener.ts';
import { Timer } from '../net/timer-wheel.ts';
import type { CompiledRuleset } from '../rules/ruleset.ts';
import { ACCEPT, CONTINUE, SILENT_DROP } from '../rules/verdict.ts';
import { FIELD } from '../state/counter-fields.ts';
import { countForAll } from '../state/stick-table/tracked-counters.ts';
import { countSession, countTcpStream } from './accounts/accounting.ts';
import { isGone } from './client/client-address.ts';
import { ClientConnectionFacts } from './client/client-facts.ts';
import { ClientHandshake } from './client/client-handshake.ts';
import { hangUp } from './client/hang-up.ts';
import { beginHttp2 } from './http2/begin-http2.ts';
import { HttpSession } from './http-session.ts';
import { Inbox } from './client/inbox.ts';
import type { DataThread, ListenerRuntime } from './runtime/runtime.ts';
import { StreamPool } from './stream-pool.ts';
import { TracedClientFacts } from './traced/client-facts.ts';
import { TracedTcpSession } from './traced/tcp-session.ts';
import { TcpSession } from './tcp/tcp-session.ts';
import { Transaction } from './transaction.ts';

const HEADER_TIMEOUT_MS = 5000;

/** Serves what the listeners of one thread accept. */
export class Reception {
  readonly #thread: DataThread;
  readonly #streams: StreamPool;

  constructor(thread: DataThread) {
    this.#thread = thread;
    this.#streams = new StreamPool(thread);
  }

  serve(listener: ListenerRuntime, connection: Connection): void {
    if (listener.frontend.looksAtClients && isGone(connection)) {
      connection.close();
      return listener.closed();
    }
    const facts = this.#factsOf(listener, connection);
    facts.variableMemory = this.#thread.variableRoom?.ofSession();
    facts.namespace = listener.config.namespace;
    if (connection.tls !== undefined) facts.secured(connection, connection.tls);
    if (isOpenToAll(listener)) {
      listener.admitted();
      startSession(this.#streams, listener, facts);
    } else new Admission(this.#streams, listener, facts).start();
  }

  #factsOf(listener: ListenerRuntime, connection: Connection): ClientConnectionFacts {
    const { wheel, timeOfDay, traces } = this.#thread;
    if (traces.on) return new TracedClientFacts(traces, listener, connection, wheel.now);
    return new ClientConnectionFacts(connection, timeOfDay(), wheel.now);
  }
}

/** No rule and no header stands between a connection and its session: the usual case. */
function isOpenToAll({ config, frontend: { rules } }: ListenerRuntime): boolean {
  return (
    !config.acceptProxy &&
    config.ssl === undefined &&
    magicOf(config) === undefined &&
    rules.tcpRequestConnection.empty &&
    rules.tcpRequestSession.empty
  );
}

/** `accept-netscaler-cip <magic number>` */
function magicOf({ otherOptions }: ListenerRuntime['config']): number | undefined {
  const [magic] = otherOptions.get('accept-netscaler-cip') ?? [];
  return magic === undefined ? undefined : Number(magic);
}

interface ExpectedHeader {
  readonly parse: (buffer: Buffer, start: number, end: number) => ParsedHeader;
  readonly failures: HeaderFailures;
}

const PROXY_HEADER: ExpectedHeader = { parse: parseProxyHeader, failures: PROXY_FAILURES };

function netscalerHeader(magic: number): ExpectedHeader {
  return {
    parse: (buffer, start, end) => parseNetscalerCip(buffer, start, end, magic),
    failures: NETSCALER_FAILURES,
  };
}

function startSession(
  streams: StreamPool,
  listener: ListenerRuntime,
  facts: ClientConnectionFacts,
  received?: Inbox,
): void {
  const isHttp = listener.frontend.config.mode === 'http';
  const { state, wheel } = streams.thread;
  const isHttp2 = isHttp && speaksHttp2(listener, facts);
  countSession(state.counters, listener.frontend.row, listener.row, isHttp && !isHttp2, wheel.now);
  facts.beginRequests();
  if (facts.counters !== undefined) countForAll(undefined, facts.counters, 'session', 1);
  if (isHttp2) return beginHttp2(streams, listener, facts, received);
  if (isHttp) return new HttpSession(streams, listener, facts, received).start();
  countTcpStream(state.counters);
  const Session = streams.thread.traces.on ? TracedTcpSession : TcpSession;
  new Session(streams, listener, facts, received).start();
}

/** By `proto h2`, or as the handshake has agreed on (RFC 9113 section 3). */
function speaksHttp2({ config }: ListenerRuntime, { tls }: ClientConnectionFacts): boolean {
  return config.proto === 'h2' || tls?.alpn === 'h2';
}

class Admission implements ConnectionHandler {
  readonly #thread: DataThread;
  readonly #streams: StreamPool;
  readonly #listener: ListenerRuntime;
  /** Another one after the handshake. */
  #connection: Connection;
  #handshake: ClientHandshake | undefined;
  readonly #facts: ClientConnectionFacts;
  /** What its rules work on. */
  readonly #transaction: Transaction;
  readonly #inbox = new Inbox();
  /** Headers still to come, in their order. */
  #expected: ExpectedHeader[] = [];
  readonly #timer = new Timer(() => this.#expired());

  constructor(streams: StreamPool, listener: ListenerRuntime, facts: ClientConnectionFacts) {
    this.#thread = streams.thread;
    this.#streams = streams;
    this.#listener = listener;
    this.#connection = facts.connection;
    this.#facts = facts;
    this.#transaction = new Transaction(streams.thread);
    this.#transaction.begin(listener, facts);
    // all that can be said of a connection that becomes no session
    this.#transaction.termination.set('P', 'R');
  }

  start(): void {
    const { rules } = this.#listener.frontend;
    if (!this.#allows(rules.tcpRequestConnection, FIELD.dcon)) return;
    this.#listener.admitted();
    this.#facts.beginSession();
    this.#expected = this.#headersAhead();
    if (this.#expected.length === 0) return this.#proceed();
    this.#connection.handler = this;
    this.#thread.wheel.set(this.#timer, this.#timeoutMs() || HEADER_TIMEOUT_MS);
    this.#receive();
  }

  /** `timeout client-hs`; 0: none. */
  #timeoutMs(): number {
    const { clientHs, client } = this.#listener.frontend.config.timeouts;
    return clientHs || client;
  }

  /** A connection that will be handed over must not be read ahead. */
  #receive(): void {
    this.#connection.receive(true);
  }

  #allows(ruleset: CompiledRuleset, denied: number): boolean {
    if (ruleset.empty) return true;
    const verdict = ruleset.run(this.#transaction);
    if (verdict === CONTINUE || verdict === ACCEPT) return true;
    const { counters } = this.#thread.state;
    const field = verdict === SILENT_DROP ? FIELD.dreq : denied;
    counters.add(counters.frontend(this.#listener.frontend.row), field, 1);
    counters.add(counters.listener(this.#listener.row), field, 1);
    if (verdict === SILENT_DROP) {
      const { fd, remote } = this.#connection;
      silenceClose(fd, remote.family, this.#transaction.rstTtl);
      this.#connection.close();
    } else if (denied === FIELD.dcon) this.#connection.reset();
    this.#refuse();
    return false;
  }

  onReceived(_connection: Connection, buffer: Buffer, offset: number, length: number): void {
    const inbox = this.#inbox;
    inbox.add(buffer, offset, length);
    for (let next = this.#expected[0]; next !== undefined; next = this.#expected[0]) {
      const parsed = next.parse(inbox.buffer, inbox.start, inbox.end);
      if (parsed.kind === 'invalid') return this.#refuseHeader(next.failures.faults[parsed.fault]);
      if (parsed.kind === 'incomplete') {
        inbox.detach();
        return this.#receive();
      }
      inbox.consume(parsed.length);
      this.#believe(parsed.header, next === PROXY_HEADER);
      this.#expected.shift();
    }
    this.#proceed();
  }

  /** What the `bind` line or rules say comes before the first byte. */
  #headersAhead(): ExpectedHeader[] {
    const { proxyProtocolExpected, netscalerCipExpected } = this.#transaction;
    const { config } = this.#listener;
    const said = magicOf(config);
    const magic = said ?? (netscalerCipExpected ? 0 : undefined);
    return [
      ...(config.acceptProxy || proxyProtocolExpected ? [PROXY_HEADER] : []),
      ...(magic === undefined ? [] : [netscalerHeader(magic)]),
    ];
  }

  #believe({ source, destination, tlvs }: ProxyHeader, isProxyProtocol: boolean): void {
    const client = this.#facts;
    if (source !== undefined) client.source = source;
    if (destination !== undefined) client.destination = destination;
    if (!isProxyProtocol) return;
    const tlv = (type: number): string | undefined =>
      tlvs.find(one => one.type === type)?.value.toString('latin1');
    client.proxyProtocol = { authority: tlv(2), uniqueId: tlv(5), tlv };
    const namespace = tlv(TLV_NETNS);
    if (namespace !== undefined && isKnownNamespace(namespace)) client.namespace = namespace;
  }

  #proceed(): void {
    const { config, tls } = this.#listener;
    if (config.ssl === undefined) return this.#admit();
    if (tls !== undefined && this.#connection.handOver !== undefined) return this.#shakeHands(tls);
    // nobody is at the other end (lb explain)
    this.#facts.secured(this.#connection, undefined);
    this.#admit();
  }

  /** The time for headers is part of the time for the handshake. */
  #shakeHands(tls: TlsListener): void {
    const timeoutMs = this.#timeoutMs();
    if (timeoutMs > 0 && this.#connection.handler !== this) this.#thread.wheel.set(this.#timer, timeoutMs);
    this.#handshake = new ClientHandshake(this.#thread, this.#listener, tls, this.#facts, this);
    this.#handshake.start(this.#inbox);
  }

  secured(connection: Connection): void {
    this.#handshake = undefined;
    this.#connection = connection;
    connection.handler = this;
    this.#admit();
  }

  refused(failure: HandshakeFailure): void {
    this.#handshake = undefined;
    const text = failure.detail === undefined ? failure.text : `${failure.text} (${failure.detail})`;
    this.#logRefused(text, isSilent(failure));
    this.#refuse();
  }

  /** The header that was waited for did not come. */
  #refuseHeader(failure: HeaderFailure | undefined): void {
    const failures = this.#expected[0]?.failures;
    if (failure === undefined || failures === undefined) return this.#refuse();
    this.#facts.error = failure;
    const { closed, aborted, timedOut } = failures;
    this.#logRefused(failure.text, [closed, aborted, timedOut].includes(failure));
    this.#refuse();
  }

  #logRefused(text: string, isSilent: boolean): void {
    this.#transaction.timers.refused(this.#thread.wheel.now);
    this.#listener.frontend.logRefused(this.#transaction, { text, isSilent });
  }

  #expired(): void {
    if (this.#handshake === undefined) this.#refuseHeader(this.#expected[0]?.failures.timedOut);
    else this.#handshake.expired();
  }

  #admit(): void {
    this.#thread.wheel.remove(this.#timer);
    if (!this.#allows(this.#listener.frontend.rules.tcpRequestSession, FIELD.dses)) return;
    startSession(this.#streams, this.#listener, this.#facts, this.#inbox);
  }

  #refuse(): void {
    this.#thread.wheel.remove(this.#timer);
    hangUp(this.#connection);
    this.#facts.end();
    this.#listener.closed();
  }

  onEnd(): void {
    const failures = this.#expected[0]?.failures;
    this.#refuseHeader(this.#inbox.length > 0 ? failures?.truncated : failures?.closed);
  }
  onFailed(): void {
    this.#refuseHeader(this.#expected[0]?.failures.aborted);
  }
  onSent(): void {}
  onConnected(): void {}
}
