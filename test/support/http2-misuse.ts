/**
 * Clients that misbehave in HTTP/2: floods, windows that are shut or burst, frames cut, mangled or drawn, heads that are
 * never complete, answers nobody reads. Everything is drawn from a seed, so that a run can be had again.
 */
import { connect, type Socket } from 'node:net';
import { indexed, literal } from './hpack-blocks.ts';
import { END_HEADERS, END_STREAM, fields, frame, PREFACE, TYPE } from './http2-frames.ts';
import { ByteMutator } from './mutated-bytes.ts';
import { resetSocket } from './reset-socket.ts';

type Field = readonly [string, string];

const PRIORITY = 2;
const PUSH_PROMISE = 5;
const UNKNOWN = 0x77;
const PADDED = 8;
const LARGEST_WINDOW = 0x7fffffff;
const AUTHORITIES = ['site', 'site', 'site', '', 'a b', 'a@b', '[::1]:80', 'a'.repeat(9000)];
const SCHEMES = ['http', 'http', 'http', 'https', 'other', ''];
const PATHS = ['/small', '/small', '/big', '/echo', '/never', '*', '', `/${'p'.repeat(9000)}`];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'ODD'];
const ODD_FIELDS: readonly Field[] = [
  ['content-length', '5'],
  ['content-length', '5, 5'],
  ['connection', 'close'],
  ['te', 'trailers'],
  ['Upper', 'x'],
  ['x', 'a\r\nb: c'],
  [':path', '/'],
  [':odd', 'x'],
  ['host', 'other'],
  ['cookie', 'a=b'],
  ['transfer-encoding', 'chunked'],
  ['expect', '100-continue'],
  ['x', ` a${' '.repeat(12_000)}b`],
  ['x', 'v'.repeat(9000)],
];
const MOST_DEPARTURE_MS = 400;
const LEAVES_MS = 2000;
const MOST_BYTES = 200_000;

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.of(0, id), uint32(value)]);
}

/** One conversation at a time: what a client would say, as frames. */
export class Http2Misuse {
  /** Clients that are connected. */
  clients = 0;
  readonly #mutator: ByteMutator;
  /** Of the conversation that is drawn. */
  #stream = 1;

  constructor(seed: number) {
    this.#mutator = new ByteMutator(seed);
  }

  #below(limit: number): number {
    return this.#mutator.below(limit);
  }

  /** As often as that, unless it becomes too much. */
  #often(frames: number, draw: () => Buffer): Buffer {
    const drawn: Buffer[] = [];
    for (let bytes = 0; drawn.length < frames && bytes < MOST_BYTES;) {
      const one = draw();
      bytes += one.length;
      drawn.push(one);
    }
    return Buffer.concat(drawn);
  }

  /** All that a client says after its preface. */
  conversation(): Buffer {
    this.#stream = 1;
    const acts = Array.from({ length: 1 + this.#below(4) }, () => this.#act());
    const said = Buffer.concat([this.#settings(), ...acts]);
    return this.#below(4) === 0 ? this.#mutator.mutate(said) : said;
  }

  #settings(): Buffer {
    const kind = this.#below(6);
    if (kind > 2) return frame(TYPE.settings, 0, 0);
    const value = this.#mutator.pick([0, 1, 100, 65_535, LARGEST_WINDOW, 2 ** 31, 2 ** 32 - 1]);
    return frame(TYPE.settings, 0, 0, setting(1 + this.#below(9), value));
  }

  #act(): Buffer {
    switch (this.#below(10)) {
      case 0:
        return this.#flood();
      case 1:
        return this.#endlessHead();
      case 2:
        return this.#bomb();
      case 3:
        return this.#windows();
      case 4:
        return this.#often(1 + this.#below(30), () => this.#drawnFrame());
      case 5:
        return this.#mutator.garbage(300);
      case 6:
      case 7:
        return this.#upload();
      default:
        return this.#often(1 + this.#below(20), () => this.#request(END_STREAM));
    }
  }

  #next(): number {
    this.#stream += 2;
    return this.#stream - 2;
  }

  #request(flags: number): Buffer {
    const list: Field[] = [
      [':method', this.#mutator.pick(METHODS)],
      [':scheme', this.#mutator.pick(SCHEMES)],
      [':authority', this.#mutator.pick(AUTHORITIES)],
      [':path', this.#mutator.pick(PATHS)],
    ];
    while (this.#below(3) === 0) list.splice(this.#below(5), 0, this.#mutator.pick(ODD_FIELDS));
    if (this.#below(9) === 0) list.splice(this.#below(4), 1);
    const block = list.map(([name, value]) => this.#literal(name, value));
    return frame(TYPE.headers, flags | END_HEADERS, this.#next(), Buffer.concat(block));
  }

  #literal(name: string, value: string): Buffer {
    const kind = this.#mutator.pick(['plain', 'plain', 'added', 'never'] as const);
    return literal(kind, name, value, value.length < 50 && this.#below(2) === 0);
  }

  /** A body that is short, long, padded, in tiny pieces, without an end, or beyond it. */
  #upload(): Buffer {
    const head = this.#request(0);
    const id = this.#stream - 2;
    const pieces = this.#often(this.#below(60), () => {
      const payload = 'x'.repeat(this.#below(2) === 0 ? this.#below(3) : this.#below(16_000));
      return this.#below(4) === 0
        ? frame(TYPE.data, PADDED, id, `${String.fromCharCode(this.#below(256))}${payload}`)
        : frame(TYPE.data, 0, id, payload);
    });
    const ends = [
      Buffer.alloc(0),
      frame(TYPE.data, END_STREAM, id),
      frame(TYPE.headers, END_STREAM | END_HEADERS, id, fields([['x-trailer', 'v']])),
      frame(TYPE.headers, END_HEADERS, id, fields([[':path', 'v']])),
      frame(TYPE.rst, 0, id, uint32(this.#below(20))),
    ];
    return Buffer.concat([head, pieces, this.#mutator.pick(ends), this.#mutator.pick(ends)]);
  }

  #flood(): Buffer {
    const frames = 1 + this.#below(3000);
    switch (this.#below(9)) {
      case 0:
        return this.#often(frames, () =>
          Buffer.concat([this.#request(END_STREAM), frame(TYPE.rst, 0, this.#stream - 2, uint32(8))]),
        );
      case 1:
        return this.#often(frames, () => frame(TYPE.settings, 0, 0, setting(4, this.#below(LARGEST_WINDOW))));
      case 2:
        return this.#often(frames, () => frame(TYPE.settings, 1, 0));
      case 3:
        return this.#often(frames, () => frame(TYPE.ping, 0, 0, '12345678'));
      case 4:
        return this.#often(frames, () => frame(PRIORITY, 0, 1 + this.#below(100), '\0\0\0\x65\x10'));
      case 5:
        return this.#often(frames, () => frame(TYPE.windowUpdate, 0, this.#below(9), uint32(1)));
      case 6:
        return this.#often(frames, () => frame(UNKNOWN, this.#below(256), this.#below(9), 'x'));
      case 7:
        return this.#often(frames, () => this.#request(END_STREAM));
      default: {
        const head = this.#request(0);
        const id = this.#stream - 2;
        return Buffer.concat([head, this.#often(frames, () => frame(TYPE.data, 0, id))]);
      }
    }
  }

  /** CONTINUATION that never ends, or is broken off by something else. */
  #endlessHead(): Buffer {
    const id = this.#next();
    const piece = this.#mutator.pick(['', 'x', '\0\x01x\x01y', '\0\x01x\x7f\x80\x7f']);
    return Buffer.concat([
      frame(TYPE.headers, END_STREAM, id, fields([[':method', 'GET']])),
      this.#often(this.#below(3000), () => frame(TYPE.continuation, 0, id, piece)),
      this.#below(2) === 0 ? frame(TYPE.continuation, END_HEADERS, id) : frame(TYPE.ping, 0, 0, '12345678'),
    ]);
  }

  /** A large field, named thousands of times by one byte each. */
  #bomb(): Buffer {
    const block = [
      literal('added', 'x', 'v'.repeat(4000)),
      ...Array.from({ length: 10_000 }, () => indexed(62)),
    ];
    return frame(TYPE.headers, END_STREAM | END_HEADERS, this.#next(), Buffer.concat(block));
  }

  #windows(): Buffer {
    const id = this.#mutator.pick([0, 0, this.#stream, Math.max(1, this.#stream - 2)]);
    const value = this.#mutator.pick([0, 1, LARGEST_WINDOW, LARGEST_WINDOW - 65_535]);
    const update = frame(TYPE.windowUpdate, 0, id, uint32(value));
    return Buffer.concat([this.#request(END_STREAM), update, this.#settings(), update]);
  }

  #drawnFrame(): Buffer {
    const type = this.#below(12);
    const ids = [0, 1, 2, this.#stream, this.#stream + 2, this.#below(2 ** 31)];
    const payload = this.#mutator.pick([
      () => '',
      () => this.#mutator.garbage(40),
      () => uint32(this.#below(2 ** 32)),
      () => this.#mutator.garbage(8).subarray(0, 8),
      () => fields([[':method', 'GET']]),
    ])();
    const drawn = frame(type, this.#below(256), this.#mutator.pick(ids), payload);
    if (type === PUSH_PROMISE) drawn[4] = END_HEADERS;
    return drawn;
  }

  /** One connection, left in one way or another within two seconds; every third reads nothing. */
  visit(port: number): void {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: this.#below(3) === 0 });
    this.clients++;
    socket.on('error', () => undefined);
    if (this.#below(3) > 0) socket.resume();
    socket.on('close', () => this.clients--);
    const opening = this.#below(20) === 0 ? PREFACE.subarray(0, this.#below(PREFACE.length)) : PREFACE;
    this.#say(socket, Buffer.concat([opening, this.conversation()]));
    setTimeout(() => this.#depart(socket), this.#below(MOST_DEPARTURE_MS));
  }

  /** At once, or cut in two anywhere. */
  #say(socket: Socket, bytes: Buffer): void {
    const cut = this.#below(2) === 0 ? bytes.length : this.#below(bytes.length);
    socket.write(bytes.subarray(0, cut));
    const rest = bytes.subarray(cut);
    if (rest.length > 0) setTimeout(() => socket.writable && socket.write(rest), this.#below(100));
  }

  #depart(socket: Socket): void {
    const kind = this.#below(10);
    if (kind < 3) socket.destroy();
    else if (kind < 5) socket.end();
    else if (kind < 6) resetSocket(socket);
    setTimeout(() => socket.destroy(), LEAVES_MS);
  }
}
