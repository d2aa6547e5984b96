/** Streams that measure what their request costs (work-meter.ts): in use while `profiling.tasks` measures. */
import type { Connection, ConnectionHandler } from '../../net/connection.ts';
import type { DialFailure } from '../server/dial-failure.ts';
import { HttpStream } from '../http-stream.ts';
import type { DataThread } from '../runtime/runtime.ts';
import { TracedHttpStream } from '../traced/http-stream.ts';
import { WorkMeter } from './work-meter.ts';

/** A class of streams that do what those of `Base` do, measured. Each serves one request: it is not used again. */
function metered(Base: typeof HttpStream): typeof HttpStream {
  return class extends Base {
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
  };
}

export const MeteredStream = metered(HttpStream);
/** What is told of them is part of what they cost. */
export const MeteredTracedStream = metered(TracedHttpStream);
