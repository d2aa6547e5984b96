/**
 * A stream that tells of the stations of its life. The pool gives one out instead of a plain one while something is
 * traced: those that are served then tell nothing, and cost nothing.
 */
import type { Connection } from '../../net/connection.ts';
import type { Reply } from '../../rules/reply.ts';
import { SERVICE, VERDICT_NAMES, type Verdict } from '../../rules/verdict.ts';
import type { TraceSubject } from '../../traces/source.ts';
import type { TracePoint } from '../../traces/trace-point.ts';
import type { Tracer } from '../../traces/tracer.ts';
import { H2_POINTS } from './http2-points.ts';
import type { DialFailure } from '../server/dial-failure.ts';
import { Http2ServerWire } from '../http2/server-wire.ts';
import { HttpStream } from '../http-stream.ts';
import type { BackendRuntime } from '../runtime/runtime.ts';
import type { ShutdownLetter } from '../server/server-streams.ts';
import type { StreamClient } from '../client/stream-client.ts';
import type { Phase } from '../accounts/termination.ts';
import { contentText, fieldsText, requestLine, statusLine } from './message-text.ts';
import { APPLET, H1, HATERM, STREAM } from './points.ts';
import {
  ADVANCED,
  COMPLETE,
  http2Stream,
  joinParts,
  MINIMAL,
  namesText,
  numbersText,
  SIMPLE,
  subjectOf,
} from './subject.ts';

/** What a line says beside its point, least first. */
interface Facts {
  readonly clean?: string;
  readonly advanced?: () => string;
  readonly complete?: () => string;
}

const NOTHING: Facts = {};

export class TracedHttpStream extends HttpStream {
  #isTold = false;

  override begin(session: StreamClient): void {
    super.begin(session);
    this.#isTold = true;
  }

  // ── the request ──

  override requestStarted(): void {
    this.#stream(STREAM.begins);
    this.#client(H1.begins);
    super.requestStarted();
  }

  override requestArrived(headLength: number): void {
    const facts = this.#requestFacts();
    this.#client(H1.request, facts);
    this.#http2(H2_POINTS.request, facts);
    this.#stream(STREAM.arrived, facts);
    super.requestArrived(headLength);
  }

  override requestBytesArrived(): void {
    const { inbox } = this.session;
    const { start, length } = inbox;
    this.#client(H1.bytes, this.#contentFacts(inbox.buffer, start, length));
    super.requestBytesArrived();
  }

  override requestDecided(verdict: Verdict): void {
    const { traces } = this.thread;
    this.#stream(STREAM.decided, { clean: VERDICT_NAMES[verdict] ?? '' });
    if (verdict === SERVICE) {
      const [tracer, point] = this.frontend.isHaterm
        ? ([traces.of.haterm, HATERM.begins] as const)
        : ([traces.of.applet, APPLET.begins] as const);
      this.#tell(tracer, point, false, { clean: this.#serviceName() });
    }
    super.requestDecided(verdict);
  }

  #serviceName(): string {
    const { statistics, service, scriptService } = this.transaction;
    if (statistics !== undefined) return '<STATS>';
    return service ?? (scriptService === undefined ? requestLine(this.requestHead) : '<lua>');
  }

  override requestAllowed(backend: BackendRuntime): void {
    this.#stream(STREAM.allowed, { clean: `to backend ${backend.config.name}` });
    super.requestAllowed(backend);
  }

  // ── the server ──

  override onDialed(connection: Connection, reused: boolean): void {
    const { transaction } = this;
    // what the base class notes next is what these lines are about
    transaction.serverConnection = connection;
    const { host, port } = connection.remote;
    const server = this.dialer.server?.config.name ?? '-';
    this.#stream(STREAM.dialed, { clean: `${server} at ${host}:${port}${reused ? ', used before' : ''}` });
    this.#server(H1.forwarding, this.#requestFacts());
    super.onDialed(connection, reused);
  }

  override onDialFailed(failure: DialFailure): void {
    this.#stream(STREAM.unreached, { clean: failure });
    super.onDialFailed(failure);
  }

  override requestForwarded(): void {
    if (!this.requestSent) this.#server(H1.forwarded, { clean: `${this.transaction.bytes.toServer} bytes` });
    super.requestForwarded();
  }

  // ── the response ──

  override interimArrived(): boolean {
    this.#server(H1.interim, this.#responseFacts());
    return super.interimArrived();
  }

  override responseArrived(): void {
    const facts = this.#responseFacts();
    this.#server(H1.response, facts);
    this.#stream(STREAM.answered, facts);
    super.responseArrived();
  }

  override responseDecided(verdict: Verdict): void {
    this.#stream(STREAM.refused, { clean: VERDICT_NAMES[verdict] ?? '' });
    super.responseDecided(verdict);
  }

  override responseAllowed(): void {
    this.#stream(STREAM.passes);
    const facts = this.#responseFacts();
    this.#client(H1.answer, facts);
    this.#http2(H2_POINTS.answer, facts);
    super.responseAllowed();
  }

  override sendAnswer(length: number, rest?: Buffer, isWhole?: boolean): void {
    this.#client(H1.head, { clean: `${length + (rest?.length ?? 0)} bytes` });
    super.sendAnswer(length, rest, isWhole);
  }

  override sendBody(buffer: Buffer, offset: number, length: number, isRest?: boolean): void {
    this.#client(H1.content, this.#contentFacts(buffer, offset, length));
    super.sendBody(buffer, offset, length, isRest);
  }

  override responseForwarded(): void {
    this.#client(H1.complete, { clean: `${this.transaction.bytes.toClient} bytes` });
    super.responseForwarded();
  }

  // ── answers of its own, and the end ──

  override fail(status: number, letter: string, phase: Phase): void {
    this.#stream(STREAM.fails, { clean: `status ${status}, ${letter}${phase}` });
    super.fail(status, letter, phase);
  }

  override replyWith(reply: Reply | undefined): void {
    const facts = { clean: `status ${reply?.status ?? 'none'}` };
    this.#stream(STREAM.replies, facts);
    if (reply !== undefined) this.#client(H1.answer, facts);
    if (reply !== undefined) this.#http2(H2_POINTS.answer, facts);
    super.replyWith(reply);
  }

  override shutdown(letter: ShutdownLetter): void {
    this.#stream(STREAM.shutdown, { clean: letter });
    super.shutdown(letter);
  }

  override finish(): void {
    this.#ends(STREAM.over, H1.over);
    super.finish();
  }

  override abort(): void {
    this.#ends(STREAM.cut, H1.cut);
    super.abort();
  }

  #ends(ofStream: TracePoint, ofClient: TracePoint): void {
    if (!this.#isTold) return;
    this.#isTold = false;
    const { traces } = this.thread;
    if (this.frontend.isHaterm) this.#tell(traces.of.haterm, HATERM.ends, false, NOTHING);
    this.#client(ofClient);
    this.#http2(H2_POINTS.finished);
    const { status, terminationState, bytes } = this.transaction;
    const clean = `status ${status} ${terminationState} ${bytes.fromClient}/${bytes.toClient} bytes`;
    this.#stream(ofStream, { clean });
  }

  // ── what lines say ──

  #requestFacts(): Facts {
    const head = this.requestHead;
    return { clean: requestLine(head), advanced: () => fieldsText(head) };
  }

  #responseFacts(): Facts {
    const head = this.responseHead;
    return { clean: statusLine(head), advanced: () => fieldsText(head) };
  }

  #contentFacts(buffer: Buffer, start: number, length: number): Facts {
    return { clean: `${length} bytes`, complete: () => contentText(buffer, start, length) };
  }

  #stream(point: TracePoint, facts: Facts = NOTHING): void {
    this.#tell(this.thread.traces.of.stream, point, false, facts);
  }

  /** Of the client's connection, where it speaks HTTP/1. */
  #client(point: TracePoint, facts: Facts = NOTHING): void {
    const { traces } = this.thread;
    if (this.session.facts.httpMajor === 1) this.#tell(traces.of.h1, point, false, facts, '[F]');
  }

  /** Of a client's stream of HTTP/2: its number is that of its frames. */
  #http2(point: TracePoint, facts: Facts = NOTHING): void {
    const { traces } = this.thread;
    const { httpMajor, streamId } = this.session.facts;
    if (httpMajor !== 2) return;
    const subject = http2Stream(subjectOf(traces, this.transaction, false), streamId ?? 0);
    this.#say(traces.of.h2, point, subject, facts, `[F] sid=${streamId ?? 0}`);
  }

  /** Of the server's, if it is one, and speaks HTTP/1. */
  #server(point: TracePoint, facts: Facts): void {
    const connection = this.transaction.serverConnection;
    if (connection === undefined || connection.fd < 0 || connection instanceof Http2ServerWire) return;
    this.#tell(this.thread.traces.of.h1, point, true, facts, '[B]');
  }

  #tell(tracer: Tracer, point: TracePoint, isOfServer: boolean, facts: Facts, side = ''): void {
    this.#say(tracer, point, subjectOf(this.thread.traces, this.transaction, isOfServer), facts, side);
  }

  #say(tracer: Tracer, point: TracePoint, subject: TraceSubject, facts: Facts, side: string): void {
    tracer.tell(point, subject, verbosity =>
      joinParts([`${side} ${facts.clean ?? ''}`.trim(), this.#detail(verbosity, subject, facts)]),
    );
  }

  #detail(verbosity: number, subject: TraceSubject, { advanced, complete }: Facts): string {
    return joinParts([
      verbosity >= MINIMAL ? numbersText(subject) : '',
      verbosity >= SIMPLE ? namesText(this.transaction) : '',
      verbosity >= ADVANCED ? (advanced?.() ?? '') : '',
      verbosity >= COMPLETE ? (complete?.() ?? '') : '',
    ]);
  }
}
