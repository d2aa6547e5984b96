/** Error pages: `errorfile`, `errorloc*`, `errorfiles`, `http-error` (manual, section 4.2), in proxies and http-errors. */
import type { ErrorFile } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';

/** Statuses that this program may answer by itself; 200 is that of monitor-uri. */
const STATUSES: readonly number[] = [
  200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 421, 422, 425, 429, 431, 500, 501, 502, 503, 504,
];

function readErrorStatus(word: Word | undefined, keyword: string, context: LineContext): number | undefined {
  const status = Number(word?.text);
  if (STATUSES.includes(status)) return status;
  context.alert(word ?? context.position, `${keyword} : status code '${word?.text ?? ''}' not handled.`);
  return undefined;
}

/** `errorfile <code> <file>`: the file holds a whole answer, read now so that a missing one is seen at start. */
export function readErrorFile(words: readonly Word[], context: LineContext): ErrorFile | undefined {
  const status = readErrorStatus(words[0], 'errorfile', context);
  const path = words[1];
  if (status === undefined || path === undefined) return undefined;
  const file = context.readFile(path.text);
  if ('error' in file) {
    context.alert(path, `errorfile : error opening file '${path.text}' (${file.error}).`);
    return undefined;
  }
  if (file.text !== '' && !/^HTTP\/1\.[01] \d{3}[ \r\n]/.test(file.text)) {
    context.alert(
      path,
      `errorfile : '${path.text}': invalid error message: it does not start with a status line.`,
    );
    return undefined;
  }
  const source = { kind: 'file', path: path.text, content: file.text } as const;
  return { position: context.position, status, source };
}

/** `errorloc`, `errorloc302` and `errorloc303`. */
export function readErrorLocation(
  keyword: string,
  words: readonly Word[],
  context: LineContext,
): ErrorFile | undefined {
  const status = readErrorStatus(words[0], keyword, context);
  const url = words[1];
  if (status === undefined || url === undefined) return undefined;
  const code = keyword === 'errorloc303' ? 303 : 302;
  return { position: context.position, status, source: { kind: 'location', code, url: url.text } };
}

/** `errorfiles <name> [<code> ...]`: status 0 stands for all that the section has. */
export function readErrorFiles(words: readonly Word[], context: LineContext): ErrorFile[] {
  const [name, ...codes] = words;
  if (name === undefined) return [];
  const source = { kind: 'section', name: name.text } as const;
  if (codes.length === 0) return [{ position: context.position, status: 0, source }];
  return codes.flatMap(code => {
    const status = readErrorStatus(code, 'errorfiles', context);
    return status === undefined ? [] : [{ position: context.position, status, source }];
  });
}

const BODIES: readonly string[] = ['errorfile', 'errorfiles', 'file', 'lf-file', 'string', 'lf-string'];

/** Checks that every word is known and the files can be read; rules/ makes the answer of it. */
function checkReply(words: readonly Word[], context: LineContext): boolean {
  let body: string | undefined;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as Word;
    const isBody = BODIES.includes(word.text) || word.text === 'default-errorfiles';
    if (isBody && body !== undefined) {
      context.alert(word, `http-error : unexpected '${word.text}' argument, '${body}' already defined`);
      return false;
    }
    if (isBody) body = word.text;
    const values = word.text === 'hdr' ? 2 : word.text === 'default-errorfiles' ? 0 : 1;
    if (!isBody && !['status', 'content-type', 'hdr'].includes(word.text)) {
      context.alert(word, `http-error : unknown keyword '${word.text}'.`);
      return false;
    }
    const last = words[index + values];
    if (values > 0 && last === undefined) {
      context.alert(
        word,
        `http-error : '${word.text}' expects ${values === 2 ? '<name> and <value>' : 'an argument'}.`,
      );
      return false;
    }
    if (/^(errorfile|file|lf-file)$/.test(word.text)) {
      const file = context.readFile(last?.text ?? '');
      if ('error' in file) {
        context.alert(last ?? word, `http-error : error opening file '${last?.text ?? ''}' (${file.error}).`);
        return false;
      }
    }
    index += values;
  }
  return true;
}

/** `http-error status <code> ...` in any order of its arguments; `words` behind the keyword. */
export function readHttpError(words: readonly Word[], context: LineContext): ErrorFile | undefined {
  if (!checkReply(words, context)) return undefined;
  const at = words.findIndex(word => word.text === 'status');
  if (at < 0) {
    context.alert(context.position, 'http-error : expects at least a <status> as arguments.');
    return undefined;
  }
  const status = readErrorStatus(words[at + 1], 'http-error', context);
  if (status === undefined) return undefined;
  return { position: context.position, status, source: { kind: 'http-error', args: words } };
}
