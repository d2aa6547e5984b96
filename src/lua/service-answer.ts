/** The answer of a service in mode http as bytes: its head, and the framing of its body (RFC 9112 sections 6 and 7). */
import { errorPage } from '../http/error-pages.ts';
import { reasonPhrase } from '../http/reasons.ts';
import type { ServiceWire } from '../rules/service-wire.ts';
import { ScriptError } from './machine/script-errors.ts';

const CHUNK_END = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

export class ServiceAnswer {
  status = 200;
  reason: string | undefined;
  readonly #headers: (readonly [name: string, value: string])[] = [];
  readonly #wire: ServiceWire;
  /** The client knows chunks. */
  readonly #knowsChunks: boolean;
  started = false;
  #framing: 'length' | 'chunks' | 'close' | 'none' = 'none';

  constructor(wire: ServiceWire, knowsChunks: boolean) {
    this.#wire = wire;
    this.#knowsChunks = knowsChunks;
  }

  add(name: string, value: string): void {
    if (this.started) throw new ScriptError('headers are sent already');
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || /[\r\n\0]/.test(value))
      throw new ScriptError(`invalid header '${name}'`);
    this.#headers.push([name, value]);
  }

  start(): void {
    if (this.started) throw new ScriptError('headers are sent already');
    this.started = true;
    const reason = this.reason ?? reasonPhrase(this.status);
    this.#framing = this.#chooseFraming();
    const lines = this.#headers
      .filter(([name]) => name.toLowerCase() !== 'transfer-encoding')
      .map(([name, value]) => `${name}: ${value}\r\n`);
    if (this.#framing === 'chunks') lines.push('transfer-encoding: chunked\r\n');
    const version = this.#framing === 'close' ? 'HTTP/1.0' : 'HTTP/1.1';
    this.#wire.write(Buffer.from(`${version} ${this.status} ${reason}\r\n${lines.join('')}\r\n`, 'latin1'));
  }

  #chooseFraming(): 'length' | 'chunks' | 'close' | 'none' {
    const { status } = this;
    if (status < 200 || status === 204 || status === 304) return 'none';
    if (this.#headers.some(([name]) => name.toLowerCase() === 'content-length')) return 'length';
    return this.#knowsChunks ? 'chunks' : 'close';
  }

  send(body: Buffer): void {
    if (!this.started) throw new ScriptError('start_response() was not called');
    if (body.length === 0 || this.#framing === 'none') return;
    if (this.#framing === 'chunks')
      this.#wire.write(Buffer.from(`${body.length.toString(16)}\r\n`, 'latin1'));
    this.#wire.write(body);
    if (this.#framing === 'chunks') this.#wire.write(CHUNK_END);
  }

  /** The script has ended. */
  end(failed: boolean): void {
    if (!this.started) this.#wire.write(failurePage());
    else if (failed) return this.#wire.fail();
    else if (this.#framing === 'chunks') this.#wire.write(LAST_CHUNK);
    this.#wire.finish();
  }
}

/** HAProxy's own page: `errorfile` is not for services. */
function failurePage(): Buffer {
  const { status, reason, body } = errorPage(500);
  const fields = `content-length: ${body.length}\r\ncache-control: no-cache\r\ncontent-type: text/html\r\n`;
  return Buffer.from(`HTTP/1.1 ${status} ${reason}\r\n${fields}\r\n${body}`, 'latin1');
}
