/** The name one exchange waits for: the rule that asked is run again when the answer is here. */
import type { IpAddress } from '../../base/ip-address.ts';
import type { NameLookups, NameQuestion } from './name-lookups.ts';

export class PendingName {
  /** Called when the answer is here. */
  onAnswer: () => void = () => {};
  #question: NameQuestion | undefined;
  #answer: IpAddress | undefined;
  #isHere = false;

  /** The exchange is over: an answer that comes later is for nobody. */
  forget(): void {
    this.#question = undefined;
  }

  resolve(question: NameQuestion, lookups: NameLookups): IpAddress | 'pending' | undefined {
    if (this.#question === undefined) this.#start(question, lookups);
    if (!this.#isHere) return 'pending';
    this.#question = undefined;
    return this.#answer;
  }

  #start(question: NameQuestion, lookups: NameLookups): void {
    this.#question = question;
    this.#isHere = false;
    lookups.lookUp(question, address => {
      if (this.#question !== question) return;
      this.#answer = address;
      this.#isHere = true;
      this.onAnswer();
    });
  }
}
