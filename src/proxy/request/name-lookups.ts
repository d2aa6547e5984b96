/**
 * Names that rules of this thread want resolved (`do-resolve`): the control thread asks the nameservers, and its
 * answers come back by number.
 */
import { parseIp, type IpAddress } from '../../base/ip-address.ts';
import type { ResolveRequest } from '../../rules/context.ts';

export type NameQuestion = ResolveRequest;

export class NameLookups {
  readonly #ask: (id: number, question: NameQuestion) => void;
  readonly #waiting = new Map<number, (address: IpAddress | undefined) => void>();
  #last = 0;

  constructor(ask: (id: number, question: NameQuestion) => void) {
    this.#ask = ask;
  }

  lookUp(question: NameQuestion, done: (address: IpAddress | undefined) => void): void {
    const id = ++this.#last;
    this.#waiting.set(id, done);
    this.#ask(id, question);
  }

  answered(id: number, host: string | undefined): void {
    const done = this.#waiting.get(id);
    this.#waiting.delete(id);
    done?.(host === undefined ? undefined : parseIp(host));
  }
}
