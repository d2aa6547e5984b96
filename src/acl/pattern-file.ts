/** The text of ACL and map files (manual, section 7.1.2), line by line. */

/** `line`: its number in the file. */
type VisitPattern = (key: string, value: string | undefined, line: number) => void;

const BLANK = 32;
const TAB = 9;
const HASH = 35;

/** Visits the patterns of a file: `#` in the first column and blank lines do not count, what follows a carriage return neither. */
export function eachPatternLine(content: string, isMap: boolean, visit: VisitPattern): void {
  const hasReturns = content.includes('\r');
  let line = 0;
  for (let start = 0; start < content.length;) {
    line++;
    const end = endOf(content, '\n', start, content.length);
    const textEnd = hasReturns ? endOf(content, '\r', start, end) : end;
    const first = skipBlanks(content, start, textEnd);
    if (first < textEnd && content.charCodeAt(start) !== HASH) {
      if (isMap) visitPair(content, first, textEnd, line, visit);
      else visit(content.slice(first, textEnd), undefined, line);
    }
    start = end + 1;
  }
}

/** Two columns; the second goes to the end of the line, and may be empty. */
function visitPair(content: string, start: number, end: number, line: number, visit: VisitPattern): void {
  let keyEnd = start;
  while (keyEnd < end && !isBlank(content, keyEnd)) keyEnd++;
  const valueStart = skipBlanks(content, keyEnd, end);
  let valueEnd = end;
  while (valueEnd > valueStart && isBlank(content, valueEnd - 1)) valueEnd--;
  visit(content.slice(start, keyEnd), content.slice(valueStart, valueEnd), line);
}

/** Where the letter stands, `end` if not before that. */
function endOf(content: string, letter: string, start: number, end: number): number {
  const at = content.indexOf(letter, start);
  return at < 0 || at > end ? end : at;
}

function isBlank(content: string, at: number): boolean {
  const code = content.charCodeAt(at);
  return code === BLANK || code === TAB;
}

function skipBlanks(content: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(content, at)) at++;
  return at;
}
