/** The text of ACL and map files (manual, section 7.1.2), line by line. */
interface PatternLine {
  readonly key: string;
  readonly value: string | undefined;
  readonly line: number;
}

/** Lines of a pattern file: `#` in the first column and blank lines do not count. */
export function* patternLines(content: string, isMap: boolean): IterableIterator<PatternLine> {
  let line = 0;
  for (const raw of content.split('\n')) {
    line++;
    if (raw.startsWith('#')) continue;
    const text = (raw.split('\r', 1)[0] as string).replace(/^[ \t]+/, '');
    if (text === '') continue;
    if (!isMap) yield { key: text, value: undefined, line };
    else {
      const [, key, value] = /^([^ \t]+)[ \t]*([^]*?)[ \t]*$/.exec(text) as unknown as [
        string,
        string,
        string,
      ];
      yield { key, value, line };
    }
  }
}
