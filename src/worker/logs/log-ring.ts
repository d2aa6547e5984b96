/**
 * Lines that are kept in memory until newer ones need their room (`ring` sections). Who reads holds the number of the next
 * line; what was overwritten before it was read is lost to that reader alone. Lives in the control thread.
 */
import type { RingSettings } from './ring-settings.ts';

/** What a line takes beside its bytes, as in HAProxy's rings. */
const OVERHEAD = 2;

export class LogRing {
  readonly settings: RingSettings;
  /** Lines that were longer than the ring. */
  dropped = 0;
  readonly #file: ((lines: readonly string[]) => void) | undefined;
  #lines: string[] = [];
  /** Lines in front of this place are gone. */
  #from = 0;
  #bytes = 0;
  /** The number of the oldest line there is. */
  #first = 0;
  readonly #readers = new Set<() => void>();

  /** `file`: takes the same lines. */
  constructor(settings: RingSettings, file?: (lines: readonly string[]) => void) {
    this.settings = settings;
    this.#file = file;
  }

  /** One char a byte, without a line end. */
  write(lines: readonly string[]): void {
    for (const line of lines) this.#add(line);
    this.#file?.(lines);
    for (const reader of this.#readers) reader();
  }

  #add(line: string): void {
    const size = line.length + OVERHEAD;
    if (size > this.settings.bytes) {
      this.dropped++;
      return;
    }
    this.#lines.push(line);
    for (this.#bytes += size; this.#bytes > this.settings.bytes; this.#first++)
      this.#bytes -= (this.#lines[this.#from++] as string).length + OVERHEAD;
    if (this.#from * 2 < this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#from);
    this.#from = 0;
  }

  /** The number of the oldest line that is still there. */
  get oldest(): number {
    return this.#first;
  }

  /** The number the next line gets. */
  get next(): number {
    return this.#first + this.#lines.length - this.#from;
  }

  /** All lines from that number on that are still there. */
  since(number: number): readonly string[] {
    return this.#lines.slice(this.#from + Math.max(number - this.#first, 0));
  }

  /** Calls when there are new lines; ends when the answer is called. */
  follow(reader: () => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }
}
