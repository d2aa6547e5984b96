/**
 * Reads raw HTTP/1 as a plain, literal reader does, to compare what two balancers sent: requests as an origin sees
 * them, responses as a client sees them. It decides nothing and forgives nothing; what it cannot read stays `rest`.
 */
export interface Recorded {
  /** Request line or status line. */
  readonly line: string;
  /** `name: value`, names in lower case, in order. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

interface Reading {
  readonly messages: readonly Recorded[];
  /** Bytes behind the last whole message. */
  readonly rest: string;
}

/** Gives the body's framing of the message whose head this is: a byte count, or how it ends. */
type BodyRule = (line: string, fields: readonly string[], index: number) => number | 'chunked' | 'close';

export function readRequests(text: string): Reading {
  return readMessages(text, (_line, fields) => announced(fields) ?? 0, false);
}

/** `methods`: of the requests these answer, in order. `ended`: the peer has closed. */
export function readResponses(text: string, methods: readonly string[], ended: boolean): Reading {
  let finals = 0;
  const rule: BodyRule = (line, fields) => {
    const status = Number(line.split(' ')[1]);
    if (status < 200 && status !== 101) return 0;
    const method = methods[finals++] ?? 'GET';
    if (status === 101 || (method === 'CONNECT' && status < 300)) return 'close';
    if (method === 'HEAD' || status === 204 || status === 304) return 0;
    return announced(fields) ?? 'close';
  };
  return readMessages(text, rule, ended);
}

function announced(fields: readonly string[]): number | 'chunked' | undefined {
  if (fields.some(field => field.startsWith('transfer-encoding:'))) return 'chunked';
  const length = fields.find(field => field.startsWith('content-length:'));
  return length === undefined ? undefined : Number(length.slice(15));
}

function readMessages(text: string, rule: BodyRule, ended: boolean): Reading {
  const messages: Recorded[] = [];
  let at = 0;
  while (at < text.length) {
    const headEnd = text.indexOf('\r\n\r\n', at);
    if (headEnd < 0) break;
    const [line = '', ...lines] = text.slice(at, headEnd).split('\r\n');
    const fields = lines.map(lowerName);
    const body = readBody(text, headEnd + 4, rule(line, fields, messages.length), ended);
    if (body === undefined) break;
    messages.push({ line, fields, body: body.text, trailers: body.trailers });
    at = body.end;
  }
  return { messages, rest: text.slice(at) };
}

interface Body {
  readonly text: string;
  readonly trailers: readonly string[];
  readonly end: number;
}

function readBody(
  text: string,
  from: number,
  kind: number | 'chunked' | 'close',
  ended: boolean,
): Body | undefined {
  if (kind === 'chunked') return readChunks(text, from);
  if (kind === 'close') return ended ? { text: text.slice(from), trailers: [], end: text.length } : undefined;
  const end = from + kind;
  return end <= text.length ? { text: text.slice(from, end), trailers: [], end } : undefined;
}

function readChunks(text: string, from: number): Body | undefined {
  let body = '';
  let at = from;
  for (;;) {
    const size = /^([0-9a-f]+)([^\r\n]*)\r\n/i.exec(text.slice(at, at + 4096));
    if (size === null) return undefined;
    const length = parseInt(size[1] as string, 16);
    at += size[0].length;
    if (length === 0) return readTrailers(text, at, body);
    if (text.slice(at + length, at + length + 2) !== '\r\n') return undefined;
    body += text.slice(at, at + length);
    at += length + 2;
  }
}

function readTrailers(text: string, from: number, body: string): Body | undefined {
  if (text.startsWith('\r\n', from)) return { text: body, trailers: [], end: from + 2 };
  const end = text.indexOf('\r\n\r\n', from);
  if (end < 0) return undefined;
  return { text: body, trailers: text.slice(from, end).split('\r\n').map(lowerName), end: end + 4 };
}

function lowerName(line: string): string {
  const colon = line.indexOf(':');
  return colon < 0 ? line : `${line.slice(0, colon).toLowerCase()}:${line.slice(colon + 1).trim()}`;
}
