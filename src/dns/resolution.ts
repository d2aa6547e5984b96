/**
 * The life of one name in a resolvers section. All nameservers are asked at once; the first good answer counts, an
 * error only when all have given one. Then the other address family is tried, then the same again: `resolve_retries`
 * times in all (manual, section 5.3.2).
 *
 *   IDLE ──run──▶ ASKED ──good answer──────────────────────────────────▶ IDLE, valid
 *                   │ ◀─ask again─┐
 *                   └─ all failed, or `timeout retry` ── tries left? ──no──▶ IDLE, failed
 */
import { isGood, type FailureKind, type Outcome } from './outcome.ts';
import { AnswerCache } from './answer-cache.ts';
import type { Question } from './message.ts';
import type { Nameserver } from './nameserver.ts';
import type { QuestionType } from './record.ts';
import type { ResolversSettings } from './settings.ts';

export type ResolutionStatus = 'none' | 'valid' | 'nx' | 'refused' | 'timeout' | 'other';

/** Who wants to know about a name. */
export interface Requester {
  /** `by`: whose answer it was; only the first one hears it, to all others it is an answer known already. */
  resolved(resolution: Resolution, by: Nameserver | undefined): void;
  failed(resolution: Resolution): void;
}

/** What the section does for its resolutions. */
export interface ResolutionHost {
  readonly settings: ResolversSettings;
  readonly now: () => number;
  /** Asks all nameservers; gives how many. 0: the name cannot be asked for. */
  ask(resolution: Resolution, question: Question): number;
  /** Answers to earlier questions are of no interest any more. */
  forget(resolution: Resolution): void;
  /** Calls `resolution.expired()` after that time. */
  schedule(resolution: Resolution, afterMs: number): void;
}

export class Resolution {
  readonly name: string;
  readonly preferred: QuestionType;
  readonly cache = new AnswerCache();
  readonly requesters = new Set<Requester>();
  status: ResolutionStatus = 'none';
  /** Of the last good answer; at first, of the beginning. */
  lastValidMs: number;
  /** When the last one began; -1: never. */
  startedMs = -1;
  running = false;
  /** What is being asked for. */
  question: Question;
  readonly #host: ResolutionHost;
  #triesLeft = 0;
  #asked = 0;
  #answered = 0;

  constructor(host: ResolutionHost, name: string, preferred: QuestionType) {
    this.#host = host;
    this.name = name;
    this.preferred = preferred;
    this.question = { name, type: preferred };
    this.lastValidMs = host.now();
  }

  run(): void {
    if (this.running) return;
    this.running = true;
    this.startedMs = this.#host.now();
    this.#triesLeft = Math.max(0, this.#host.settings.retries - 1);
    this.#ask(this.preferred);
  }

  #ask(type: QuestionType): void {
    this.question = { name: this.name, type };
    this.#answered = 0;
    this.#asked = this.#host.ask(this, this.question);
    if (this.#asked === 0) this.#failed('other');
    else this.#host.schedule(this, this.#host.settings.retryMs);
  }

  answered(outcome: Outcome, by: Nameserver): void {
    if (!this.running) return;
    this.#answered++;
    if (isGood(outcome)) return this.#resolved(outcome, by);
    this.status = statusOf(outcome.kind);
    if (this.#answered < this.#asked) return;
    const other = this.#otherFamily();
    if (other !== undefined) this.#ask(other);
    else if (this.#triesLeft <= 0) this.#failed(this.status);
  }

  /** `timeout retry` has passed, or between two runs `timeout resolve`. `heard`: a nameserver said something. */
  expired(heard: boolean): void {
    if (!this.running) return this.run();
    if (this.#answered === 0) this.status = heard ? 'other' : 'timeout';
    const other = heard ? this.#otherFamily() : undefined;
    if (other === undefined && this.#triesLeft-- <= 0) return this.#failed(this.status);
    this.#ask(other ?? this.preferred);
  }

  /** Undefined: it was tried already, or there is none. */
  #otherFamily(): QuestionType | undefined {
    if ((this.preferred !== 'A' && this.preferred !== 'AAAA') || this.question.type !== this.preferred)
      return undefined;
    const other = this.preferred === 'A' ? 'AAAA' : 'A';
    return this.#host.settings.families.has(other === 'A' ? 4 : 6) ? other : undefined;
  }

  #resolved(outcome: Outcome, by: Nameserver): void {
    const now = this.#host.now();
    this.status = 'valid';
    this.lastValidMs = now;
    this.cache.take(outcome, now, this.#host.settings.holdMs.obsolete);
    let source: Nameserver | undefined = by;
    this.#over(requester => {
      requester.resolved(this, source);
      source = undefined;
    });
  }

  #failed(status: ResolutionStatus): void {
    this.status = status;
    if (this.heldOut) this.cache.clear();
    this.#over(requester => requester.failed(this));
  }

  #over(tell: (requester: Requester) => void): void {
    const { settings, now } = this.#host;
    this.running = false;
    this.#host.forget(this);
    for (const requester of this.requesters) tell(requester);
    this.#host.schedule(this, Math.max(0, this.startedMs + settings.resolveMs - now()));
  }

  /** It has failed for so long that earlier answers do not count any more (`hold`). */
  get heldOut(): boolean {
    const { settings, now } = this.#host;
    if (this.status === 'valid' || this.status === 'none') return false;
    return this.lastValidMs + settings.holdMs[this.status] <= now();
  }
}

function statusOf(kind: FailureKind): ResolutionStatus {
  return kind === 'nx' || kind === 'refused' ? kind : 'other';
}
