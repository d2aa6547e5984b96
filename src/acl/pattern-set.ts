/**
 * One way of looking into a list of patterns: an index for a match method, a case rule and a type of values. The list
 * (pattern-list.ts) tells it what comes, goes and changes.
 */
import { appended } from '../base/appended.ts';
import type { AddressOf } from './match/address.ts';
import { createIndex } from './match/method.ts';
import type { MatchMethod } from './match/method.ts';
import type { PatternEntry, PatternIndex, StoredPattern } from './match/pattern.ts';
import type { Sample, Value } from './sample.ts';

/** A map's right column in its type; undefined: it cannot be read as that. */
export type ParseValue = (text: string) => Sample | undefined;

/** The list that is looked into. */
export interface PatternSource {
  /** Of the visible version. */
  entries(): readonly PatternEntry[];
  /** Calls back after each change. */
  watch(changed: () => void): void;
}

/** One way of looking into a list. */
export class PatternSet {
  readonly list: PatternSource;
  readonly method: MatchMethod;
  readonly ignoreCase: boolean;
  readonly parseValue: ParseValue | undefined;
  /** Undefined: host names are not looked up. */
  readonly addressOf: AddressOf | undefined;
  #index: PatternIndex;
  /** What was inserted, until an entry is asked for. */
  #patterns: StoredPattern[] = [];
  /** Instead, from then on: few lists are ever changed. */
  #byEntry: Map<PatternEntry, StoredPattern> | undefined;

  constructor(
    list: PatternSource,
    method: MatchMethod,
    ignoreCase: boolean,
    parseValue: ParseValue | undefined,
    addressOf: AddressOf | undefined,
  ) {
    this.list = list;
    this.method = method;
    this.ignoreCase = ignoreCase;
    this.parseValue = parseValue;
    this.addressOf = addressOf;
    this.#index = createIndex(method, ignoreCase, addressOf);
  }

  find(value: Value): StoredPattern | undefined {
    return this.#index.find(value);
  }

  test(value: Value): boolean {
    return this.#index.find(value) !== undefined;
  }

  get index(): PatternIndex {
    return this.#index;
  }

  /** Answers why the entry cannot stand here. */
  insert(entry: PatternEntry): string | undefined {
    const data = this.#parse(entry.value);
    if ('error' in data) return data.error;
    const pattern: StoredPattern = { entry, data: data.value };
    const wrong = this.#index.insert(pattern);
    if (wrong !== undefined) return wrong;
    if (this.#byEntry === undefined) this.#patterns = appended(this.#patterns, pattern);
    else this.#byEntry.set(entry, pattern);
    return undefined;
  }

  #parse(text: string | undefined): { readonly value: Sample | undefined } | { readonly error: string } {
    if (this.parseValue === undefined || text === undefined) return { value: text };
    const value = this.parseValue(text);
    return value === undefined ? { error: `unable to parse '${text}'` } : { value };
  }

  remove(entry: PatternEntry): void {
    const stored = this.#stored();
    const pattern = stored.get(entry);
    if (pattern === undefined) return;
    stored.delete(entry);
    this.#index.remove(pattern);
  }

  #stored(): Map<PatternEntry, StoredPattern> {
    this.#byEntry ??= new Map(this.#patterns.map(pattern => [pattern.entry, pattern]));
    this.#patterns = [];
    return this.#byEntry;
  }

  /** Whether the text can be the value of an entry. */
  accepts(text: string): boolean {
    return !('error' in this.#parse(text));
  }

  update(entry: PatternEntry): void {
    const pattern = this.#stored().get(entry);
    const parsed = this.#parse(entry.value);
    if (pattern !== undefined && 'value' in parsed) pattern.data = parsed.value;
  }

  reset(): void {
    this.#index = createIndex(this.method, this.ignoreCase, this.addressOf);
    this.#patterns = [];
    this.#byEntry = undefined;
  }
}
