/**
 * Lines of a crt-list: `<crtfile> [\[<option> ...\]] [[!]<snifilter> ...]` (manual, section 5.1), and the same options
 * where they stand elsewhere (`ssl-f-use`, the admin socket). Options are read by the rows that read them on `bind` lines.
 */
import type { TlsLineOptions } from '../../model/bind.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';
import type { BindDraft, BindOption } from './bind-draft.ts';
import { createBindDraft } from './bind-line.ts';
import { BIND_TLS_OPTIONS } from './bind-options-tls.ts';
import { isLoadOption, readLoadOption, type CertificateLoad, type LoadDraft } from './crt-load-options.ts';

export interface CrtListLine {
  readonly crt: string;
  readonly options: TlsLineOptions;
  readonly load: CertificateLoad;
  /** As written; `!` in front excludes, a lone `*` makes it a default certificate. */
  readonly filters: readonly string[];
}

/** Those of `bind` that a line may say too. */
const LINE_OPTIONS: ReadonlyMap<string, BindOption> = new Map(
  BIND_TLS_OPTIONS.filter(({ name }) =>
    new Set([
      'allow-0rtt',
      'alpn',
      'ca-file',
      'ca-verify-file',
      'ciphers',
      'ciphersuites',
      'client-sigalgs',
      'crl-file',
      'curves',
      'ecdhe',
      'ktls',
      'no-alpn',
      'no-ca-names',
      'npn',
      'sigalgs',
      'ssl-min-ver',
      'ssl-max-ver',
      'verify',
    ]).has(name),
  ).map(row => [row.name, row]),
);

const MOST_WORDS = 2048;

interface SplitLine {
  readonly words: readonly string[];
  /** Index of the first option, and behind the last; both undefined without brackets. */
  readonly begin: number | undefined;
  readonly end: number | undefined;
}

/** Brackets part words too. A text says what is wrong. */
function split(line: string): SplitLine | string {
  const words: string[] = [];
  let begin: number | undefined;
  let end: number | undefined;
  for (const [token] of line.matchAll(/[[\]]|[^\s[\]]+/g)) {
    if (token === '[') {
      if (begin !== undefined) return `too many '['`;
      if (words.length === 0) return 'file must start with a cert';
      begin = words.length;
    } else if (token === ']') {
      if (end !== undefined) return `too many ']'`;
      if (begin === undefined) return `missing '['`;
      end = words.length;
    } else {
      if (words.length === MOST_WORDS) return 'too many args ';
      words.push(token);
    }
  }
  return { words, begin, end };
}

/** Undefined: the line is empty. */
export function parseCrtListLine(
  text: string,
  position: Position,
): { readonly line: CrtListLine; readonly warning?: string } | { readonly error: string } | undefined {
  const where = `parsing [${position.file}:${position.line}]: `;
  const parts = split(text);
  if (typeof parts === 'string') return { error: where + parts };
  const { words, begin = 1, end = begin } = parts;
  const [crt] = words;
  if (crt === undefined) return undefined;
  const read = readLineOptions(words.slice(begin, end), position);
  if ('error' in read) return { error: where + read.error };
  // a bracket that is never closed: HAProxy takes what follows it for filters
  const filters = words.slice(Math.max(begin, end));
  const line = { crt, ...read, filters };
  if (begin === 1) return { line };
  const warning = `${where}malformated line, filters can't be between filename and options!`;
  return { line, warning };
}

/** Options one after the other, without brackets. */
export function readLineOptions(
  words: readonly string[],
  position: Position,
): { readonly options: TlsLineOptions; readonly load: CertificateLoad } | { readonly error: string } {
  const draft = createBindDraft(1);
  const load: LoadDraft = {};
  const said = new Set<string>();
  for (let index = 0; index < words.length;) {
    const option = words[index] as string;
    const row = LINE_OPTIONS.get(option);
    if (row === undefined && !isLoadOption(option)) return { error: `unknown ssl keyword ${option}` };
    const length = row === undefined ? 2 : 1 + row.words;
    const value = words[index + 1];
    if (length === 2 && value === undefined) return { error: `ssl args out of '[]' for ${option}` };
    const wrong =
      row === undefined
        ? readLoadOption(load, option, value ?? '')
        : readRow(row, draft, words, index, position);
    if (wrong !== undefined) return { error: wrong };
    said.add(option);
    index += length;
  }
  return { options: optionsOf(draft, said), load };
}

function readRow(
  row: BindOption,
  bind: BindDraft,
  words: readonly string[],
  index: number,
  position: Position,
): string | undefined {
  const wrong: string[] = [];
  const wordAt = (at: number): Word => ({ text: words[at] ?? '', position });
  const value = row.words === 1 ? wordAt(index + 1) : undefined;
  row.parse({ bind, option: wordAt(index), value, context: contextOf(position, wrong) });
  return wrong[0];
}

/** Rows of TLS options report and resolve paths, no more. */
function contextOf(position: Position, wrong: string[]): LineContext {
  return {
    section: 'frontend',
    line: [],
    position,
    environment: () => undefined,
    variables: undefined as never,
    readFile: () => ({ error: 'no file is read here' }),
    resolvePath: path => path,
    globalTls: new Map(),
    useExperimental: () => false,
    alert: (_, message) => void wrong.push(message),
    complain: () => undefined,
    warn: () => undefined,
    notSupportedYet: () => undefined,
  };
}

const SETTINGS = [
  'caFile',
  'caVerifyFile',
  'crlFile',
  'noCaNames',
  'earlyData',
  'npn',
  'ciphers',
  'ciphersuites',
  'curves',
  'ecdhe',
  'sigalgs',
  'clientSigalgs',
  'minVersion',
  'maxVersion',
] as const;

/** Only what was said: the rest is as the `bind` line says. */
function optionsOf({ tls, settings }: BindDraft, said: ReadonlySet<string>): TlsLineOptions {
  const given = SETTINGS.filter(name => tls[name] !== undefined).map(name => [name, tls[name]]);
  return {
    ...(Object.fromEntries(given) as TlsLineOptions),
    ...(said.has('verify') && { verify: tls.verify }),
    ...(settings.alpn !== undefined && { alpn: settings.alpn }),
  };
}
