/** Diagnostics of all stages of a load as one list, in the order of files and lines. */
import type { Diagnostic, Position } from '../model/diagnostic.ts';

/** The last line of a load that failed. */
export const FATAL_ERRORS_FOUND: Diagnostic = {
  severity: 'alert',
  position: { file: '', line: 0, column: 0 },
  message: 'Fatal errors found in configuration.',
};

function lineKey({ file, line }: Position): string {
  return `${line} ${file}`;
}

/** The lines alerts that stop the load are about. */
export function linesWithMistakes(diagnostics: readonly Diagnostic[]): ReadonlySet<string> {
  const found = diagnostics.filter(({ severity, harmless }) => severity === 'alert' && harmless !== true);
  return new Set(found.filter(({ position }) => position.line > 0).map(({ position }) => lineKey(position)));
}

/**
 * Whether a later stage may say this beside the mistakes of an earlier one: it must be a mistake too, of another line,
 * for what it says of the same line, or warns of, may follow from what was misunderstood.
 */
export function isNewMistake(diagnostic: Diagnostic, known: ReadonlySet<string>): boolean {
  return diagnostic.severity === 'alert' && !known.has(lineKey(diagnostic.position));
}

/** Without those that say of a place what was said of it: lines that several sections take over. */
function withoutRepetitions(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const said = new Set<string>();
  return diagnostics.filter(({ severity, position, message }) => {
    if (position.line === 0) return true;
    const key = `${severity} ${position.column} ${lineKey(position)}\n${message}`;
    return said.size !== said.add(key).size;
  });
}

/**
 * Each once, sorted by file and line where both are known; what is about a file as a whole, or about all of them, comes
 * last.
 */
export function inOrder(diagnostics: readonly Diagnostic[], files: readonly string[]): Diagnostic[] {
  const places = new Map(files.map((file, index) => [file, index]));
  const placeOf = ({ file }: Position): number => places.get(file) ?? files.length;
  const lineOf = ({ line }: Position): number => (line > 0 ? line : Number.POSITIVE_INFINITY);
  return withoutRepetitions(diagnostics).sort(({ position: left }, { position: right }) => {
    const byFile = placeOf(left) - placeOf(right);
    if (byFile !== 0) return byFile;
    const [before, after] = [lineOf(left), lineOf(right)];
    return before === after ? 0 : before - after;
  });
}
