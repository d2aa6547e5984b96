/** What of one kind was set and is not committed: one file at a time (management manual, `set ssl cert`). */
import { done, refused, type Outcome } from './outcome.ts';

export class Ongoing<Pending extends { readonly name: string }> {
  pending: Pending | undefined;

  /** Why this one cannot be set now; undefined: it can. */
  otherThan(name: string): string | undefined {
    const { pending } = this;
    if (pending === undefined || pending.name === name) return undefined;
    return `The ongoing transaction is about '${pending.name}' but you are trying to set '${name}'`;
  }

  /** What is to be committed; a text: why there is nothing. */
  toCommit(name: string): Pending | string {
    return this.otherThan(name) ?? this.pending ?? 'No ongoing transaction! !';
  }

  abort(name: string): Outcome {
    const { pending } = this;
    if (pending === undefined) return refused('No ongoing transaction!');
    if (pending.name !== name)
      return refused(
        `The ongoing transaction is about '${pending.name}' but you are trying to abort a transaction for '${name}'`,
      );
    this.pending = undefined;
    return done(`Transaction aborted for certificate '${name}'!`);
  }
}
