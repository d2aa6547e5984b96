/** How the certificates of a `bind` line are found: all its listeners have the same. */
import type { Position } from '../../model/diagnostic.ts';

export function listenerKey({ file, line }: Position): string {
  return `${file}:${line}`;
}
