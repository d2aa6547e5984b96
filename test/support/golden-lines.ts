/** The lines of the golden configurations in test/cases/config, for tests that ask which words stand there. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = 'test/cases/config';

/** Lines of one case for which the parser has no alert. */
function acceptedLinesOf(name: string): readonly string[] {
  const said = readFileSync(join(FOLDER, `${name}.expected`), 'utf8');
  const refused = new Set<number>();
  for (const [, line] of said.matchAll(/^\[ALERT\] .*?\.cfg:(\d+)\]/gm)) refused.add(Number(line));
  return linesOf(name).filter((_, index) => !refused.has(index + 1));
}

function linesOf(name: string): readonly string[] {
  const lines = readFileSync(join(FOLDER, `${name}.cfg`), 'utf8').split('\n');
  return lines.map(line => line.trim().replaceAll(/\s+/g, ' '));
}

function caseNames(): readonly string[] {
  const files = readdirSync(FOLDER).filter(file => file.endsWith('.cfg'));
  return files.map(file => file.slice(0, -'.cfg'.length));
}

export function allGoldenLines(): readonly string[] {
  return caseNames().flatMap(linesOf);
}

export function acceptedGoldenLines(): readonly string[] {
  return caseNames().flatMap(acceptedLinesOf);
}
