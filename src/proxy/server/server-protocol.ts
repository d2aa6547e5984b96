/**
 * What is spoken with a server in mode http: HTTP/1, or HTTP/2 as `proto` or ALPN say; with upgrades to websockets as
 * `ws` says (manual, section 5.2).
 */
import type { Server } from '../../model/server.ts';

const HTTP1 = 'http/1.1';
const HTTP2 = 'h2';

export class ServerProtocol {
  /** Some of its connections may speak HTTP/2. */
  readonly mayBeHttp2: boolean;
  readonly #proto: string | undefined;
  readonly #alpn: readonly string[] | undefined;
  readonly #websocketAlpn: readonly string[] | undefined;
  readonly #ws: 'auto' | 'h1' | 'h2';
  /** ALPN decides. */
  readonly #isAgreed: boolean;

  constructor({ proto, ws, ssl }: Server) {
    const alpn = ssl?.alpn;
    this.#proto = proto;
    this.#alpn = alpn;
    this.#ws = ws ?? 'auto';
    this.#isAgreed = proto === undefined && alpn !== undefined;
    this.#websocketAlpn = alpn && websocketAlpn(alpn, this.#ws);
    this.mayBeHttp2 =
      proto === HTTP2 || this.#ws === 'h2' || (this.#isAgreed && alpn?.includes(HTTP2) === true);
  }

  /** What a TLS handshake offers; undefined: nothing. */
  alpn(forWebsocket: boolean): readonly string[] | undefined {
    return forWebsocket ? this.#websocketAlpn : this.#alpn;
  }

  /** `agreed`: by ALPN. */
  isHttp2(agreed: string | undefined, forWebsocket: boolean): boolean {
    if (this.#isAgreed) return agreed === HTTP2;
    if (forWebsocket && this.#ws !== 'auto') return this.#ws === HTTP2;
    return this.#proto === HTTP2;
  }

  /** A websocket may use a connection of other requests: those speak what it needs. */
  get carriesWebsockets(): boolean {
    const alpn = this.#alpn;
    if (this.#isAgreed && alpn !== undefined) {
      const only = alpn.length === 1 ? alpn[0] : undefined;
      return only !== undefined && (this.#ws === 'auto' || only === (this.#ws === HTTP2 ? HTTP2 : HTTP1));
    }
    return this.#ws === 'auto' || (this.#ws === HTTP2) === (this.#proto === HTTP2);
  }
}

/** `auto`: HTTP/1 where the server is offered it at all. */
function websocketAlpn(alpn: readonly string[], ws: 'auto' | 'h1' | 'h2'): readonly string[] {
  if (ws === 'h2') return [HTTP2];
  return ws === 'h1' || alpn.includes(HTTP1) ? [HTTP1] : alpn;
}
