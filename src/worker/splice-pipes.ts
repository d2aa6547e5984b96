/** Pipes that a data thread moves large bodies through inside the kernel (manual, `maxpipes`, `nosplice`, `tune.pipesize`). */
import { parseSize } from '../config-parser/units.ts';
import type { Global } from '../model/global.ts';

const SIZE = 262_144;
/** More transfers at once than that are received and sent as ever. */
const AT_ONCE = 16;

export function pipesOf(global: Global, nbthread: number): { readonly size: number; readonly limit: number } {
  const { tune, flags, otherLines } = global;
  const size = parseSize(tune.other.get('tune.pipesize')?.[0] ?? '').value || SIZE;
  const maxpipes = otherLines.findLast(([word]) => word?.text === 'maxpipes')?.[1]?.text;
  const limit = maxpipes === undefined ? AT_ONCE : Math.ceil(Number(maxpipes) / nbthread);
  return { size, limit: flags.has('nosplice') ? 0 : limit };
}
