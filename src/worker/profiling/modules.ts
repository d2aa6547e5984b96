/** Which module a line of joined code came from: the line above each module names it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HEADING = /^\/\/ (?:\S*\/)?dist\/src\/(\S+)\.js$/;
const SINGLE = /\/dist\/src\/(\S+)\.js$/;

interface Heading {
  readonly line: number;
  readonly module: string;
}

function readHeadings(path: string): readonly Heading[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((text, line) => {
        const module = HEADING.exec(text)?.[1];
        return module === undefined ? [] : [{ line, module }];
      });
  } catch {
    // It may lie outside a chroot: places are told without their modules then.
    return [];
  }
}

export class Modules {
  readonly #files = new Map<string, readonly Heading[]>();

  /** `line` counts from 0; empty: in none of ours. */
  at(url: string, line: number): string {
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    const [, single] = SINGLE.exec(path) ?? [];
    if (single !== undefined) return single;
    if (!path.startsWith('/')) return '';
    let headings = this.#files.get(path);
    if (headings === undefined) this.#files.set(path, (headings = readHeadings(path)));
    return headings.findLast(heading => heading.line <= line)?.module ?? '';
  }
}
