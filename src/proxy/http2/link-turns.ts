/** Whose turn it is among the streams of a connection to a server: those that wait to be opened, those that have news. */
import type { LinkStream } from './link-stream.ts';

export class LinkTurns {
  #waiting: LinkStream[] = [];
  #due: LinkStream[] = [];

  /** Until the server lets one more be opened. */
  wait(stream: LinkStream): void {
    this.#waiting.push(stream);
  }

  forget(stream: LinkStream): void {
    this.#waiting = this.#waiting.filter(one => one !== stream);
  }

  /** It is told at the next turn. False: it will be anyway. */
  due(stream: LinkStream): boolean {
    if (stream.isDue) return false;
    stream.isDue = true;
    this.#due.push(stream);
    return true;
  }

  /** Opens what may be opened and tells all that are due, those too that become so meanwhile. */
  take(link: { readonly mayOpen: boolean }): void {
    do {
      while (this.#waiting.length > 0 && link.mayOpen) this.#waiting.shift()?.opens();
      const due = this.#due;
      this.#due = [];
      for (const stream of due) stream.tell();
    } while (this.#due.length > 0 || (this.#waiting.length > 0 && link.mayOpen));
  }

  /** None will be opened any more. */
  refuse(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const stream of waiting) stream.refuse();
  }
}
