/**
 * How much memory variables may take (manual, section 3.2: `tune.vars.*-max-size`). Scopes lie within each other:
 * what a request's variables take is taken of its transaction, its session and the process, too. Counted as HAProxy
 * does: 80 bytes a variable, and the bytes of texts. What does not fit is not set.
 */
import { parseSize } from '../config-parser/units.ts';
import type { Tune } from '../model/global.ts';
import type { SharedTotal } from '../state/shared-total.ts';
import { Binary, type Sample } from './sample.ts';

const BYTES_OF_ONE = 80;

export function bytesOf(value: Sample): number {
  if (typeof value === 'string') return BYTES_OF_ONE + value.length;
  return value instanceof Binary ? BYTES_OF_ONE + value.bytes.length : BYTES_OF_ONE;
}

export interface VariableMemory {
  /** False: there is no room. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** Of one session, transaction, request, response or check. */
export class ScopeMemory implements VariableMemory {
  readonly #limit: number;
  readonly #around: VariableMemory | undefined;
  #used = 0;

  constructor(limit: number, around?: VariableMemory) {
    this.#limit = limit;
    this.#around = around;
  }

  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit || this.#around?.take(bytes) === false) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    const given = Math.min(bytes, this.#used);
    this.#used -= given;
    this.#around?.give(given);
  }

  /** The scope is over, with all that lay within it. */
  end(): void {
    this.give(this.#used);
  }
}

/**
 * Of the process. What sessions hold is counted by all threads together; variables of the process are the same in all
 * of them, and counted by each for itself.
 */
class ProcessMemory implements VariableMemory {
  readonly #limit: number;
  readonly #ofSessions: SharedTotal;
  #ofOwn = 0;

  constructor(limit: number, ofSessions: SharedTotal) {
    this.#limit = limit;
    this.#ofSessions = ofSessions;
  }

  #fits(bytes: number): boolean {
    return this.#ofOwn + this.#ofSessions.sum + bytes <= this.#limit;
  }

  take(bytes: number): boolean {
    if (!this.#fits(bytes)) return false;
    this.#ofSessions.add(bytes);
    return true;
  }

  give(bytes: number): void {
    this.#ofSessions.add(-bytes);
  }

  /** Of its own variables. */
  readonly own: VariableMemory = {
    take: bytes => {
      if (!this.#fits(bytes)) return false;
      this.#ofOwn += bytes;
      return true;
    },
    give: bytes => {
      this.#ofOwn -= bytes;
    },
  };
}

/** Of one transaction. */
export interface ExchangeMemory {
  readonly transaction: ScopeMemory;
  readonly request: ScopeMemory;
  readonly response: ScopeMemory;
}

/** What a thread gives its scopes. */
export class VariableRoom {
  readonly process: ProcessMemory;
  readonly #limits: Limits;

  private constructor(limits: Limits, ofSessions: SharedTotal) {
    this.#limits = limits;
    this.process = new ProcessMemory(limits.process, ofSessions);
  }

  /** Undefined: nothing limits them. `ofSessions`: bytes, of all threads. */
  static of(tune: Tune, ofSessions: SharedTotal): VariableRoom | undefined {
    const limits = limitsOf(tune);
    return Object.values(limits).every(limit => limit === Infinity)
      ? undefined
      : new VariableRoom(limits, ofSessions);
  }

  /** Whether variables of the process that take so much in all are within its limit. */
  static mayHold(tune: Tune, bytes: number): boolean {
    return bytes <= limitsOf(tune).process;
  }

  ofSession(): ScopeMemory {
    return new ScopeMemory(this.#limits.session, this.process);
  }

  ofExchange(session: VariableMemory | undefined): ExchangeMemory {
    const transaction = new ScopeMemory(this.#limits.transaction, session);
    const { message } = this.#limits;
    const request = new ScopeMemory(message, transaction);
    return { transaction, request, response: new ScopeMemory(message, transaction) };
  }

  /** They are forgotten with the run of the check: of the process's memory nothing is taken. */
  ofCheck(): ScopeMemory {
    return new ScopeMemory(Math.min(this.#limits.check, this.#limits.process));
  }
}

type Limits = ReturnType<typeof limitsOf>;

/** 0 means no limit. */
function limitsOf({
  other,
}: Tune): Record<'process' | 'session' | 'transaction' | 'message' | 'check', number> {
  const limit = (scope: string): number =>
    parseSize(other.get(`tune.vars.${scope}-max-size`)?.[0] ?? '').value || Infinity;
  return {
    process: Math.min(limit('proc'), limit('global')),
    session: limit('sess'),
    transaction: limit('txn'),
    message: limit('reqres'),
    check: limit('check'),
  };
}
