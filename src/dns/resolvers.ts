/**
 * One resolvers section at work: its nameservers, the names that somebody wants to know, and which answer belongs to
 * which question. Runs in the control thread; worker/ makes one for each section that is used.
 */
import { randomInt } from 'node:crypto';
import { encodeQuestion, idOf, parseResponse, type Question } from './message.ts';
import { Nameserver } from './nameserver.ts';
import { isGood, normalName, outcomeOf, type Outcome } from './outcome.ts';
import type { QuestionType } from './record.ts';
import { Resolution, type Requester, type ResolutionHost } from './resolution.ts';
import type { ResolversSettings } from './settings.ts';
import { Troubles } from './troubles.ts';

const IDS = 65_536;

interface Pending {
  readonly resolution: Resolution;
  readonly question: Question;
  readonly message: Buffer;
  readonly heard: Set<Nameserver>;
  /** Who was asked for more than fits a datagram. */
  readonly whole: Set<Nameserver>;
  /** Whose answer was none that is of use. */
  readonly failed: Set<Nameserver>;
}

export class Resolvers implements ResolutionHost {
  readonly settings: ResolversSettings;
  readonly now: () => number;
  readonly nameservers: readonly Nameserver[];
  readonly #resolutions = new Map<string, Resolution>();
  readonly #pending = new Map<number, Pending>();
  /** Of the questions of a run, one for each family: who is slow answers those that were asked again, too. */
  readonly #idsOf = new Map<Resolution, number[]>();
  readonly #timers = new Map<Resolution, NodeJS.Timeout>();

  /** `warn` hears of nameservers that cannot be asked over streams. */
  constructor(
    settings: ResolversSettings,
    warn: (text: string) => void,
    now: () => number = () => performance.now(),
  ) {
    this.settings = settings;
    this.now = now;
    const troubles = new Troubles(settings.name, warn, now);
    this.nameservers = settings.nameservers.map(
      one =>
        new Nameserver(one, settings.payloadSize, {
          received: (...message) => this.#received(...message),
          failed: (nameserver, cause) => troubles.tell(nameserver, cause),
        }),
    );
  }

  /** From now on `requester` hears of the name, which is asked for again and again; who comes first starts it. */
  link(name: string, type: QuestionType, requester: Requester): Resolution {
    const resolution = this.#find(name, type);
    resolution.requesters.add(requester);
    if (!resolution.running && resolution.startedMs < 0) resolution.run();
    return resolution;
  }

  /** The name is asked for once more, now, unless its last answer, given back then, is younger than `hold valid`. */
  lookUp(name: string, type: QuestionType, requester: Requester): Resolution | undefined {
    const resolution = this.#find(name, type);
    const isFresh =
      resolution.status === 'valid' && resolution.startedMs + this.settings.holdMs.valid > this.now();
    if (isFresh) return resolution;
    resolution.requesters.add(requester);
    resolution.run();
    return undefined;
  }

  /** Families that are not taken at all are not asked for. */
  #find(name: string, wanted: QuestionType): Resolution {
    const { families } = this.settings;
    const type =
      wanted === 'AAAA' && !families.has(6) ? 'A' : wanted === 'A' && !families.has(4) ? 'AAAA' : wanted;
    const key = `${type} ${normalName(name)}`;
    let resolution = this.#resolutions.get(key);
    if (resolution === undefined) {
      resolution = new Resolution(this, normalName(name), type);
      this.#resolutions.set(key, resolution);
    }
    return resolution;
  }

  unlink(resolution: Resolution, requester: Requester): void {
    resolution.requesters.delete(requester);
  }

  // ── what resolutions ask ──

  ask(resolution: Resolution, question: Question): number {
    const id = this.#idFor(resolution, question);
    const message = id < 0 ? undefined : encodeQuestion(id, question, this.settings.payloadSize);
    if (message === undefined) return 0;
    const nobody = {
      heard: new Set<Nameserver>(),
      whole: new Set<Nameserver>(),
      failed: new Set<Nameserver>(),
    };
    this.#pending.set(id, { resolution, question, message, ...nobody });
    for (const nameserver of this.nameservers) nameserver.ask(message);
    return this.nameservers.length;
  }

  /** The same for the same question as long as it is asked again. */
  #idFor(resolution: Resolution, { type }: Question): number {
    const ids = this.#idsOf.get(resolution) ?? [];
    const known = ids.find(id => this.#pending.get(id)?.question.type === type);
    if (known !== undefined) return known;
    const id = this.#freeId();
    if (id >= 0) this.#idsOf.set(resolution, [...ids, id]);
    return id;
  }

  forget(resolution: Resolution): void {
    for (const id of this.#idsOf.get(resolution) ?? []) this.#pending.delete(id);
    this.#idsOf.delete(resolution);
  }

  /** A name nobody wants any more is dropped when its answer has grown old. */
  schedule(resolution: Resolution, afterMs: number): void {
    clearTimeout(this.#timers.get(resolution));
    const isWanted = resolution.running || resolution.requesters.size > 0;
    const delay = isWanted ? afterMs : this.settings.holdMs.valid;
    const timer = setTimeout(() => this.#expired(resolution), delay);
    timer.unref();
    this.#timers.set(resolution, timer);
  }

  #expired(resolution: Resolution): void {
    this.#timers.delete(resolution);
    if (resolution.running || resolution.requesters.size > 0) return this.#timedOut(resolution);
    this.#resolutions.delete(`${resolution.preferred} ${resolution.name}`);
  }

  /** A nameserver that began to answer, and whose whole answer did not come, is not silent. */
  #timedOut(resolution: Resolution): void {
    const ids = this.#idsOf.get(resolution) ?? [];
    const asked = ids.map(id => this.#pending.get(id)).find(one => one?.question === resolution.question);
    const heard = asked?.heard;
    if (resolution.running)
      for (const nameserver of this.nameservers)
        if (heard?.has(nameserver) !== true) nameserver.counters.timeout++;
    resolution.expired(heard !== undefined && heard.size > 0);
  }

  /** Not to be guessed: whoever answers must have seen the question (RFC 5452, section 4). */
  #freeId(): number {
    if (this.#pending.size >= IDS / 2) return -1;
    for (;;) {
      const id = randomInt(IDS);
      if (!this.#pending.has(id)) return id;
    }
  }

  // ── what nameservers say ──

  #received(from: Nameserver, message: Buffer, overStream: boolean): void {
    const { counters } = from;
    const id = idOf(message);
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (pending === undefined) {
      if (id === undefined) counters.invalid++;
      else counters.outdated++;
      return;
    }
    const outcome = outcomeOf(parseResponse(message), pending.question);
    if (isLate(pending, from) && !isGood(outcome)) return void counters.outdated++;
    pending.heard.add(from);
    if (outcome.kind === 'truncated' && !overStream) return this.#askWhole(pending, from);
    if (!isGood(outcome)) pending.failed.add(from);
    this.#count(from, outcome);
    pending.resolution.answered(outcome, from);
  }

  #askWhole({ whole, message }: Pending, from: Nameserver): void {
    if (whole.has(from)) return;
    whole.add(from);
    from.counters.truncated++;
    from.askWhole(message);
  }

  #count({ counters }: Nameserver, outcome: Outcome): void {
    counters[isGood(outcome) ? 'valid' : outcome.kind]++;
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#pending.clear();
    for (const nameserver of this.nameservers) nameserver.close();
  }
}

/** Another family is asked for by now, or it has said already that it does not know. */
function isLate({ resolution, question, failed }: Pending, from: Nameserver): boolean {
  return question !== resolution.question || failed.has(from);
}
