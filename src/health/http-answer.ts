/** Reads the answer of an HTTP check as far as it has come (RFC 9112, section 4): status line, headers, body. */
import { latin1Slice } from '../base/latin1.ts';
import { BODY_OK, BodyDecoder } from '../http/body-decoder.ts';
import type { HeadLimits } from '../http/head-limits.ts';
import { parseResponseHead } from '../http/response-parser.ts';
import { Http1ResponseHead } from '../http/response-head.ts';

/** An answer whose head is whole. Its body is read when somebody asks for it: most rules do not. */
export class HttpAnswer {
  readonly head: Http1ResponseHead;
  readonly status: number;
  readonly #buffer: Buffer;
  readonly #from: number;
  readonly #end: number;
  readonly #last: boolean;
  #read: { readonly body: string; readonly complete: boolean } | undefined;

  /** `from` to `end` of the buffer: what came behind the head; `last`: nothing more comes. */
  constructor(head: Http1ResponseHead, buffer: Buffer, from: number, end: number, last: boolean) {
    this.head = head;
    this.status = head.status;
    this.#buffer = buffer;
    this.#from = from;
    this.#end = end;
    this.#last = last;
  }

  get reason(): string {
    return this.head.reason;
  }

  /** Latin1, without framing. */
  get body(): string {
    return (this.#read ??= this.#readBody()).body;
  }

  /** Nothing more comes. */
  get complete(): boolean {
    return (this.#read ??= this.#readBody()).complete;
  }

  #readBody(): { readonly body: string; readonly complete: boolean } {
    const decoder = new BodyDecoder();
    decoder.start(framingOf(this.head), this.head.contentLength, 'content');
    // decoding works in place, and more is appended to these bytes later
    const body = decodeAll(decoder, Buffer.from(this.#buffer.subarray(this.#from, this.#end)));
    return { body, complete: decoder.done || decoder.error !== BODY_OK || this.#last };
  }
}

export type ReadAnswer = HttpAnswer | 'incomplete' | 'invalid';

const LIMITS: HeadLimits = { maxHeadBytes: Infinity, maxHeaders: 101, relaxed: true };

/** `head` is filled, and part of the answer. `last`: nothing more comes. */
export function readAnswer(
  head: Http1ResponseHead,
  buffer: Buffer,
  length: number,
  last: boolean,
): ReadAnswer {
  for (let from = 0; ;) {
    const taken = parseResponseHead(buffer, from, length, head, LIMITS);
    if (taken < 0) return 'invalid';
    if (taken === 0) return 'incomplete';
    from += taken;
    // RFC 9110, section 15.2: a final answer follows an interim one
    if (head.status >= 200 || head.status === 101) return new HttpAnswer(head, buffer, from, length, last);
  }
}

function framingOf({
  status,
  fields,
  contentLength,
}: Http1ResponseHead): 'none' | 'chunked' | 'length' | 'close' {
  if (status === 204 || status === 304 || status === 101) return 'none';
  if (fields.chunked) return 'chunked';
  return contentLength >= 0 ? 'length' : 'close';
}

function decodeAll(decoder: BodyDecoder, bytes: Buffer): string {
  let body = '';
  for (let from = 0; from < bytes.length && !decoder.done;) {
    const taken = decoder.decode(bytes, from, bytes.length);
    body += latin1Slice(bytes, decoder.outStart, decoder.outEnd);
    if (taken === 0) break;
    from += taken;
  }
  return body;
}

/** Heads are large: those of checks that are over serve the next ones. */
const spareHeads: Http1ResponseHead[] = [];
const MOST_SPARE = 64;

export function takeHead(): Http1ResponseHead {
  return spareHeads.pop() ?? new Http1ResponseHead();
}

export function giveHead(head: Http1ResponseHead): void {
  if (spareHeads.length < MOST_SPARE) spareHeads.push(head);
}
