/** A session of mode tcp that tells of the stations of its life. Made while something is traced. */
import type { Connection } from '../../net/connection.ts';
import type { Cause } from '../../base/failure.ts';
import { VERDICT_NAMES, type Verdict } from '../../rules/verdict.ts';
import type { TracePoint } from '../../traces/trace-point.ts';
import type { DialFailure } from '../server/dial-failure.ts';
import type { ShutdownLetter } from '../server/server-streams.ts';
import { TcpSession } from '../tcp/tcp-session.ts';
import { STREAM, TCP } from './points.ts';
import { joinParts, MINIMAL, namesText, numbersText, placeText, SIMPLE, subjectOf } from './subject.ts';

export class TracedTcpSession extends TcpSession {
  override start(): void {
    this.#tell(TCP.begins, placeText(this.transaction.client.source));
    super.start();
  }

  override inspectionEnds(verdict: Verdict): void {
    this.#tell(TCP.inspected, VERDICT_NAMES[verdict] ?? '');
    super.inspectionEnds(verdict);
  }

  override onDialed(server: Connection): void {
    this.#tell(STREAM.dialed, placeText(server.remote));
    super.onDialed(server);
  }

  override onDialFailed(failure: DialFailure): void {
    this.#tell(STREAM.unreached, failure);
    super.onDialFailed(failure);
  }

  override responseRefused(verdict: Verdict): void {
    this.#tell(TCP.refused, VERDICT_NAMES[verdict] ?? '');
    super.responseRefused(verdict);
  }

  override clientGone(cause: Cause): void {
    this.#tell(TCP.clientGone, cause);
    super.clientGone(cause);
  }

  override shutdown(letter: ShutdownLetter): void {
    this.#tell(STREAM.shutdown, letter);
    super.shutdown(letter);
  }

  protected override ended(): void {
    const { terminationState, bytes } = this.transaction;
    this.#tell(STREAM.over, `${terminationState} ${bytes.fromClient}/${bytes.toClient} bytes`);
  }

  #tell(point: TracePoint, clean: string): void {
    const { traces } = this.thread;
    const subject = subjectOf(traces, this.transaction, false);
    traces.of.stream.tell(point, subject, verbosity =>
      joinParts([
        clean,
        verbosity >= MINIMAL ? numbersText(subject) : '',
        verbosity >= SIMPLE ? namesText(this.transaction) : '',
      ]),
    );
  }
}
