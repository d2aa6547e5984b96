/** `-dL`: the program and the shared objects that are mapped into this process, one a line. */
import { readFileSync } from 'node:fs';

/** `withRanges`: where they are in memory, too. */
export function loadedLibraries(withRanges: boolean): string {
  const ranges = new Map<string, { readonly from: string; to: string }>();
  for (const [, from = '', to = '', path = ''] of mappings()) {
    const known = ranges.get(path);
    if (known === undefined) ranges.set(path, { from, to });
    else known.to = to;
  }
  return [...ranges]
    .map(([path, { from, to }]) => (withRanges ? `${from}-${to} ${path}\n` : `${path}\n`))
    .join('');
}

/** Files of programs and libraries: those with a mapping that may be executed. */
function mappings(): RegExpMatchArray[] {
  const text = readFileSync('/proc/self/maps', 'latin1');
  const all = [...text.matchAll(/^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ +(\/.*)$/gm)];
  const executable = new Set(all.filter(([, , , rights = '']) => rights[2] === 'x').map(match => match[4]));
  return all
    .filter(match => executable.has(match[4]))
    .map(match => [match[0], match[1], match[2], match[4]] as RegExpMatchArray);
}
