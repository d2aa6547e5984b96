import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { MORE, PAUSE, type Connection, type ConnectionHandler } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { encodeIp } from '../../src/net/socket-address.ts';
import { SOL_SOCKET } from '../../src/net/socket-options.ts';
import {
  AF_INET,
  closeDescriptor,
  connectSocket,
  openSocket,
  receiveNow,
  sendNow,
  setOption,
} from '../../src/net/system-calls.ts';
import { requires } from '../support/requirement.ts';
import { until } from '../support/until.ts';
import { listenOnLoopback } from './wires.ts';

const SLOT = 16_384;
const PIECE = 4096;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const EAGAIN = 11;
/** The kernel makes it its least: a piece does not fit in. */
const LEAST = 1;
const CONTENT = Buffer.from(Uint8Array.from({ length: SLOT }, (_, i) => (i >>> 8) ^ i));

type Finish = (connection: Connection) => void;

const FINISHES = {
  close: (connection: Connection) => connection.close(),
  shutdown: (connection: Connection) => {
    connection.shutdown();
    connection.receive();
  },
} as const;

/**
 * Sends what it gets in pieces, each when the one before is told as sent, and finishes when the last is: all of it in one stack,
 * as long as the engine tells at once.
 */
class Echo implements ConnectionHandler {
  readonly #finish: Finish;
  readonly #mixes: boolean;
  #source: Buffer = CONTENT;
  #at = 0;
  #end = 0;
  #left = SLOT;
  #lent: Buffer | undefined;
  /** How many were told before send() came back. */
  toldAtOnce = 0;
  #isSending = false;

  /** `mixes`: every second piece lies in memory that changes as soon as it is told as sent. */
  constructor(finish: Finish, mixes: boolean) {
    this.#finish = finish;
    this.#mixes = mixes;
  }

  onReceived(connection: Connection, buffer: Buffer, offset: number, length: number): void {
    this.#source = buffer;
    this.#at = offset;
    this.#end = offset + length;
    this.#sendNext(connection);
  }

  #sendNext(connection: Connection): void {
    const [at, length] = [this.#at, Math.min(PIECE, this.#end - this.#at)];
    this.#at += length;
    this.#left -= length;
    this.#isSending = true;
    if (this.#mixes && this.#lent === undefined) {
      this.#lent = Buffer.from(this.#source.subarray(at, at + length));
      connection.send(this.#lent, 0, length, MORE);
    } else {
      this.#lent = undefined;
      connection.send(this.#source, at, length, PAUSE);
    }
    this.#isSending = false;
  }

  onSent(connection: Connection): void {
    if (this.#isSending) this.toldAtOnce++;
    this.#lent?.fill('x');
    if (this.#at < this.#end) this.#sendNext(connection);
    else if (this.#left > 0) connection.receive();
    else this.#finish(connection);
  }

  onConnected(): void {}
  onEnd(connection: Connection): void {
    connection.close();
  }
  onFailed(connection: Connection): void {
    connection.close();
  }
}

interface Scene {
  readonly engine: UringEngine;
  readonly echoes: Echo[];
  /** A peer that has sent the content. */
  readonly dial: () => number;
}

/** Few slots: none may stay pinned. What falls short of lent memory wants one that the kernel has not been given. */
function setUp(t: TestContext, finish: Finish, mixes: boolean, isTight: boolean): Scene {
  const engine = new UringEngine({ bufsize: SLOT, poison: true, slots: mixes ? 256 : 4 });
  t.after(() => engine.destroy());
  const echoes: Echo[] = [];
  const { port } = listenOnLoopback(engine, connection => {
    if (isTight) setOption(connection.fd, SOL_SOCKET, SO_SNDBUF, LEAST);
    const echo = new Echo(finish, mixes);
    echoes.push(echo);
    connection.handler = echo;
    connection.receive();
  });
  const dial = (): number => {
    const fd = openSocket(AF_INET, 'blocking');
    t.after(() => closeDescriptor(fd));
    if (isTight) setOption(fd, SOL_SOCKET, SO_RCVBUF, LEAST);
    assert.equal(connectSocket(fd, encodeIp(4, '127.0.0.1', port)), 0);
    assert.equal(sendNow(fd, CONTENT), SLOT);
    return fd;
  };
  return { engine, echoes, dial };
}

/** Until the end; undefined: a reset. */
async function readAll(fd: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  const room = Buffer.alloc(1000);
  let length = 0;
  await until('the end', () => {
    length = receiveNow(fd, room);
    if (length > 0) pieces.push(Buffer.from(room.subarray(0, length)));
    return length === 0 || (length < 0 && length !== -EAGAIN);
  });
  return length < 0 ? undefined : Buffer.concat(pieces);
}

for (const isTight of [false, true])
  for (const [name, finish] of Object.entries(FINISHES))
    for (const mixes of [false, true])
      test(`${name}() comes behind all that was told as sent (${isTight ? 'full' : 'empty'} socket${mixes ? ', lent memory' : ''})`, async t => {
        if (!requires(t, 'io_uring')) return;
        const { engine, echoes, dial } = setUp(t, finish, mixes, isTight);
        for (let round = 0; round < 5; round++) {
          const fd = dial();
          assert.ok((await readAll(fd))?.equals(CONTENT));
          if (name === 'shutdown') closeDescriptor(fd);
          await until('the engine has closed it', () => engine.openConnections === 0);
        }
        assert.ok(echoes.every(({ toldAtOnce }) => toldAtOnce > 0));
      });

test('a reset takes back what was told as sent, and keeps nothing of it', async t => {
  if (!requires(t, 'io_uring')) return;
  for (const isTight of [false, true]) {
    const { engine, dial } = setUp(t, connection => connection.reset(), false, isTight);
    for (let round = 0; round < 5; round++) {
      assert.equal(await readAll(dial()), undefined);
      await until('the engine has closed it', () => engine.openConnections === 0);
    }
  }
});

test('an engine that ends gives the kernel what was told as sent', async t => {
  if (!requires(t, 'io_uring')) return;
  const scene = setUp(t, connection => leave(connection), false, false);
  const leave = (connection: Connection): void => {
    connection.close();
    scene.engine.destroy();
  };
  assert.ok((await readAll(scene.dial()))?.equals(CONTENT));
});
