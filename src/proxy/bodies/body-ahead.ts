/** Looks at the part of a body that has come, without taking it: for rules and samples that want its content. */
import type { BodyFacts } from '../../acl/context.ts';
import { latin1Slice } from '../../base/latin1.ts';
import { BodyDecoder } from '../../http/body-decoder.ts';
import type { Framing } from '../../http/framing.ts';
import type { Inbox } from '../client/inbox.ts';

/** What rules read bodies through: the stream they belong to. Looked at anew at each asking. */
export interface BodyReader {
  inspectRequestBody(): BodyFacts | undefined;
  inspectResponseBody(): BodyFacts | undefined;
}

/** As raw bytes, times the room there is for content: a client may send framing without end, and hardly any content. */
const MOST_FRAMING = 8;
const START_BYTES = 4096;
const EMPTY = Buffer.alloc(0);

/** What a body is, and how it is to be looked at. */
interface BodyShape {
  readonly framing: Framing;
  readonly contentLength: number;
  /** Nothing follows what is here. */
  readonly ended: boolean;
  /** Bytes of content that are looked at, at most. */
  readonly room: number;
}

/** Of one body, as long as nothing of it is taken: each byte is decoded once, however often it is looked at. */
export class BodyPreview {
  /** Of a chunked body. Decoding moves bytes: it is done on a copy. */
  #decoder: BodyDecoder | undefined;
  #content = EMPTY;
  #length = 0;
  /** Bytes of the inbox that are decoded. */
  #taken = 0;
  /** Of a chunked body, once they have come. */
  #trailers: string | undefined;

  look(inbox: Inbox, shape: BodyShape): BodyFacts {
    const { framing, contentLength, ended } = shape;
    if (framing === 'chunked') return this.#lookAtChunks(inbox, shape);
    const { buffer, start } = inbox;
    const limit = framing === 'length' ? contentLength : framing === 'none' ? 0 : Infinity;
    const length = Math.min(inbox.length, limit);
    const announced = framing === 'length' ? contentLength : length;
    return { buffer, offset: start, length, complete: length === limit || ended, broken: false, announced };
  }

  #lookAtChunks(inbox: Inbox, { ended, room }: BodyShape): BodyFacts {
    const decoder = (this.#decoder ??= this.#startDecoder());
    if (!decoder.done && decoder.error === 0) this.#decode(decoder, inbox);
    const broken = decoder.error !== 0;
    const complete = decoder.done || broken || ended || inbox.length >= room * MOST_FRAMING;
    const length = this.#length;
    return {
      buffer: this.#content,
      offset: 0,
      length,
      complete,
      broken,
      announced: length,
      trailers: this.#trailers,
    };
  }

  #decode(decoder: BodyDecoder, inbox: Inbox): void {
    const added = inbox.length - this.#taken;
    this.#makeRoom(added);
    inbox.buffer.copy(this.#content, this.#length, inbox.start + this.#taken, inbox.end);
    this.#taken += decoder.decode(this.#content, this.#length, this.#length + added);
    this.#length = decoder.outEnd;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#content.length) return;
    const larger = Buffer.allocUnsafe(Math.max(START_BYTES, (this.#length + bytes) * 2));
    this.#content.copy(larger, 0, 0, this.#length);
    this.#content = larger;
  }

  #startDecoder(): BodyDecoder {
    const decoder = new BodyDecoder();
    decoder.start('chunked', 0, 'content');
    decoder.sink = {
      content: () => undefined,
      trailers: (buffer, start, end) => {
        this.#trailers = latin1Slice(buffer, start, end);
      },
      end: () => undefined,
    };
    return decoder;
  }
}
