/** All rings of a process, in its control thread, and how log lines of any thread get into them. */
import type { ByteLine } from '../../base/byte-line.ts';
import { latin1Slice } from '../../base/latin1.ts';
import type { Config } from '../../model/config.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import { LogRing } from './log-ring.ts';
import type { LogOutlet } from './log-outlet.ts';
import type { RingFile } from './ring-file.ts';
import { RingSender } from './ring-sender.ts';
import { ringsOf, type RingSettings } from './ring-settings.ts';

/** Where a thread's lines for rings go. */
export interface RingPlaces {
  readonly settings: ReadonlyMap<string, RingSettings>;
  write(ring: string, lines: readonly string[]): void;
}

export class LogRings implements RingPlaces {
  readonly settings: ReadonlyMap<string, RingSettings>;
  readonly #rings: ReadonlyMap<string, LogRing>;
  readonly #senders: readonly RingSender[];
  readonly #files: readonly RingFile[];

  /** `files`: of those that have one. */
  constructor(
    config: Config,
    files: ReadonlyMap<string, RingFile>,
    secure: SecureConnect,
    complain: (text: string) => void,
  ) {
    this.settings = ringsOf(config);
    this.#files = [...files.values()];
    this.#rings = new Map(
      [...this.settings].map(([name, settings]) => {
        const file = files.get(name);
        const keep = (lines: readonly string[]): void => {
          const wrong = file?.append(lines);
          if (wrong !== undefined) complain(`backing-file of ring '${name}' is given up: ${wrong}`);
        };
        return [name, new LogRing(settings, file && keep)];
      }),
    );
    this.#senders = [...this.#rings.values()].flatMap(ring =>
      ring.settings.servers.map(server => new RingSender(ring, server, secure)),
    );
  }

  get all(): readonly LogRing[] {
    return [...this.#rings.values()];
  }

  /** Lines that were too long for their ring, or gone before a server of it could have them. */
  get lost(): number {
    let lost = 0;
    for (const { dropped } of this.#rings.values()) lost += dropped;
    for (const sender of this.#senders) lost += sender.lost;
    return lost;
  }

  write(name: string, lines: readonly string[]): void {
    this.#rings.get(name)?.write(lines);
  }

  close(): void {
    for (const sender of this.#senders) sender.close();
    for (const file of this.#files) file.close();
  }
}

/** Gathers the lines of a turn: they go to the control thread together. */
export class RingOutlet implements LogOutlet {
  readonly lost = 0;
  readonly #name: string;
  readonly #places: RingPlaces;
  readonly #longest: number;
  #lines: string[] = [];

  constructor(name: string, places: RingPlaces) {
    this.#name = name;
    this.#places = places;
    this.#longest = places.settings.get(name)?.longestLine ?? 0;
  }

  send(header: Uint8Array, line: ByteLine, room: number): void {
    if (this.#lines.length === 0) queueMicrotask(() => this.#pass());
    const head = Buffer.from(header.buffer, header.byteOffset, header.length);
    const text = latin1Slice(head, 0, head.length) + latin1Slice(line.bytes, 0, line.length);
    this.#lines.push(text.slice(0, Math.min(room, this.#longest)));
  }

  #pass(): void {
    this.#places.write(this.#name, this.#lines);
    this.#lines = [];
  }

  close(): void {
    this.#pass();
  }
}
