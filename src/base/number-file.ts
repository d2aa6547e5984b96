/** A file whose text begins with a number, as monitors and administrators write it (keepalived.conf(5), track_file). */
import { readFileSync } from 'node:fs';

const MOST = 2_147_483_647;

/** The number at the start of the text; 0 when there is none. */
export function numberIn(text: string): number {
  const found = /^\s*([+-]?\d+)/.exec(text);
  return found === null ? 0 : Math.max(-MOST, Math.min(MOST, Number(found[1])));
}

/** A file that cannot be read counts as 0. */
export function readNumber(path: string): number {
  try {
    return numberIn(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
}
