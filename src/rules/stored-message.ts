/**
 * Whole HTTP/1 answers as files hold them (`errorfile`): read at load into a Reply, checked as HAProxy checks them
 * (manual, section 4.2: errorfile).
 */
import type { Reply, ReplyHeader } from './reply.ts';

const STATUS_LINE = /^HTTP\/(\d\.\d) (\d{3})(?: ([^\r\n]*))?$/;

/** `text` is latin1: one char a byte. */
export function parseStoredMessage(text: string): Reply | { readonly error: string } {
  const head = /^([^]*?)\r?\n\r?\n/.exec(text);
  if (head === null) return { error: 'unable to parse headers: the empty line behind them is missing' };
  const lines = (head[1] as string).split(/\r?\n/);
  const status = STATUS_LINE.exec(lines[0] as string);
  if (status === null) return { error: `invalid status line '${lines[0] ?? ''}'` };
  const headers = parseHeaders(lines.slice(1));
  if ('error' in headers) return headers;
  const reply = withBody(Number(status[2]), status[3] ?? '', headers.list, text.slice(head[0].length));
  return 'error' in reply || (status[1] as string) >= '1.1' ? reply : { ...reply, version: 10 };
}

function parseHeaders(
  lines: readonly string[],
): { readonly list: ReplyHeader[] } | { readonly error: string } {
  const list: ReplyHeader[] = [];
  for (const line of lines) {
    const header = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (header === null) return { error: `invalid header line '${line}'` };
    list.push([header[1] as string, header[2] as string]);
  }
  return { list };
}

/** The length is what the file holds, whatever it announces; a wrong announcement is an error. */
function withBody(
  status: number,
  reason: string,
  all: readonly ReplyHeader[],
  text: string,
): Reply | { readonly error: string } {
  const has = (name: string): ReplyHeader | undefined => all.find(([other]) => other.toLowerCase() === name);
  if (has('transfer-encoding') !== undefined) return { error: "'transfer-encoding' is not supported in it" };
  const bodyless = status < 200 || status === 204 || status === 304;
  if (bodyless && text !== '') return { error: 'message payload not expected' };
  const announced = has('content-length')?.[1];
  if (announced !== undefined && Number(announced) !== text.length)
    return {
      error: `payload size does not match the announced content-length (${text.length} != ${announced})`,
    };
  const dropped = new Set(['connection', 'keep-alive', 'proxy-connection']);
  const headers = all.filter(([name]) => !dropped.has(name.toLowerCase()));
  if (announced === undefined && !bodyless) headers.push(['content-length', String(text.length)]);
  const reply = { status, reason, headers, body: Buffer.from(text, 'latin1') };
  return /\bclose\b/i.test(has('connection')?.[1] ?? '') ? { ...reply, closes: true } : reply;
}
