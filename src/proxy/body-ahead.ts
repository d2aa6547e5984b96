/** Looks at the part of a body that has come, without taking it: for rules and samples that want its content. */
import type { BodyFacts } from '../acl/context.ts';
import { BodyDecoder } from '../http/body-decoder.ts';
import type { Framing } from '../http/framing.ts';
import type { Inbox } from './inbox.ts';

/** What rules read bodies through: the stream they belong to. Looked at anew at each asking. */
export interface BodyReader {
  inspectRequestBody(): BodyFacts | undefined;
  inspectResponseBody(): BodyFacts | undefined;
}

/** `ended`: nothing follows what is here. */
export function inspectBody(
  inbox: Inbox,
  framing: Framing,
  contentLength: number,
  ended: boolean,
): BodyFacts {
  if (framing === 'chunked') return inspectChunks(inbox, ended);
  const { buffer, start } = inbox;
  const limit = framing === 'length' ? contentLength : framing === 'none' ? 0 : Infinity;
  const length = Math.min(inbox.length, limit);
  const announced = framing === 'length' ? contentLength : length;
  return { buffer, offset: start, length, complete: length === limit || ended, announced };
}

/** Decoding moves bytes: it is done on a copy. */
function inspectChunks(inbox: Inbox, ended: boolean): BodyFacts {
  const decoder = new BodyDecoder();
  decoder.start('chunked', 0, true);
  const buffer = Buffer.from(inbox.buffer.subarray(inbox.start, inbox.end));
  decoder.decode(buffer, 0, buffer.length);
  const length = decoder.outEnd - decoder.outStart;
  const complete = decoder.done || decoder.error !== 0 || ended;
  return { buffer, offset: decoder.outStart, length, complete, announced: length };
}
