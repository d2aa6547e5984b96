/**
 * Whose early data is accepted (RFC 8446, sections 4.2.10 and 8). OpenSSL has looked at the binder and at the age of the
 * ticket when it asks. What is left: the ticket is of this very process, and of a session with the same name, protocol and
 * cipher, which a note in it tells; and its hello was not seen before.
 */
import { createHash } from 'node:crypto';

/** Bytes that a client may send ahead: as much as a record has. */
export const MOST_EARLY_DATA = 16_384;

/** What has to be as it was. */
export interface EarlyTerms {
  readonly sni: string | undefined;
  /** What ALPN agrees on. */
  readonly protocol: string | undefined;
  /** OpenSSL's name. */
  readonly cipher: string | undefined;
}

/** What all threads have seen (state/seen-hellos.ts). */
interface HelloRecord {
  /** Which process this is. */
  readonly instance: Buffer;
  /** True once at most; `second`: of the wall clock. */
  isFirst(binder: Buffer, second: number): boolean;
}

export class EarlyGuard {
  readonly #seen: HelloRecord;

  constructor(seen: HelloRecord) {
    this.#seen = seen;
  }

  /** What tickets of such a session are to tell. */
  noteOf({ sni, protocol, cipher }: EarlyTerms): Buffer {
    const terms = JSON.stringify([sni?.toLowerCase(), protocol, cipher]);
    return createHash('sha256').update(this.#seen.instance).update(terms).digest();
  }

  /** `note`: of the ticket. `binder`: of the hello, good as OpenSSL says. True once a hello at most. */
  accepts(note: Buffer | undefined, terms: EarlyTerms, binder: Buffer): boolean {
    if (note === undefined || !note.equals(this.noteOf(terms))) return false;
    return this.#seen.isFirst(binder, Math.floor(Date.now() / 1000));
  }
}
