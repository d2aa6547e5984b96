import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRAME_HEAD, readStream, WINDOW_UPDATE } from '../../src/http2/frames.ts';
import { Output } from '../../src/http2/output.ts';
import { ReceiveWindows } from '../../src/http2/receive-windows.ts';
import type { LocalSettings } from '../../src/http2/settings.ts';
import { Stream } from '../../src/http2/stream.ts';
import { randomNumbers } from '../support/random-numbers.ts';

const SETTINGS: LocalSettings = {
  tableBytes: 4096,
  streamWindow: 65_536,
  sharedWindow: 1_000_000,
  maxStreams: 100,
  maxFrame: 16_384,
  takesConnect: false,
  maxListBytes: 65_536,
};

/** Sends as much as it was told it may. */
class Peer {
  readonly #output = new Output();
  readonly windows = new ReceiveWindows(this.#output, SETTINGS);
  connection = 65_535;
  readonly #streams = new Map<number, number>();

  open(id: number): Stream {
    const stream = new Stream(id, 0, SETTINGS.streamWindow);
    this.#streams.set(id, SETTINGS.streamWindow);
    this.windows.begin(stream);
    this.#hear();
    return stream;
  }

  /** Gives how many bytes that were. */
  send(stream: Stream, wanted: number): number {
    const length = Math.min(wanted, this.connection, this.#streams.get(stream.id) ?? 0);
    this.connection -= length;
    this.#streams.set(stream.id, (this.#streams.get(stream.id) ?? 0) - length);
    assert.ok(this.windows.take(length), 'the connection');
    assert.ok(this.windows.takeOn(stream, length), 'the stream');
    this.#hear();
    return length;
  }

  consume(stream: Stream, length: number): void {
    this.windows.consumed(stream, length);
    this.#hear();
  }

  #hear(): void {
    const { buffer, length } = this.#output;
    for (let at = 0; at < length; at += FRAME_HEAD + 4) {
      assert.equal(buffer[at + 3], WINDOW_UPDATE);
      const more = buffer.readUInt32BE(at + FRAME_HEAD);
      assert.ok(more > 0, 'an update by nothing is an error');
      const id = readStream(buffer, at + 5);
      if (id === 0) this.connection += more;
      else this.#streams.set(id, (this.#streams.get(id) ?? 0) + more);
    }
    this.#output.length = 0;
  }
}

test('a stream that is consumed no more leaves room to others, however much of it was consumed before', () => {
  for (let consumed = 0; consumed < 1_000_000; consumed += 50_000) {
    const peer = new Peer();
    const big = peer.open(1);
    for (let left = consumed; left > 0;) {
      const length = peer.send(big, Math.min(left, 16_384));
      assert.ok(length > 0);
      peer.consume(big, length);
      left -= length;
    }
    while (peer.send(big, 16_384) > 0);
    const small = peer.open(3);
    for (let times = 0; times < 1000; times++) {
      const length = peer.send(small, 2000);
      assert.ok(length > 0, `after ${consumed} bytes, ${times} of the small one`);
      peer.consume(small, length);
    }
  }
});

test('streams that nobody consumes leave room to others, however many there are', () => {
  const peer = new Peer();
  let held = 0;
  for (let id = 1; id < 160; id += 2) {
    const stalled = peer.open(id);
    for (let more = peer.send(stalled, 16_384); more > 0; more = peer.send(stalled, 16_384)) held += more;
  }
  assert.ok(held <= SETTINGS.sharedWindow + 80 * SETTINGS.streamWindow, `${held} bytes`);
  const read = peer.open(161);
  for (let times = 0; times < 1000; times++) {
    const length = peer.send(read, 16_384);
    assert.ok(length > 0, `${times} pieces of the one that is read`);
    peer.consume(read, length);
  }
});

test('whatever is sent and consumed, no more comes than may be held, and nobody waits for nothing', () => {
  const next = randomNumbers(9);
  const peer = new Peer();
  const streams = [1, 3, 5, 7].map(id => peer.open(id));
  for (let step = 0; step < 20_000; step++) {
    const stream = streams[next(streams.length)] as Stream;
    if (next(2) === 0) peer.send(stream, next(40_000));
    else if (stream.held > 0) peer.consume(stream, 1 + next(stream.held));
    const held = streams.reduce((sum, each) => sum + each.held, 0);
    assert.ok(held <= SETTINGS.sharedWindow + streams.length * SETTINGS.streamWindow);
  }
  for (const stream of streams) if (stream.held > 0) peer.consume(stream, stream.held);
  for (const stream of streams) assert.ok(peer.send(stream, 16_384) > 0);
});
