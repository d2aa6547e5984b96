/** What is known of a client's connection, which tells when it becomes a session and when it is over. */
import type { ConnectionError } from '../../acl/context.ts';
import type { Connection } from '../../net/connection.ts';
import type { TlsFacts } from '../../net/tls/tls-facts.ts';
import type { TracePoint } from '../../traces/trace-point.ts';
import type { Tracer } from '../../traces/tracer.ts';
import type { Traces } from '../../traces/traces.ts';
import { ClientConnectionFacts } from '../client/client-facts.ts';
import type { ListenerRuntime } from '../runtime/runtime.ts';
import { H1, SESSION, SSL } from './points.ts';
import { joinParts, MINIMAL, numbersText, placeText, SIMPLE, subjectOfClient } from './subject.ts';

export class TracedClientFacts extends ClientConnectionFacts {
  readonly #traces: Traces;
  readonly #listener: ListenerRuntime;
  #isSession = false;
  #isOver = false;

  constructor(traces: Traces, listener: ListenerRuntime, connection: Connection, now: number) {
    super(connection, Date.now(), now);
    this.#traces = traces;
    this.#listener = listener;
  }

  override secured(connection: Connection, tls: TlsFacts | undefined): void {
    super.secured(connection, tls);
    const { protocol = '-', cipher = '-', sni = '-', alpn = '-' } = tls ?? {};
    const text = `${protocol} ${cipher} sni=${sni} alpn=${alpn}${tls?.resumed === true ? ' resumed' : ''}`;
    this.#tell(this.#traces.of.ssl, SSL.done, text);
  }

  override notSecured(error: ConnectionError, tls: TlsFacts | undefined): void {
    super.notSecured(error, tls);
    this.#tell(this.#traces.of.ssl, SSL.failed, error.text);
  }

  override beginRequests(): void {
    super.beginRequests();
    this.#isSession = true;
    const { session, h1 } = this.#traces.of;
    this.#tell(session, SESSION.begins, placeText(this.source));
    if (this.#speaksHttp1()) this.#tell(h1, H1.connected, `[F] ${placeText(this.source)}`);
  }

  override end(): void {
    super.end();
    if (this.#isOver) return;
    this.#isOver = true;
    const { session, h1 } = this.#traces.of;
    if (this.#isSession && this.#speaksHttp1()) this.#tell(h1, H1.closed, '[F]');
    this.#tell(session, this.#isSession ? SESSION.ends : SESSION.refused, `requests: ${this.requestCount}`);
  }

  #speaksHttp1(): boolean {
    const { config, frontend } = this.#listener;
    return frontend.config.mode === 'http' && config.proto !== 'h2' && this.tls?.alpn !== 'h2';
  }

  #tell(tracer: Tracer, point: TracePoint, clean: string): void {
    const subject = subjectOfClient(this.#traces, this, this.#listener);
    const names = (): string =>
      `fe=${this.#listener.frontend.config.name} src=${placeText(this.source)} dst=${placeText(this.destination)}`;
    tracer.tell(point, subject, verbosity =>
      joinParts([
        clean,
        verbosity >= MINIMAL ? numbersText(subject) : '',
        verbosity >= SIMPLE ? names() : '',
      ]),
    );
  }
}
