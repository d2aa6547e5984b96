/** A place in the configuration, as lists of patterns tell who uses them (management manual, `show acl`, `show map`). */
import type { Position } from '../model/diagnostic.ts';

export function placeText({ file, line }: Position): string {
  return `file '${file}' line ${line}`;
}
