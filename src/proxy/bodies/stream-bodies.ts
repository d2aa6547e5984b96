/** The bodies of a stream, for rules and samples that want their content. */
import type { BodyFacts } from '../../acl/context.ts';
import type { BodyReader } from './body-ahead.ts';
import type { HttpExchange } from '../http-exchange.ts';

export class StreamBodies implements BodyReader {
  readonly #stream: Pick<HttpExchange, 'transaction' | 'body' | 'server'>;

  constructor(stream: Pick<HttpExchange, 'transaction' | 'body' | 'server'>) {
    this.#stream = stream;
  }

  inspectRequestBody(): BodyFacts | undefined {
    const { transaction, body } = this.#stream;
    return transaction.request === undefined ? undefined : body.inspect();
  }

  inspectResponseBody(): BodyFacts | undefined {
    const { server } = this.#stream;
    return server.inBody ? server.inspect() : undefined;
  }
}
