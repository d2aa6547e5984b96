/** The named ACLs of one proxy (manual, section 7.1): several lines of one name are alternatives. */
import type { AclLine } from '../model/word.ts';

export class AclTable {
  readonly #lines = new Map<string, AclLine[]>();

  constructor(lines: readonly AclLine[]) {
    for (const line of lines) {
      const known = this.#lines.get(line.name);
      if (known === undefined) this.#lines.set(line.name, [line]);
      else known.push(line);
    }
  }

  linesOf(name: string): readonly AclLine[] | undefined {
    return this.#lines.get(name);
  }

  names(): IterableIterator<string> {
    return this.#lines.keys();
  }
}
