/** Payload of one direction before one filter: what it has not let go on yet waits here for more. */
import { FILTER_ERROR, type FilteredMessage, type StreamFilter } from '../../rules/script-filter.ts';
import type { ChannelBytes } from '../../rules/channel-bytes.ts';

const NOTHING = Buffer.alloc(0);

export class FilterStage implements ChannelBytes, FilteredMessage {
  readonly filter: StreamFilter;
  readonly #isResponse: boolean;
  readonly #isMessage: boolean;
  /** Bytes it may hold, and add in one call. */
  readonly #size: number;
  #most = 0;
  #input: Buffer = NOTHING;
  #sent: Buffer[] = [];
  /** Nothing more comes. */
  #isLast = false;
  /** What the filter has said of the end itself. */
  #saidEnd: boolean | undefined;

  constructor(filter: StreamFilter, isResponse: boolean, isMessage: boolean, size: number) {
    this.filter = filter;
    this.#isResponse = isResponse;
    this.#isMessage = isMessage;
    this.#size = size;
  }

  /** Takes what has come and gives what goes on; `isLast`: nothing follows. Undefined: the filter has failed. */
  pass(content: Buffer, isLast: boolean): Buffer | undefined {
    this.#isLast = isLast;
    if (this.#saidEnd === true) return NOTHING;
    const waiting = this.#input;
    const input = waiting.length === 0 ? content : Buffer.concat([waiting, content]);
    this.#input = NOTHING;
    if (input.length === 0 || !this.filter.wantsData(this.#isResponse)) return input;
    return this.#ask(input);
  }

  #ask(input: Buffer): Buffer | undefined {
    this.#input = input;
    this.#most = input.length + this.#size;
    const going = this.filter.payload(this.#isResponse, this, this.#isMessage ? this : undefined);
    if (going <= FILTER_ERROR) return undefined;
    const left = this.#input;
    const end = Math.min(going, left.length);
    // what stays outlives the memory it came in
    this.#input = end === left.length ? NOTHING : Buffer.from(left.subarray(end));
    const gone = this.#sent;
    this.#sent = [];
    return gone.length === 0 ? left.subarray(0, end) : Buffer.concat([...gone, left.subarray(0, end)]);
  }

  /** Nothing will follow what it has let go on. */
  get done(): boolean {
    return this.#saidEnd ?? (this.#isLast && this.#input.length === 0);
  }

  // ── what the filter sees ──

  get input(): Buffer {
    return this.#input;
  }

  get output(): number {
    return this.#sent.reduce((sum, { length }) => sum + length, 0);
  }

  get room(): number {
    return Math.max(0, this.#most - this.#input.length - this.output);
  }

  get isFull(): boolean {
    return this.#input.length >= this.#size;
  }

  get mayReceive(): boolean {
    return !this.#isLast;
  }

  edit(sent: Buffer, input: Buffer): void {
    if (sent.length > 0) this.#sent.push(sent);
    this.#input = input;
  }

  get ended(): boolean {
    return this.#saidEnd ?? this.#isLast;
  }

  /** The length was said with the head. */
  setLength(): boolean {
    return false;
  }

  setEnded(ended: boolean): void {
    this.#saidEnd = ended;
  }
}
