/** The head of a response as a cache keeps it: what the next client is to see, without the Age it came with. */
import type { HeadLimits } from '../../http/head-limits.ts';
import { Http1ResponseHead } from '../../http/response-head.ts';
import { parseResponseHead } from '../../http/response-parser.ts';
import { CONTENT_LENGTH, TRANSFER_ENCODING } from '../../http/known-fields.ts';

const LENGTHS = (1 << CONTENT_LENGTH) | (1 << TRANSFER_ENCODING);

/** Status line and fields, without the empty line. */
export function storedHead(head: Http1ResponseHead): string {
  const { headers } = head;
  const line = `HTTP/${head.version >= 11 ? '1.1' : '1.0'} ${head.status} ${head.reason}\r\n`;
  return (headers.touched & LENGTHS) === 0 ? headers.render(line) : withTrueLengths(head, line);
}

/** Rules may have changed what the head says of its body, but not the body. */
function withTrueLengths({ headers, framing, contentLength }: Http1ResponseHead, line: string): string {
  let text = line;
  for (let index = 0; index < headers.count; index++) {
    const name = headers.lowerNameAt(index);
    if (name === 'content-length' || name === 'transfer-encoding') continue;
    text += `${headers.nameAt(index)}: ${headers.valueAt(index)}\r\n`;
  }
  if (framing === 'chunked') return `${text}transfer-encoding: chunked\r\n`;
  return framing === 'close' ? text : `${text}content-length: ${contentLength}\r\n`;
}

/** It can be sent to any client of HTTP/1.1 without being looked at. */
export function isPlain({ version, framing, headers }: Http1ResponseHead): boolean {
  return version >= 11 && framing !== 'close' && !OF_CONNECTIONS.some(name => headers.has(name));
}

const OF_CONNECTIONS = ['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'te'];

/** Rules may have made of it what no parser takes: it would be of no use to anybody. */
export function isReadable(head: Buffer, limits: HeadLimits): boolean {
  const whole = Buffer.concat([head, LAST_LINES]);
  return parseResponseHead(whole, 0, whole.length, read, limits) === whole.length;
}

const LAST_LINES = Buffer.from('age: 0\r\n\r\n');
const read = new Http1ResponseHead();

/** Where the entity tag lies in it. */
export function etagPlace(text: string, etag: string | undefined): { etagStart: number; etagLength: number } {
  const match = etag === undefined ? null : /\r\netag:[ \t]*/i.exec(text);
  if (etag === undefined || match === null) return { etagStart: 0, etagLength: 0 };
  return { etagStart: match.index + match[0].length, etagLength: etag.length };
}
