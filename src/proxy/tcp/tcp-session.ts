/**
 * One client connection in `mode tcp`: a server is dialed, then bytes are relayed both ways until both sides are
 * done. Content rules look at the first bytes before a backend is chosen (content-inspection.ts).
 */
import type { Throttle } from '../../net/throttle.ts';
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import type { Cause } from '../../base/failure.ts';
import type { Proxy } from '../../model/proxy.ts';
import { silenceClose } from '../../net/socket-options.ts';
import { TICK_MS, Timer } from '../../net/timer-wheel.ts';
import type { PlacedFilter } from '../../rules/script-filter.ts';
import type { CompiledRuleset } from '../../rules/ruleset.ts';
import { ACCEPT, CONTINUE, SERVICE, SILENT_DROP, SWITCH_TO_HTTP, type Verdict } from '../../rules/verdict.ts';
import { Relay, type RelayResult } from '../../net/relay.ts';
import type { RelayFilter } from '../../net/relay-side.ts';
import type { ClientConnectionFacts } from '../client/client-facts.ts';
import { breakOff } from '../client/broken-off.ts';
import { ContentInspection, type InspectionOwner } from './content-inspection.ts';
import { phaseOf, type DialFailure } from '../server/dial-failure.ts';
import type { Stream } from '../server/dialed-stream.ts';
import { Dialer } from '../server/dialer.ts';
import { hangUp } from '../client/hang-up.ts';
import { HttpSession } from '../http-session.ts';
import { beginHttp2 } from '../http2/begin-http2.ts';
import { Inbox } from '../client/inbox.ts';
import { InboxRequest } from './raw-request.ts';
import type { StreamFacts } from '../../model/stream-facts.ts';
import type { LiveStream } from '../live-streams.ts';
import { describeStream, tcpWaits } from '../stream-facts.ts';
import { noteRefusedRequest, noteRefusedResponse } from './refused-content.ts';
import { independentStreams, relayTimeouts } from './relay-timeouts.ts';
import { ResponseGate, type ResponseGateOwner } from './response-gate.ts';
import type { BackendRuntime, DataThread, ListenerRuntime } from '../runtime/runtime.ts';
import { ServiceConnection } from '../services/service-connection.ts';
import type { ServiceWire } from '../../rules/service-wire.ts';
import type { ShutdownLetter } from '../server/server-streams.ts';
import type { StreamPool } from '../stream-pool.ts';
import { TcpFilters } from '../filters/tcp-filters.ts';
import { Transaction } from '../transaction.ts';
import { UnrelayedClient } from '../client/unrelayed-client.ts';

export class TcpSession implements Stream, LiveStream, InspectionOwner, ResponseGateOwner {
  place = -1;
  number = 0;
  readonly thread: DataThread;
  readonly transaction: Transaction;
  readonly #streams: StreamPool;
  readonly #listener: ListenerRuntime;
  readonly #client: Connection;
  readonly #dialer: Dialer;
  readonly #waiting: ConnectionHandler;
  /** Where there are rules. */
  #inspection: ContentInspection | undefined;
  readonly inbox: Inbox;
  clientEnded = false;
  #relay: Relay | undefined;
  #gate: ResponseGate | undefined;
  /** Made when a proxy has some. */
  #filters: TcpFilters | undefined;
  /** `stick` rules know the server. */
  #stored = false;
  #over = false;

  /** `received`: what came behind a PROXY protocol header. */
  constructor(
    streams: StreamPool,
    listener: ListenerRuntime,
    facts: ClientConnectionFacts,
    received: Inbox | undefined,
  ) {
    this.thread = streams.thread;
    this.#streams = streams;
    this.#listener = listener;
    this.#client = facts.connection;
    this.inbox = received ?? new Inbox();
    facts.readyAt = streams.thread.wheel.now;
    this.transaction = new Transaction(streams.thread);
    this.transaction.begin(listener, facts);
    this.transaction.takeNumber();
    this.transaction.rawRequest = new InboxRequest(this.inbox, listener.frontend.limits);
    this.#dialer = new Dialer(this.thread, this);
    this.#waiting = new UnrelayedClient(this);
    this.#client.handler = this.#waiting;
  }

  start(): void {
    const { transaction } = this;
    transaction.timers.firstByteAt = this.thread.wheel.now;
    this.thread.liveStreams.add(this);
    this.#listener.frontend.logStart(transaction);
    transaction.logStep('accept');
    if (!this.#joinFilters(this.#listener.frontend.rules.filters)) return this.filterFailed();
    const { rules, config } = this.#listener.frontend;
    this.#inspect(rules.tcpRequestContent, config, rules.backendSwitch.readsRequest);
  }

  #joinFilters(filters: readonly PlacedFilter[]): boolean {
    return filters.length === 0 || (this.#filters ??= new TcpFilters(this)).join(filters);
  }

  filterFailed(): void {
    const { transaction } = this;
    transaction.termination.set('P', this.#relay === undefined ? 'R' : 'D');
    this.#relay?.stop();
    if (this.#relay !== undefined) this.#noteBytes(this.#relay);
    this.#end();
  }

  // ── content rules look at the first bytes ──

  /** `looks`: what comes behind the rules asks what the client says. */
  #inspect(ruleset: CompiledRuleset, proxy: Proxy, looks: boolean): void {
    if (ruleset.empty && !looks) return this.#inspected();
    (this.#inspection ??= new ContentInspection(this)).start(ruleset, proxy, looks);
  }

  inspectionEnds(verdict: Verdict): void {
    const { transaction } = this;
    if (verdict === CONTINUE || verdict === ACCEPT) return this.#inspected();
    if (verdict === SWITCH_TO_HTTP) return this.#becomeHttp(undefined);
    if (verdict === SERVICE && transaction.scriptService !== undefined)
      return this.#serve(transaction.scriptService);
    if (verdict === SILENT_DROP) this.#silence();
    noteRefusedRequest(transaction, verdict);
    this.#end();
  }

  clientStalled(): void {
    const relay = this.#relay;
    if (this.#inspection?.isOn === true) return this.#failed('c', 'R');
    if (relay === undefined || relay.bytesFromClient + relay.bytesFromServer > 0) return;
    if (this.transaction.timeout('tunnel') === 0) relay.clientSilent();
  }

  /** A service of a script plays the server. */
  #serve(begin: (wire: ServiceWire) => void): void {
    const { transaction, thread } = this;
    transaction.timers.headReadAt = transaction.timers.dequeuedAt = thread.wheel.now;
    const connection = new ServiceConnection(this.#waiting, false);
    begin(connection);
    connection.onEnded = () => this.#served();
    this.onDialed(connection);
  }

  /** The service has gone, and nobody reads what the client still says: it is let go when it has everything. */
  #served(): void {
    if (this.#over) return;
    if (this.#client.sending) return this.thread.wheel.set(new Timer(() => this.#served()), TICK_MS);
    this.#relay?.stop();
    this.#end();
  }

  /** Of the frontend's bytes, then of the backend's, if it has rules of its own. */
  #inspected(): void {
    const { transaction } = this;
    const { frontend } = this.#listener;
    const known = transaction.backendRuntime;
    if (known !== undefined) return this.#dial(known);
    const backend = frontend.chooseBackend(transaction);
    if (backend === undefined) return this.#failed('S', 'C');
    if (backend.config.mode === 'http') return this.#becomeHttp(backend);
    transaction.useBackend(backend);
    if (backend.config === frontend.config) return this.#dial(backend);
    if (this.#joinFilters(backend.rules.filters))
      this.#inspect(backend.rules.tcpRequestContent, backend.config, false);
    else this.filterFailed();
  }

  #dial(backend: BackendRuntime): void {
    // what rules have waited for counts as time in queues
    const { timers } = this.transaction;
    timers.headReadAt = timers.firstByteAt;
    this.#dialer.start(backend);
    if (this.#dialer.queued) this.watch();
  }

  /** A client that leaves while it is queued, or between two tries, is noticed, as far as a buffer reaches. */
  watch(): void {
    if (this.clientEnded) this.#endedUnserved();
    else if (this.inbox.length < this.thread.buffers.size) this.wantBytes();
  }

  /** What it has said may still be wanted, unless `option abortonclose` says otherwise. */
  #endedUnserved(): void {
    if (this.inbox.length === 0 || this.transaction.backendRuntime?.abortOnClose === true)
      this.clientGone('ended');
  }

  wantBytes(): void {
    this.inbox.detach();
    if (!this.#client.receiving) this.#client.receive();
  }

  /** HTTP rules of the frontend, too, see its requests from here on; `proto none` forbids it. */
  #becomeHttp(backend: BackendRuntime | undefined): void {
    if (this.#listener.config.proto === 'none') return this.#failed('P', 'R');
    this.#over = true;
    this.thread.liveStreams.remove(this);
    this.#inspection?.stop();
    this.#filters?.end();
    const { transaction } = this;
    if (transaction.switchProto === 'h2')
      return beginHttp2(this.#streams, this.#listener, transaction.client, this.inbox);
    new HttpSession(this.#streams, this.#listener, transaction.client, this.inbox, {
      transaction,
      backend,
    }).start();
  }

  received(buffer: Buffer, offset: number, length: number): void {
    this.transaction.bytes.fromClient += length;
    this.inbox.add(buffer, offset, length);
    this.#inspection?.received();
    if (this.#dialer.queued) this.watch();
  }

  clientHalfClosed(): void {
    this.clientEnded = true;
    this.#inspection?.again();
    if (this.#dialer.waiting) this.#endedUnserved();
  }

  get serverHandler(): ConnectionHandler {
    return this.#waiting;
  }

  answeredFor(): false {
    return false;
  }

  takeIdle(): undefined {}

  readonly wantsWebsocket = false;

  travelOn(_server: unknown, connection: Connection): Connection {
    return connection;
  }

  preferredServer(): undefined {}

  onDialed(server: Connection): void {
    const { backendRuntime: backend } = this.transaction;
    this.#noteConnected(server);
    if (this.#filters?.connected() === false) return this.filterFailed();
    this.#gate = backend && ResponseGate.for(this, backend, this.#listener.frontend);
    if (this.#gate === undefined) this.responseAccepted();
    const ofClient = this.#filters?.open('client');
    const ofServer = this.#filters?.open('server');
    const first = this.#firstBytes(ofClient);
    if (this.#over) return;
    const relay = this.#relayTo(server, first, ofClient, ofServer);
    this.#relay = relay;
    if (this.#filters !== undefined) this.#filters.relay = relay;
    relay.start();
  }

  #noteConnected(server: Connection): void {
    const { transaction } = this;
    transaction.serverConnection = server;
    transaction.rawRequest = undefined;
    transaction.timers.connectedAt = this.thread.wheel.now;
    transaction.timers.responseHeadAt = this.thread.wheel.now;
    transaction.logEarly();
    transaction.responseBegins();
    transaction.logStep('connect');
  }

  /** What has come of the client so far, as its filter leaves it. */
  #firstBytes(filter: RelayFilter | undefined): Buffer {
    const { inbox } = this;
    return filter?.take(inbox.copy(), false) ?? inbox.buffer.subarray(inbox.start, inbox.end);
  }

  #relayTo(
    server: Connection,
    first: Buffer,
    ofClient: RelayFilter | undefined,
    ofServer: RelayFilter | undefined,
  ): Relay {
    const { wheel } = this.thread;
    const timeouts = relayTimeouts(this.transaction);
    return new Relay(wheel, this.#client, server, timeouts, result => this.#relayed(result), {
      fromClient: first.length === 0 ? undefined : { buffer: first, offset: 0, length: first.length },
      gate: this.#gate,
      ofClient,
      ofServer,
      independentStreams: independentStreams(this.#listener.frontend, this.transaction.backendRuntime),
      toServer: () => this.#throttles('in'),
      toClient: () => this.#throttles('out'),
    });
  }

  #throttles(direction: 'in' | 'out'): readonly Throttle[] {
    return this.transaction.throttles(direction, this.thread.wheel).map(({ throttle }) => throttle);
  }

  responseAccepted(): void {
    const { transaction } = this;
    const { serverRuntime, backendRuntime } = transaction;
    if (serverRuntime === undefined || this.#stored) return;
    this.#stored = true;
    backendRuntime?.serverAnswers(transaction, serverRuntime);
  }

  inspectAgain(): void {
    this.#relay?.lookAgain();
  }

  #silence(): void {
    const { fd, remote } = this.#client;
    silenceClose(fd, remote.family, this.transaction.rstTtl);
    this.#client.close();
  }

  responseRefused(verdict: Verdict): void {
    if (verdict === SILENT_DROP) this.#silence();
    noteRefusedResponse(this.transaction, verdict);
    this.#relay?.stop();
    if (this.#relay !== undefined) this.#noteBytes(this.#relay);
    this.#end();
  }

  describe(now: number): StreamFacts {
    if (this.#relay !== undefined) this.#noteBytes(this.#relay);
    const waits = tcpWaits(this.#dialer, this.#inspection, this.#gate, this.#relay);
    return describeStream(this.transaction, this.#phase(), now, waits);
  }

  countSoFar(): void {
    if (this.#relay !== undefined) this.#noteBytes(this.#relay);
    this.transaction.countSoFar();
  }

  #phase(): 'R' | 'Q' | 'C' | 'D' {
    if (this.#relay !== undefined) return 'D';
    if (this.#dialer.queued) return 'Q';
    return this.transaction.backendRuntime === undefined ? 'R' : 'C';
  }

  shutdown(letter: ShutdownLetter): void {
    if (this.#over) return;
    const relay = this.#relay;
    this.transaction.termination.set(letter, 'C');
    relay?.stop();
    if (relay !== undefined) this.#noteBytes(relay);
    this.#end();
  }

  onDialFailed(failure: DialFailure): void {
    const late = failure === 'connect-timeout' || failure === 'queue-timeout';
    this.#failed(failure === 'resource' ? 'R' : late ? 's' : 'S', phaseOf(failure));
  }

  clientGone(cause: Cause): void {
    breakOff(this.transaction, 'client', cause, this.#dialer.queued ? 'Q' : 'C');
    this.#end();
  }

  #relayed(result: RelayResult): void {
    this.#noteBytes(result);
    const { failure } = result;
    if (failure !== undefined) breakOff(this.transaction, failure.side, failure.cause, 'D');
    this.#end();
  }

  #noteBytes({
    bytesFromClient,
    bytesFromServer,
  }: Pick<RelayResult, 'bytesFromClient' | 'bytesFromServer'>): void {
    const { bytes } = this.transaction;
    bytes.fromClient = bytes.toServer = bytesFromClient;
    bytes.fromServer = bytes.toClient = bytesFromServer;
  }

  #failed(letter: string, phase: 'R' | 'Q' | 'C'): void {
    this.transaction.termination.set(letter, phase);
    this.#end();
  }

  /** For traces. */
  protected ended(): void {}

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.thread.liveStreams.remove(this);
    this.#inspection?.stop();
    this.#gate?.stop();
    this.#filters?.end();
    // before it is logged: what it waited for and held is over
    this.#dialer.release();
    this.transaction.finish();
    this.ended();
    if (this.#relay === undefined) hangUp(this.#client);
    else this.#client.close();
    this.transaction.serverConnection?.close();
    this.transaction.client.end();
    this.#listener.closed();
  }
}
