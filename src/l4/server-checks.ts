/**
 * The checks of one real server: it is alive while all of them are good, and its weight is its own and what each adds.
 * After a reload a check goes on with what the same one before it has found out. Used by pool-keeper.ts.
 */
import type { Checker, RealServer } from '../model/virtual-server.ts';
import {
  GOOD,
  type CheckResult,
  type Findings,
  type GoodResult,
  type RunningCheck,
} from './checkers/check.ts';

/** keepalived's. */
const MOST_WEIGHT = 65_535;

/** `say` takes what a good check says of the weight. Undefined: it is not run. */
type MakeCheck = (
  checker: Checker,
  start: Findings,
  say: (result: GoodResult) => void,
) => RunningCheck | undefined;

interface ChecksPorts {
  readonly make: MakeCheck;
  /** What a check says when it is asked without waiting. */
  readonly atOnce: (checker: Checker) => CheckResult | undefined;
}

interface Memory {
  readonly findings: Findings;
  readonly said: GoodResult;
}

export class ServerChecks {
  readonly #ownWeight: number;
  readonly #keys: readonly string[];
  /** By key, as far as they are run. */
  readonly #checks: readonly (RunningCheck | undefined)[];
  readonly #said: GoodResult[];

  constructor(
    { checkers, weight }: RealServer,
    before: ServerChecks | undefined,
    { make, atOnce }: ChecksPorts,
  ) {
    this.#ownWeight = weight;
    this.#keys = checkers.map(keyOf);
    const known = checkers.map(
      (checker, index) => before?.memoryOf(this.#keys[index] ?? '') ?? memoryOfResult(atOnce(checker)),
    );
    this.#said = known.map(memory => memory?.said ?? GOOD);
    this.#checks = checkers.map((checker, index) =>
      make(
        checker,
        known[index]?.findings ?? unseen(checker, before, known),
        said => void (this.#said[index] = said),
      ),
    );
  }

  get isAlive(): boolean {
    return this.failed === 0;
  }

  /** It is down because nobody has looked yet. */
  get isAwaited(): boolean {
    return this.#checks.some(check => check?.good === false && !check.hasRun);
  }

  get failed(): number {
    return this.#checks.filter(check => check?.good === false).length;
  }

  /** Its own, and for each check what that wants more or less. */
  get weight(): number {
    const own = this.#ownWeight;
    const sum = this.#said.reduce(
      (total, { weight, added }) => total + (added ?? (weight ?? own) - own),
      own,
    );
    return Math.max(0, Math.min(MOST_WEIGHT, sum));
  }

  /** Undefined: no such check has run. */
  memoryOf(key: string): Memory | undefined {
    const index = this.#keys.indexOf(key);
    const findings = this.#checks[index];
    return findings?.hasRun === true ? { findings, said: this.#said[index] ?? GOOD } : undefined;
  }

  start(): void {
    for (const check of this.#checks) check?.start();
  }

  stop(): void {
    for (const check of this.#checks) check?.stop();
  }

  suspend(suspended: boolean): void {
    for (const check of this.#checks) check?.suspend(suspended);
  }
}

function memoryOfResult(result: CheckResult | undefined): Memory | undefined {
  if (result === undefined) return undefined;
  return { findings: { good: result.ok, hasRun: true, failures: 0 }, said: result.ok ? result : GOOD };
}

/**
 * With `alpha` a check that has not run is a failed one. One that a reload puts beside others does not take a living server
 * down.
 */
function unseen(
  { alpha }: Checker,
  before: ServerChecks | undefined,
  known: readonly (Memory | undefined)[],
): Findings {
  const hasFailed = known.some(memory => memory?.findings.good === false);
  const wasDown = before === undefined || (!before.isAlive && known.every(memory => memory === undefined));
  return { good: !(alpha && (hasFailed || wasDown)), hasRun: false, failures: 0 };
}

/** What is tried, and not how often. */
function keyOf({ kind, connectIp, connectPort, bindTo, bindPort, bindIf, fwmark, ...rest }: Checker): string {
  const { http, misc, heloName, dns, udp, file, bfd } = rest;
  const place = [kind, connectIp, connectPort, bindTo, bindPort, bindIf, fwmark];
  return JSON.stringify([...place, http, misc?.script.argv, misc?.dynamic, heloName, dns, udp, file, bfd]);
}
