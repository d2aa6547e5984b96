/**
 * BFD_CHECK: a real server is good while the session with it is up. Nothing is tried: what the session says counts at
 * once, and until it has said anything the server is what it was.
 */
import type { Checker } from '../../model/virtual-server.ts';
import type { Neighbours } from '../neighbours.ts';
import { type CheckJudge, type Findings, GOOD, type RunningCheck } from './check.ts';

export class BfdCheck implements RunningCheck {
  good: boolean;
  hasRun: boolean;
  readonly failures = 0;
  readonly #name: string;
  readonly #neighbours: Pick<Neighbours, 'follow'>;
  readonly #judge: CheckJudge;
  #leave: () => void = () => undefined;

  constructor(
    { bfd = '' }: Checker,
    neighbours: Pick<Neighbours, 'follow'>,
    judge: CheckJudge,
    { good, hasRun }: Findings,
  ) {
    this.#name = bfd;
    this.#neighbours = neighbours;
    this.#judge = judge;
    this.good = good;
    this.hasRun = hasRun;
  }

  start(): void {
    this.#leave = this.#neighbours.follow(this.#name, isUp => this.#heard(isUp));
  }

  stop(): void {
    this.#leave();
  }

  /** Nothing is tried. */
  suspend(): void {}

  #heard(isUp: boolean): void {
    this.hasRun = true;
    if (isUp === this.good) return;
    this.good = isUp;
    if (isUp) this.#judge.onGood(GOOD, true);
    else this.#judge.onFailed(`BFD session ${this.#name} is down`);
  }
}
