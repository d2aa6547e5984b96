/** Looks at the part of a chunked body that has come with its head, and moves nothing. */
import { BODY_OK, BodyDecoder } from './body-decoder.ts';

const looker = new BodyDecoder();

/** Whether what has come of it is no chunks (RFC 9112 section 7.1): then the whole message is none, as in HAProxy. */
export function areBroken(buffer: Buffer, start: number, end: number): boolean {
  looker.start('chunked', 0, 'nothing');
  looker.decode(buffer, start, end);
  return looker.error !== BODY_OK;
}
