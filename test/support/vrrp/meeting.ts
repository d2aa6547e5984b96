/** Lets several walks through the same steps go on together, so that each disturbs the others at the same points. */
export class Meeting {
  #members: number;
  #waiting: (() => void)[] = [];

  constructor(members: number) {
    this.#members = members;
  }

  /** Resolves when all members are here. */
  async arrive(): Promise<void> {
    const here = new Promise<void>(resolve => this.#waiting.push(resolve));
    this.#goOn();
    return here;
  }

  /** One that has ended, or failed, is not waited for. */
  leave(): void {
    this.#members--;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#waiting.length < this.#members) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
