/**
 * Connections to one server that are being made, and will take requests of everybody (manual, `http-reuse always`): who
 * comes meanwhile waits for one of them instead of making another, as HAProxy does.
 *
 *   begin ─▶ join … join ─▶ end: each that waits takes a stream of it, makes a connection of its own, or fails alike
 */
import type { DialFailure, ServerRefusal } from '../server/dial-failure.ts';

/** Somebody who waits for a connection that another makes. */
export interface Passenger {
  /** It is there, or nobody makes it any more. With a failure: it cannot be made. */
  dialOver(failure: DialFailure | undefined, refusal: ServerRefusal | undefined): void;
}

export class SharedDial {
  readonly key: string;
  readonly #home: ServerDials;
  readonly #maker: Passenger;
  readonly #most: number;
  readonly #waiting: Passenger[] = [];

  /** `most`: who may wait. */
  constructor(key: string, home: ServerDials, maker: Passenger, most: number) {
    this.key = key;
    this.#home = home;
    this.#maker = maker;
    this.#most = most;
  }

  get hasRoom(): boolean {
    return this.#waiting.length < this.#most;
  }

  join(passenger: Passenger): void {
    this.#waiting.push(passenger);
  }

  /** One that waits does not any more; or its maker has made it, has failed, or gives up. */
  end(who: Passenger, failure?: DialFailure, refusal?: ServerRefusal): void {
    if (who === this.#maker) return this.#over(failure, refusal);
    const at = this.#waiting.indexOf(who);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** What one of them does may have others leave. */
  #over(failure?: DialFailure, refusal?: ServerRefusal): void {
    this.#home.forget(this);
    for (let one = this.#waiting.shift(); one !== undefined; one = this.#waiting.shift())
      one.dialOver(failure, refusal);
  }
}

export class ServerDials {
  /** What is made will speak HTTP/2, as far as anybody knows: ALPN says so again, or the server's line. */
  speaksHttp2: boolean;
  readonly #most: number;
  #dials: SharedDial[] = [];

  /** `most`: requests of one connection, those that wait among them; 1 or less: nothing is shared. */
  constructor(most: number, speaksHttp2: boolean) {
    this.#most = most;
    this.speaksHttp2 = speaksHttp2;
  }

  /** One that takes another request. */
  find(key: string): SharedDial | undefined {
    return this.#dials.find(dial => dial.key === key && dial.hasRoom);
  }

  /** Others may wait for what `maker` makes now; undefined: they may not. */
  begin(key: string, maker: Passenger): SharedDial | undefined {
    if (!this.speaksHttp2 || this.#most <= 1) return undefined;
    const dial = new SharedDial(key, this, maker, this.#most - 1);
    this.#dials.push(dial);
    return dial;
  }

  /** Nobody joins it any more. */
  forget(dial: SharedDial): void {
    this.#dials = this.#dials.filter(one => one !== dial);
  }

  /** The same of all: the server has moved. */
  forgetAll(): void {
    this.#dials = [];
  }
}
