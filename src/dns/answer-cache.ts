/**
 * What a name has answered to lately: a nameserver need not give all records in one answer, so that one is forgotten
 * only when `hold obsolete` has passed without it (manual, section 5.3.2).
 */
import type { IpAddress } from '../base/ip-address.ts';
import type { Outcome, SrvTarget } from './outcome.ts';

interface Seen<T> {
  value: T;
  lastMs: number;
}

export class AnswerCache {
  readonly #addresses = new Map<string, Seen<IpAddress>>();
  readonly #targets = new Map<string, Seen<SrvTarget>>();
  readonly #texts = new Map<string, Seen<string>>();

  get addresses(): readonly IpAddress[] {
    return [...this.#addresses.values()].map(({ value }) => value);
  }

  get targets(): readonly SrvTarget[] {
    return [...this.#targets.values()].map(({ value }) => value);
  }

  get texts(): readonly string[] {
    return [...this.#texts.keys()];
  }

  take(outcome: Outcome, nowMs: number, obsoleteMs: number): void {
    if (outcome.kind === 'addresses')
      for (const address of outcome.addresses) see(this.#addresses, address.toString(), address, nowMs);
    if (outcome.kind === 'targets')
      for (const target of outcome.targets)
        see(this.#targets, `${target.host} ${target.port}`, target, nowMs);
    if (outcome.kind === 'texts') for (const text of outcome.texts) see(this.#texts, text, text, nowMs);
    for (const seen of [this.#addresses, this.#targets, this.#texts])
      for (const [key, { lastMs }] of seen) if (lastMs + obsoleteMs < nowMs) seen.delete(key);
  }

  clear(): void {
    this.#addresses.clear();
    this.#targets.clear();
    this.#texts.clear();
  }
}

function see<T>(seen: Map<string, Seen<T>>, key: string, value: T, lastMs: number): void {
  const known = seen.get(key);
  if (known === undefined) seen.set(key, { value, lastMs });
  else Object.assign(known, { value, lastMs });
}
