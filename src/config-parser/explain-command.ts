/** The words behind `lb explain`, as one typed value. worker/explain/ acts on it. */
import { isIP } from 'node:net';
import { parsed, refused, type Parsed } from './parsed.ts';

export interface ExplainOptions {
  readonly files: readonly string[];
  readonly request: ExplainedRequest;
  /** `-H`, each `Name: value`. */
  readonly headers: readonly ExplainedHeader[];
  /** `--data` */
  readonly body: string | undefined;
  /** `--src <ip>[:<port>]` */
  readonly source: { readonly host: string; readonly port: number };
  /** `--frontend`: the one that is to take the request, whatever its addresses. */
  readonly frontend: string | undefined;
  /** `--down <backend>/<server>` */
  readonly down: readonly string[];
  /** `--response <status>`: what the server is supposed to answer; undefined: the story ends at the server. */
  readonly responseStatus: number | undefined;
  readonly responseHeaders: readonly ExplainedHeader[];
  readonly json: boolean;
}

export type ExplainedHeader = readonly [name: string, value: string];

interface ExplainedRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Undefined: the URL was a path only. */
  readonly authority: string | undefined;
  /** Named by the URL, or by its scheme. */
  readonly port: number;
  /** Path and query, as sent. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
}

export const EXPLAIN_USAGE = [
  "Usage : lb explain -f <cfgfile|cfgdir> [options] '[<method>] <url> [HTTP/1.0]'",
  '        tells what would become of a request, without touching the network.',
  "        -H '<name>: <value>'         adds a header (repeatable)",
  '        --data <text>                sends a body',
  '        --src <ip>[:<port>]          comes from this address (default 127.0.0.1)',
  '        --frontend <name>            goes to this frontend whatever its addresses',
  '        --down <backend>/<server>    as if that server were down (repeatable)',
  '        --response <status>          goes on to what becomes of an answer with this status',
  "        --response-header '<n>: <v>' adds a header to that answer (repeatable)",
  '        --json                       prints data instead of text',
  '',
].join('\n');

interface Draft {
  files: string[];
  words: string[];
  headers: ExplainedHeader[];
  body: string | undefined;
  source: { host: string; port: number };
  frontend: string | undefined;
  down: string[];
  responseStatus: number | undefined;
  responseHeaders: ExplainedHeader[];
  json: boolean;
}

/** Answers what is wrong with the value, or nothing. */
type Taker = (draft: Draft, value: string) => string | undefined;

const OPTIONS: Readonly<Record<string, Taker>> = {
  '-f': (draft, value) => void draft.files.push(value),
  '-H': (draft, value) => addHeader(draft.headers, value),
  '--data': (draft, value) => void (draft.body = bytesOf(value)),
  '--src': takeSource,
  '--frontend': (draft, value) => void (draft.frontend = value),
  '--down': (draft, value) => {
    if (!/^[^/]+\/[^/]+$/.test(value)) return `--down expects <backend>/<server>, found '${value}'`;
    draft.down.push(value);
    return undefined;
  },
  '--response': (draft, value) => {
    draft.responseStatus = Number(value);
    return /^[2-5]\d\d$/.test(value) ? undefined : `--response expects a status 200..599, found '${value}'`;
  },
  '--response-header': (draft, value) => addHeader(draft.responseHeaders, value),
};

function addHeader(headers: ExplainedHeader[], text: string): string | undefined {
  const found = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n\0]*)$/.exec(text);
  if (found === null) return `a header is '<name>: <value>', found '${text}'`;
  headers.push([found[1] as string, bytesOf((found[2] as string).trimEnd())]);
  return undefined;
}

function takeSource(draft: Draft, value: string): string | undefined {
  const found = /^\[?([0-9a-fA-F:.]+?)\]?(?::(\d{1,5}))?$/.exec(value);
  const whole = isIP(value) > 0;
  const host = whole ? value : (found?.[1] ?? '');
  const port = whole ? draft.source.port : Number(found?.[2] ?? draft.source.port);
  if (isIP(host) === 0 || port > 65535) return `--src expects <ip>[:<port>], found '${value}'`;
  draft.source = { host, port };
  return undefined;
}

/** `argv` behind the word `explain`. */
export function parseExplainCommand(argv: readonly string[]): Parsed<ExplainOptions> {
  const draft: Draft = {
    files: [],
    words: [],
    headers: [],
    body: undefined,
    source: { host: '127.0.0.1', port: 54321 },
    frontend: undefined,
    down: [],
    responseStatus: undefined,
    responseHeaders: [],
    json: false,
  };
  const error = readArguments(draft, argv);
  if (error !== undefined) return refused(error);
  if (draft.files.length === 0) return refused('no configuration file: -f expects one');
  const request = parseRequest(draft.words);
  if (request.error !== undefined) return refused(request.error);
  return parsed({ ...draft, request: request.value });
}

/** As a client would send it: one char a byte. */
function bytesOf(word: string): string {
  return Buffer.from(word, 'utf8').toString('latin1');
}

function readArguments(draft: Draft, argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    const taker = Object.hasOwn(OPTIONS, word) ? OPTIONS[word] : undefined;
    if (word === '--json') draft.json = true;
    else if (taker !== undefined) {
      const value = argv[++index];
      const error = value === undefined ? `${word} expects an argument` : taker(draft, value);
      if (error !== undefined) return error;
    } else if (word.startsWith('-')) return `unknown option '${word}'`;
    else draft.words.push(...word.split(/\s+/).filter(part => part !== ''));
  }
  return undefined;
}

const PROTOCOL = /^HTTP\/(1\.[01])$/i;
const URL_PARTS = /^(?:(https?):\/\/([^/?#\s]+))?((?:\/|\*$)?[^#\s]*)/i;

function parseRequest(words: readonly string[]): Parsed<ExplainedRequest> {
  const version = PROTOCOL.exec(words.at(-1) ?? '')?.[1] ?? '1.1';
  const rest = PROTOCOL.test(words.at(-1) ?? '') ? words.slice(0, -1) : words;
  const [method, url] = rest.length === 1 ? ['GET', rest[0]] : rest;
  if (rest.length > 2 || method === undefined || url === undefined)
    return refused(`a request is '[<method>] <url> [HTTP/1.0]', found '${words.join(' ')}'`);
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(method)) return refused(`'${method}' is no method`);
  const [, scheme = 'http', authority, path = ''] = URL_PARTS.exec(url) ?? [];
  if (authority === undefined && !path.startsWith('/') && path !== '*')
    return refused(`'${url}' is no URL: it begins with http://, https:// or /`);
  const isTls = scheme.toLowerCase() === 'https';
  const port = /:(\d+)$/.exec(authority ?? '')?.[1];
  if (Number(port) > 65535 || port === '0') return refused(`'${url}' names no port: ${port}`);
  return parsed({
    method,
    scheme: isTls ? 'https' : 'http',
    authority: authority && bytesOf(authority.replace(/^.*@/, '')),
    port: port === undefined ? (isTls ? 443 : 80) : Number(port),
    target: bytesOf(path.startsWith('/') || path === '*' ? path : `/${path}`),
    version: version === '1.0' ? '1.0' : '1.1',
  });
}
