/** What one run of a check knows: its server, what has been received since the last send, its variables. */
import { latin1Slice } from '../base/latin1.ts';
import type { Http1ResponseHead } from '../http/response-head.ts';
import { giveHead, readAnswer, takeHead, type ReadAnswer } from './http-answer.ts';
import { SRV_STOPPED } from '../state/server-words.ts';
import type { LifeServer } from './life-server.ts';
import type { ServerLife } from './server-life.ts';

const NOTHING = Buffer.alloc(0);

export class CheckFacts {
  readonly server: LifeServer;
  readonly life: ServerLife;
  /** `code` of the report: what the rule evaluated last has set. */
  code = 0;
  readonly #newScope: () => object;
  #scope: object | undefined;
  #received: Buffer = NOTHING;
  #length = 0;
  readonly #most: number;
  #head: Http1ResponseHead | undefined;
  #answer: ReadAnswer | undefined;
  #answerLength = -1;
  #answerLast = false;

  /** `most`: bytes of an answer that are looked at, `tune.bufsize`. */
  constructor(server: LifeServer, life: ServerLife, newScope: () => object, most: number) {
    this.server = server;
    this.life = life;
    this.#newScope = newScope;
    this.#most = most;
  }

  /** Variables of scope `check` and what else expressions keep for one run: theirs alone. Most runs need none. */
  get scope(): object {
    return (this.#scope ??= this.#newScope());
  }

  /** The server is not down. */
  get serverServes(): boolean {
    return this.life.state(this.server) !== SRV_STOPPED;
  }

  get received(): Buffer {
    return this.#received.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** Nothing more fits. */
  get full(): boolean {
    return this.#length >= this.#most;
  }

  /** Latin1. */
  get text(): string {
    return latin1Slice(this.#received, 0, this.#length);
  }

  add(buffer: Buffer, offset: number, length: number): void {
    const taken = Math.min(length, this.#most - this.#length);
    if (this.#received.length < this.#length + taken) this.#grow(this.#length + taken);
    buffer.copy(this.#received, this.#length, offset, offset + taken);
    this.#length += taken;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.min(this.#most, Math.max(256, 2 * needed)));
    this.#received.copy(grown, 0, 0, this.#length);
    this.#received = grown;
  }

  /** A new connection or a new request: what came before is of no interest. */
  forget(): void {
    this.#length = 0;
    this.#answerLength = -1;
  }

  /** The run is over: its answer is not looked at again. */
  end(): void {
    if (this.#head !== undefined) giveHead(this.#head);
    this.#head = undefined;
    this.#answer = undefined;
  }

  /** What has been received, read as an HTTP answer. */
  answer(last: boolean): ReadAnswer {
    if (this.#answer === undefined || this.#answerLength !== this.#length || this.#answerLast !== last) {
      this.#head ??= takeHead();
      this.#answer = readAnswer(this.#head, this.#received, this.#length, last);
      this.#answerLength = this.#length;
      this.#answerLast = last;
    }
    return this.#answer;
  }
}
