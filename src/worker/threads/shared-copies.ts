/**
 * The control thread's copies of pattern lists and of variables of the process. It puts all changes in one order and
 * sends them to the data threads. A thread whose rule made a change has it already; it gets it again only if
 * others changed something it did not know of, so that in the end all threads hold the same.
 *
 *   rule ──▶ its own copy ──▶ control ──▶ the other threads        command ──▶ control ──▶ all threads
 */
import {
  applyPatternChange,
  applyPatternUpdate,
  replacing,
  type PatternChange,
  type PatternUpdate,
} from '../../acl/pattern-changes.ts';
import { PatternRegistry } from '../../acl/pattern-registry.ts';
import type { PatternList } from '../../acl/pattern-list.ts';
import { fromPlain, toPlain, type PlainSample } from '../../acl/plain-sample.ts';
import type { Sample } from '../../acl/sample.ts';
import { bytesOf } from '../../acl/variable-memory.ts';
import type { ProcessVariablesView } from '../../admin/runtime.ts';
import type { Counters } from '../../state/counters.ts';
import type { DynamicCookieSetting } from '../../proxy/persistence/cookie-keeper.ts';
import type { CookieChange, SharedChange } from './orders.ts';
import { PatternCounts } from '../pattern-counts.ts';
import type { ThreadCalls } from './thread-calls.ts';

interface Origin {
  readonly thread: number;
  readonly changes: readonly SharedChange[];
}

export class SharedCopies implements ProcessVariablesView {
  readonly patterns: PatternRegistry;
  readonly #calls: ThreadCalls;
  readonly #variables = new Map<string, PlainSample>();
  readonly #cookies = new Map<number, CookieChange>();
  #number = 0;
  /** By thread: the last change that was sent to it. */
  readonly #sent = new Map<number, number>();

  readonly #counts: PatternCounts;
  readonly #mayHold: (bytes: number) => boolean;

  /** `mayHold`: whether variables may take so many bytes in all. */
  constructor(
    patterns: PatternRegistry | undefined,
    calls: ThreadCalls,
    counters: Counters,
    mayHold: (bytes: number) => boolean,
  ) {
    this.#mayHold = mayHold;
    this.patterns = patterns ?? new PatternRegistry({ readFile: () => ({ error: 'none' }) });
    this.#calls = calls;
    this.#counts = new PatternCounts(counters);
    this.#counts.begin(this.patterns.lists());
  }

  /** What variables hold from the start on. */
  begin(assigned: readonly { readonly name: string; readonly value: Sample }[]): void {
    for (const { name, value } of assigned)
      if (this.#fits(name, value)) this.#variables.set(name, toPlain(value));
  }

  #fits(name: string, value: Sample): boolean {
    let bytes = bytesOf(value);
    for (const other of this.#variables.keys()) {
      const held = other === name ? undefined : this.get(other);
      if (held !== undefined) bytes += bytesOf(held);
    }
    return this.#mayHold(bytes);
  }

  get(name: string): Sample | undefined {
    const value = this.#variables.get(name);
    return value === undefined ? undefined : fromPlain(value);
  }

  async set(name: string, value: Sample): Promise<void> {
    if (!this.#fits(name, value)) return;
    const plain = toPlain(value);
    this.#variables.set(name, plain);
    await this.#send([{ kind: 'variable', name, value: plain }]);
  }

  /** Undefined: no command changed anything of that backend's. */
  dynamicCookie(backend: number): DynamicCookieSetting | undefined {
    return this.#cookies.get(backend);
  }

  async setDynamicCookie(backend: number, setting: DynamicCookieSetting): Promise<void> {
    const change: CookieChange = { kind: 'dynamic-cookie', backend, ...setting };
    this.#cookies.set(backend, change);
    await this.#send([change]);
  }

  /** A command changed the control thread's copy of a list. */
  async changed(list: PatternList, changes: readonly PatternChange[]): Promise<void> {
    list.isChanged = true;
    this.#counts.changed(list);
    await this.#send(changes);
  }

  /** As a rule would change it; of a list that nothing uses nothing happens. */
  async update(update: PatternUpdate): Promise<void> {
    const list = this.patterns.find(update.list);
    if (list === undefined) return;
    applyPatternUpdate(this.patterns, update);
    await this.changed(list, [{ ...update, list: list.key }]);
  }

  /** A rule in that thread changed its copy. */
  heard(thread: number, change: SharedChange, seen: number): void {
    const followed = this.#follow(change);
    const isAhead = seen >= (this.#sent.get(thread) ?? 0);
    void this.#send([followed], { thread, changes: isAhead ? [] : this.#again(followed) });
  }

  /** For the thread that made the change: it did not know of others. An entry must not come twice. */
  #again(change: SharedChange): readonly SharedChange[] {
    const list = change.kind === 'add' ? this.patterns.find(change.list) : undefined;
    return [list === undefined ? change : replacing(list)];
  }

  #follow(change: SharedChange): SharedChange {
    if (change.kind === 'variable') {
      if (change.value === undefined) this.#variables.delete(change.name);
      else this.#variables.set(change.name, change.value);
      return change;
    }
    if (change.kind === 'dynamic-cookie') return change;
    const list = this.patterns.find(change.list);
    if (list === undefined) return change;
    const followed = { ...change, list: list.key };
    list.isChanged = true;
    applyPatternChange(this.patterns, followed);
    this.#counts.changed(list);
    return followed;
  }

  /** `origin`: the thread they come from, and what it gets in their place. */
  async #send(changes: readonly SharedChange[], origin?: Origin): Promise<void> {
    const number = ++this.#number;
    await this.#calls.each(thread => {
      const wanted = thread === origin?.thread ? origin.changes : changes;
      if (wanted.length > 0) this.#sent.set(thread, number);
      return { kind: 'changes', changes: wanted, number: this.#sent.get(thread) ?? 0 };
    });
  }

  /** For a thread that starts later than the others. */
  sinceStart(): readonly SharedChange[] {
    const changed = this.patterns.lists().filter(({ isChanged }) => isChanged);
    const lists = changed.map(list => replacing(list));
    const variables = [...this.#variables].map(([name, value]) => ({
      kind: 'variable' as const,
      name,
      value,
    }));
    return [...lists, ...variables, ...this.#cookies.values()];
  }
}
