/**
 * A head on its way through filters of scripts, which may say another length of its body: of a message whose body is
 * changed its reader has to be told the truth. Remembers how the body comes in.
 */
import { discardAll, type Framing } from '../../http/framing.ts';
import type { Http1RequestHead } from '../../http/request-head.ts';
import type { Http1ResponseHead } from '../../http/response-head.ts';
import type { FilteredMessage } from '../../rules/script-filter.ts';
import type { FilterChain } from './filter-chain.ts';

type Head = Http1RequestHead | Http1ResponseHead;

/** A body that goes through filters, and how it comes in. */
export interface FilteredBody {
  readonly chain: FilterChain;
  readonly head: FilteredHead;
}

export class FilteredHead implements FilteredMessage {
  readonly #head: Head;
  /** As it was received. */
  readonly framing: Framing;
  readonly contentLength: number;
  /** There is no body. */
  readonly ended: boolean;
  /** Its reader knows chunks. */
  readonly #takesChunks: boolean;
  /** A filter has said another length. */
  isChanged = false;

  constructor(head: Head, readerVersion: number, ended: boolean) {
    this.#head = head;
    this.framing = head.framing;
    this.contentLength = head.contentLength;
    this.ended = ended;
    this.#takesChunks = readerVersion >= 11;
  }

  setLength(length: number | 'chunked'): boolean {
    if (this.ended || (length === 'chunked' && !this.#canBeOpen())) return false;
    this.isChanged = true;
    if (length === 'chunked') this.#open();
    else this.#announce(length);
    return true;
  }

  #canBeOpen(): boolean {
    return this.#takesChunks || 'status' in this.#head;
  }

  #announce(length: number): void {
    const { headers, fields } = this.#head;
    discardAll(headers, 'content-length');
    discardAll(headers, 'transfer-encoding');
    headers.add('Content-Length', String(length));
    fields.contentLength = length;
    fields.chunked = false;
    this.#setOpenEnd(false);
  }

  /** As chunks; a client that knows none is told the end by the end of its connection. */
  #open(): void {
    const { headers, fields } = this.#head;
    if (this.#takesChunks) this.#head.becomeChunked();
    else {
      discardAll(headers, 'content-length');
      discardAll(headers, 'transfer-encoding');
      fields.contentLength = -1;
      fields.chunked = false;
    }
    this.#setOpenEnd(!this.#takesChunks);
  }

  #setOpenEnd(isOpen: boolean): void {
    if ('status' in this.#head) this.#head.endsWithConnection = isOpen;
  }

  /** A filter has taken the length away without saying another one. */
  settle(): void {
    if (!this.isChanged && this.framing === 'length' && this.#head.hasLostLength) this.setLength('chunked');
  }

  setEnded(): void {
    // the end comes with the body
  }
}
