/** Frames of HTTP/2 byte by byte (RFC 9113 section 4.1), for what no client would send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { until } from './until.ts';

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
export const TYPE = {
  data: 0,
  headers: 1,
  rst: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
};
export const END_STREAM = 1;
export const END_HEADERS = 4;

export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload as string, 'latin1');
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** Literal fields without indexing (RFC 7541 section 6.2.2), short ones. */
export function fields(list: readonly (readonly [name: string, value: string])[]): Buffer {
  const bytes = list.map(([name, value]) =>
    Buffer.from(
      `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`,
      'latin1',
    ),
  );
  return Buffer.concat(bytes);
}

export const GET: readonly (readonly [string, string])[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a'],
];

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export class FrameTalk {
  readonly frames: Frame[] = [];
  closed = false;
  readonly socket: Socket;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  static async open(t: TestContext, port: number, { bare = false } = {}): Promise<FrameTalk> {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.setNoDelay(true);
    const talk = new FrameTalk(socket);
    if (!bare) talk.send(PREFACE, frame(TYPE.settings, 0, 0));
    return talk;
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < 9 + length) return;
      this.frames.push({
        type: this.#rest[3] as number,
        flags: this.#rest[4] as number,
        stream: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(9, 9 + length),
      });
      this.#rest = this.#rest.subarray(9 + length);
    }
  }

  /** The first frame of that type on that stream. */
  async found(type: number, stream: number, what = ''): Promise<Frame> {
    const find = (): Frame | undefined => this.frames.find(one => one.type === type && one.stream === stream);
    await until(`a frame of type ${type} on stream ${stream} ${what}`, () => find() !== undefined);
    return find() as Frame;
  }

  /** What a stream was reset with. */
  async reset(stream: number, what?: string): Promise<number> {
    return (await this.found(TYPE.rst, stream, what)).payload.readUInt32BE(0);
  }

  /** The error of the first GOAWAY. */
  async goaway(): Promise<number> {
    return (await this.found(TYPE.goaway, 0)).payload.readUInt32BE(4);
  }

  /** Those of all that have come. */
  goaways(): readonly number[] {
    return this.frames
      .filter(({ type }) => type === TYPE.goaway)
      .map(({ payload }) => payload.readUInt32BE(4));
  }
}
