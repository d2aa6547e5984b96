/**
 * One answer of `mode haterm`. It plays the server of its request: takes in the body, waits, and writes head and body as
 * there is room.
 *
 *   TAKING ─ all of the request is here ─▶ WAITING ─ `t` is over ─▶ WRITING ─▶ DONE
 */
import { reasonPhrase } from '../../http/reasons.ts';
import type { ServiceWire } from '../../rules/service-wire.ts';
import { pieceOf } from './content.ts';
import { USAGE } from './usage.ts';
import type { Wishes } from './wishes.ts';

const TAKING = 0;
const WAITING = 1;
const WRITING = 2;
const DONE = 3;

/** Of a head whose status is none that ends a request. */
function isFinal(status: number): boolean {
  return status >= 200 && status <= 599;
}

function hasBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

export class HatermAnswer {
  readonly #wire: ServiceWire;
  readonly #wishes: Wishes;
  readonly #isHead: boolean;
  readonly #beganAt = performance.now();
  #takenMs = 0;
  #state = TAKING;
  #timer: NodeJS.Timeout | undefined;
  #left = 0;

  constructor(wire: ServiceWire, wishes: Wishes, isHead: boolean) {
    this.#wire = wire;
    this.#wishes = wishes;
    this.#isHead = isHead;
    wire.onInput = () => this.#take();
    wire.onRoom = () => this.#write();
    wire.onGone = () => clearTimeout(this.#timer);
  }

  begin(): void {
    if (this.#wishes.answersFirst || this.#wire.inputEnded) this.#wait();
  }

  /** What comes of a body is thrown away. */
  #take(): void {
    const wire = this.#wire;
    wire.take(wire.available);
    if (!wire.inputEnded) return;
    if (this.#state === TAKING) this.#wait();
    else if (this.#state === DONE) wire.finish();
  }

  #wait(): void {
    const { waitMs } = this.#wishes;
    this.#takenMs = Math.round(performance.now() - this.#beganAt);
    this.#state = WAITING;
    if (waitMs <= 0) this.#answer();
    else this.#timer = setTimeout(() => this.#answer(), waitMs);
  }

  #answer(): void {
    const { status, size, chunked } = this.#wishes;
    this.#state = WRITING;
    if (!isFinal(status)) return this.#refuse();
    this.#left = this.#isHead || !hasBody(status) ? 0 : Math.max(0, size);
    const start = chunked && this.#left > 0 ? `${this.#left.toString(16)}\r\n` : '';
    this.#say(this.#head() + start);
    this.#write();
  }

  #refuse(): void {
    const text = `r=${this.#wishes.status}: no status from 200 to 599\n`;
    this.#say(textAnswer(400, text, this.#isHead));
    this.#end();
  }

  #say(text: string): void {
    this.#wire.write(Buffer.from(text, 'latin1'));
  }

  #head(): string {
    const { status, size, chunked, cacheable, waitMs } = this.#wishes;
    const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`;
    const realMs = Math.round(performance.now() - this.#beganAt) - this.#takenMs;
    const facts = `cache=${cacheable ? 1 : 0},${chunked ? ' chunked,' : ''} size=${size}`;
    const lines = [
      `HTTP/1.1 ${status} ${reasonPhrase(status)}`,
      ...(hasBody(status) ? [framing] : []),
      ...(cacheable ? [] : ['Cache-Control: no-cache']),
      `X-req: time=${this.#takenMs} ms`,
      `X-rsp: id=dummy, code=${status}, ${facts}, time=${waitMs} ms (${realMs} real)`,
    ];
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  #write(): void {
    if (this.#state !== WRITING) return;
    const { chunked, random, status } = this.#wishes;
    const wire = this.#wire;
    while (this.#left > 0 && !wire.full) {
      const piece = pieceOf(this.#left, random);
      wire.write(piece);
      this.#left -= piece.length;
      if (this.#left === 0 && chunked) this.#say('\r\n');
    }
    if (this.#left > 0) return wire.flush();
    if (chunked && !this.#isHead && hasBody(status)) this.#say('0\r\n\r\n');
    this.#end();
  }

  /** The rest of a body is still to be taken in. */
  #end(): void {
    this.#state = DONE;
    if (this.#wire.inputEnded) this.#wire.finish();
    else this.#wire.flush();
  }
}

/** The answer to an empty query. */
export function usageAnswer(isHead: boolean): string {
  return textAnswer(200, USAGE, isHead);
}

function textAnswer(status: number, text: string, isHead: boolean): string {
  const lines = [
    `HTTP/1.1 ${status} ${reasonPhrase(status)}`,
    `Content-Length: ${text.length}`,
    'Content-Type: text/plain',
    'Cache-Control: no-cache',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${isHead ? '' : text}`;
}
