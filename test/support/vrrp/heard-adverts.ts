/** What a node hears of its peers (advert-ear.ts), from the first advert on: the phase of whatever is done to them. */
import type { Lab, Watched } from '../network-lab.ts';

export const ROUTER_ID = 51;

interface Heard {
  /** Date.now(). */
  readonly at: number;
}

export class HeardAdverts {
  readonly #ear: Watched;

  private constructor(ear: Watched) {
    this.#ear = ear;
  }

  static async at(lab: Lab, node: string, link = 0, routerId = ROUTER_ID): Promise<HeardAdverts> {
    return new HeardAdverts(await lab.ear(node, `eth${link}`, routerId));
  }

  /** One that comes from now on. */
  async next(): Promise<void> {
    await this.#ear.line(/^\{/, this.#ear.lines.length);
  }

  firstAfter(time: number): number {
    return this.#all().find(({ at }) => at > time)?.at ?? NaN;
  }

  lastBefore(time: number): number {
    return this.#all().findLast(({ at }) => at < time)?.at ?? NaN;
  }

  close(): void {
    this.#ear.signal('SIGTERM');
  }

  #all(): Heard[] {
    return this.#ear.lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line) as Heard);
  }
}
