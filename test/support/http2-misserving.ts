/**
 * Servers that misbehave in HTTP/2: answers that are cut, mangled, never end or were not asked for, floods, windows shut
 * or burst, goodbyes at any time, silence. Everything is drawn from a seed, so that a run can be had again.
 */
import type { Socket } from 'node:net';
import { literal } from './hpack-blocks.ts';
import { END_HEADERS, END_STREAM, frame, PREFACE, TYPE } from './http2-frames.ts';
import { uint32 } from './http2-misuse.ts';
import { ByteMutator } from './mutated-bytes.ts';
import { resetSocket } from './reset-socket.ts';

type Field = readonly [string, string];

const FRAME_HEAD = 9;
const MOST_BYTES = 200_000;
const ACK = 1;
const PUSH_PROMISE = 5;
const STATUSES = [
  '200',
  '200',
  '200',
  '204',
  '304',
  '404',
  '500',
  '101',
  '100',
  '103',
  '99',
  '1000',
  '',
  'abc',
];
const ODD_FIELDS: readonly Field[] = [
  ['content-length', '5'],
  ['content-length', '0'],
  ['content-length', '5, 5'],
  ['connection', 'close'],
  ['transfer-encoding', 'chunked'],
  ['Upper', 'x'],
  ['x', 'a\r\nb: c'],
  ['x', ` a${' '.repeat(12_000)}b`],
  ['x', 'v'.repeat(9000)],
  [':status', '200'],
  [':path', '/'],
  ['set-cookie', 'a=b'],
  ['', 'x'],
];
const WINDOWS = [0, 1, 100, 65_535, 0x7fffffff, 2 ** 31];

export class Http2Misserving {
  readonly #mutator: ByteMutator;

  constructor(seed: number) {
    this.#mutator = new ByteMutator(seed);
  }

  #below(limit: number): number {
    return this.#mutator.below(limit);
  }

  serve(socket: Socket): void {
    let rest: Buffer = Buffer.alloc(0);
    let isOpen = false;
    if (this.#below(20) > 0) this.#say(socket, this.#settings());
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      if (!isOpen && rest.length >= PREFACE.length) {
        isOpen = true;
        rest = rest.subarray(PREFACE.length);
      }
      if (!isOpen) return;
      while (rest.length >= FRAME_HEAD) {
        const end = FRAME_HEAD + rest.readUIntBE(0, 3);
        if (rest.length < end) break;
        this.#heard(socket, rest[3] as number, rest[4] as number, rest.readUInt32BE(5));
        rest = rest.subarray(end);
      }
    });
    socket.on('end', () => socket.end());
  }

  #heard(socket: Socket, type: number, flags: number, stream: number): void {
    if (type === TYPE.settings && (flags & ACK) === 0) this.#say(socket, frame(TYPE.settings, ACK, 0));
    if (type !== TYPE.headers) return;
    const said = this.#act(stream);
    this.#say(socket, this.#below(5) === 0 ? this.#mutator.mutate(said) : said);
    const kind = this.#below(30);
    if (kind === 0) socket.end();
    else if (kind === 1) resetSocket(socket);
    else if (kind === 2) socket.pause();
  }

  /** At once, or cut in two anywhere. */
  #say(socket: Socket, bytes: Buffer): void {
    if (!socket.writable) return;
    const cut = this.#below(2) === 0 ? bytes.length : this.#below(bytes.length + 1);
    socket.write(bytes.subarray(0, cut));
    const rest = bytes.subarray(cut);
    if (rest.length > 0) setTimeout(() => socket.writable && socket.write(rest), this.#below(100));
  }

  #settings(): Buffer {
    if (this.#below(3) > 0) return frame(TYPE.settings, 0, 0);
    const value = uint32(this.#mutator.pick(WINDOWS));
    return frame(TYPE.settings, 0, 0, Buffer.concat([Buffer.of(0, 1 + this.#below(9)), value]));
  }

  #act(stream: number): Buffer {
    switch (this.#below(12)) {
      case 0:
        return this.#flood(stream);
      case 1:
        return this.#often(1 + this.#below(2000), () => this.#head(stream, '103', 0));
      case 2:
        return frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(this.#below(9)), uint32(this.#below(14))]));
      case 3:
        return frame(TYPE.rst, 0, stream, uint32(this.#below(14)));
      case 4:
        return this.#mutator.garbage(300);
      case 5:
        return frame(
          PUSH_PROMISE,
          END_HEADERS,
          stream,
          Buffer.concat([uint32(2), literal('plain', 'x', 'y')]),
        );
      case 6:
        return Buffer.alloc(0);
      case 7:
        return Buffer.concat([this.#settings(), this.#window(stream), this.#answer(stream)]);
      case 8:
        return Buffer.concat([this.#answer(stream), this.#answer(stream)]);
      default:
        return this.#answer(stream);
    }
  }

  /** As often as that, unless it becomes too much: other servers of this process have to answer meanwhile. */
  #often(frames: number, draw: () => Buffer): Buffer {
    const drawn: Buffer[] = [];
    for (let bytes = 0; drawn.length < frames && bytes < MOST_BYTES;) {
      const one = draw();
      bytes += one.length;
      drawn.push(one);
    }
    return Buffer.concat(drawn);
  }

  #window(stream: number): Buffer {
    return frame(TYPE.windowUpdate, 0, this.#below(2) * stream, uint32(this.#mutator.pick(WINDOWS)));
  }

  #head(stream: number, status: string, flags: number): Buffer {
    const list: Field[] = [[':status', status]];
    while (this.#below(4) === 0) list.splice(this.#below(3), 0, this.#mutator.pick(ODD_FIELDS));
    const block = Buffer.concat(list.map(([name, value]) => literal('plain', name, value)));
    return frame(TYPE.headers, flags | END_HEADERS, stream, block);
  }

  /** A head, perhaps content that fits it, perhaps trailers, perhaps an end. */
  #answer(stream: number): Buffer {
    const head = this.#head(stream, this.#mutator.pick(STATUSES), this.#below(6) === 0 ? END_STREAM : 0);
    const content = this.#often(this.#below(6), () =>
      frame(TYPE.data, 0, stream, 'x'.repeat(this.#below(3) === 0 ? this.#below(16_000) : 5)),
    );
    const ends = [
      Buffer.alloc(0),
      frame(TYPE.data, END_STREAM, stream),
      frame(TYPE.data, END_STREAM, stream, 'hello'),
      frame(TYPE.headers, END_HEADERS | END_STREAM, stream, literal('plain', 'x-end', '1')),
      frame(TYPE.headers, END_HEADERS, stream, literal('plain', 'x-end', '1')),
      frame(TYPE.rst, 0, stream, uint32(0)),
    ];
    return Buffer.concat([head, content, this.#mutator.pick(ends)]);
  }

  #flood(stream: number): Buffer {
    const frames = 1 + this.#below(5000);
    switch (this.#below(6)) {
      case 0:
        return this.#often(frames, () => frame(TYPE.ping, 0, 0, '12345678'));
      case 1:
        return this.#often(frames, () => frame(TYPE.settings, 0, 0));
      case 2:
        return this.#often(frames, () => frame(TYPE.data, 0, stream));
      case 3:
        return this.#often(frames, () => frame(TYPE.windowUpdate, 0, 0, uint32(1)));
      case 4:
        return Buffer.concat([
          frame(TYPE.headers, 0, stream, literal('plain', ':status', '200')),
          this.#often(frames, () => frame(TYPE.continuation, 0, stream, 'x')),
        ]);
      default:
        return this.#often(frames, () => frame(TYPE.rst, 0, stream, uint32(8)));
    }
  }
}
