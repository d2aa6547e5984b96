/**
 * Services answer requests themselves, in place of a server: the statistics page, the Prometheus exporter. What a
 * service sees of a request and what it may answer with; proxy/services/service-call.ts calls it, proxy/response/streamed-body.ts
 * sends what is longer than one piece.
 */
export interface LocalRequest {
  readonly method: string;
  readonly target: string;
  /** The first such header of the request. */
  header(name: string): string | undefined;
  /** Empty for requests without one. */
  readonly body: Buffer;
  /** Its body does not fit a buffer: only the beginning is in `body`. */
  readonly bodyTooLarge: boolean;
}

export interface LocalAnswer {
  readonly status: number;
  readonly reason: string;
  /** With a content-length, unless the body is streamed. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** The body, in pieces that are made when the client has taken those before. */
  readonly stream?: BodySource;
}

export interface LocalService {
  /** It does not look at bodies: none is waited for. */
  readonly ignoresBody?: boolean;
  /** Calls `done` once, now or later. */
  answer(request: LocalRequest, done: (answer: LocalAnswer) => void): void;
}

export interface BodySource {
  /** The next piece, never empty; `later`: `ready` is called once when there is one. */
  next(ready: () => void): Buffer | 'later' | 'end';
  /** The client is gone, or has everything: whatever the source holds is given back. Called once. */
  close(): void;
}

const NOTHING = Buffer.alloc(0);

export function textAnswer(
  status: number,
  reason: string,
  contentType: string,
  text: string | Buffer,
  headers: LocalAnswer['headers'] = [],
): LocalAnswer {
  const body = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
  return {
    status,
    reason,
    headers: [['content-length', String(body.length)], ['content-type', contentType], ...headers],
    body,
  };
}

export function streamedAnswer(
  contentType: string,
  stream: BodySource,
  headers: LocalAnswer['headers'] = [],
): LocalAnswer {
  return {
    status: 200,
    reason: 'OK',
    headers: [['content-type', contentType], ...headers],
    body: NOTHING,
    stream,
  };
}

/** A source of the pieces a generator makes, one a turn of the loop. */
export function piecesSource(pieces: Iterator<string | Buffer, void, void>): BodySource {
  return {
    next: () => {
      const { value, done } = pieces.next();
      if (done === true) return 'end';
      return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
    },
    close: () => void pieces.return?.(),
  };
}
