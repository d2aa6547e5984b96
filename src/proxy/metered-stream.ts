/** A stream that measures what its request costs (work-meter.ts): in use while `profiling.tasks` measures. */
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import type { DialFailure } from './dial-failure.ts';
import { HttpStream } from './http-stream.ts';
import type { DataThread } from './runtime.ts';
import { WorkMeter } from './work-meter.ts';

/** Serves one request: it is not used again. */
export class MeteredStream extends HttpStream {
  readonly #meter: WorkMeter;

  constructor(thread: DataThread) {
    super(thread);
    this.#meter = new WorkMeter(thread.meters);
    this.transaction.work = this.#meter;
  }

  override requestStarted(): void {
    this.#meter.measure(() => super.requestStarted());
  }

  override requestArrived(headLength: number): void {
    this.#meter.measure(() => super.requestArrived(headLength));
  }

  override requestBytesArrived(): void {
    this.#meter.measure(() => super.requestBytesArrived());
  }

  override clientSent(): void {
    this.#meter.measure(() => super.clientSent());
  }

  override get serverHandler(): ConnectionHandler {
    return this.#meter.handler(super.serverHandler);
  }

  override onDialed(connection: Connection, reused: boolean): void {
    this.#meter.measure(() => super.onDialed(connection, reused));
  }

  override onDialFailed(failure: DialFailure): void {
    this.#meter.measure(() => super.onDialFailed(failure));
  }
}
