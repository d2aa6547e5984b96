import type { BodySource } from '../http/local-service.ts';

/**
 * A whole answer made by this program: by `deny`, `tarpit`, `return`, `redirect`, `auth`, or an error page. It
 * carries its own content-length; proxy/ adds `connection` and sends no body to HEAD.
 */
export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly ReplyHeader[];
  readonly body: Buffer;
  /** What it stands for where its own line says something else, as that of `errorloc`: logs and counters are told this. */
  readonly standsFor?: number;
  /** A file has it as HTTP/1.0. */
  readonly version?: 10;
  /** A service's body, in pieces (http/local-service.ts); `body` is empty then. */
  readonly stream?: BodySource;
  /** The connection closes behind it. */
  readonly closes?: true;
  /** Nothing is sent, the connection just closes (`errorfile 408 /dev/null`). */
  readonly silent?: true;
}

/** A page that answers for a status. */
export function pageFor(status: number, page: Reply): Reply {
  return page.status === status ? page : { ...page, standsFor: status };
}

export type ReplyHeader = readonly [name: string, value: string];
