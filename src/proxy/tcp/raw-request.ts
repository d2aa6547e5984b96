/**
 * The HTTP request at the head of a TCP stream, for content rules, `use_backend` and `balance` of mode tcp that ask
 * for it (manual, section 7.3.6). tcp-session.ts has one as long as nothing has been forwarded. The bytes are read
 * when somebody asks, and once more when more have come.
 */
import type { RawRequest } from '../../acl/context.ts';
import type { RequestHead } from '../../http/head.ts';
import type { HeadLimits } from '../../http/head-limits.ts';
import { H2_PREFACE } from '../../http/parse-errors.ts';
import { Http1RequestHead } from '../../http/request-head.ts';
import { parseRequestHead } from '../../http/request-parser.ts';
import type { Inbox } from '../client/inbox.ts';

/** `PRI * HTTP/2.0` and the empty line behind it read like a request without fields. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\n', 'latin1');

export class InboxRequest implements RawRequest {
  readonly #inbox: Inbox;
  readonly #limits: HeadLimits;
  readonly #head = new Http1RequestHead();
  #looked = -1;
  #outcome: RequestHead | 'incomplete' | 'other' = 'incomplete';

  constructor(inbox: Inbox, limits: HeadLimits) {
    this.#inbox = inbox;
    this.#limits = limits;
  }

  read(): RequestHead | 'incomplete' | 'other' {
    const { length } = this.#inbox;
    if (length !== this.#looked) {
      this.#looked = length;
      this.#outcome = length === 0 ? 'incomplete' : this.#parse();
    }
    return this.#outcome;
  }

  #parse(): RequestHead | 'incomplete' | 'other' {
    const { buffer, start, end } = this.#inbox;
    const consumed = parseRequestHead(buffer, start, end, this.#head, this.#limits);
    if (consumed === 0) return 'incomplete';
    if (consumed === H2_PREFACE) return this.#preface();
    return consumed > 0 ? this.#head : 'other';
  }

  #preface(): RequestHead {
    const head = this.#head;
    head.reset();
    head.headers.setSource(PREFACE, 0, PREFACE.length);
    head.received('PRI', 4, 5, 20, 0, 20);
    return head;
  }
}
