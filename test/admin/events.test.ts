/** `show events -w` towards clients that do not read what they asked for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { Words, type Call } from '../../src/admin/command.ts';
import { EVENT_COMMANDS } from '../../src/admin/commands/events.ts';
import { LogRing } from '../../src/worker/logs/log-ring.ts';

const RING_BYTES = 10_000;
const LINE = 'x'.repeat(98);

/** The client's side: takes the next piece when it reads. */
class Client extends Duplex {
  readonly heard: string[] = [];
  #read: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#read = () => {
      this.heard.push(chunk.toString('latin1'));
      done();
    };
  }

  takeOne(): void {
    const read = this.#read;
    this.#read = undefined;
    read?.();
  }
}

function ringOf(): LogRing {
  return new LogRing({
    name: 'one',
    description: '',
    format: 'raw',
    bytes: RING_BYTES,
    longestLine: 1024,
    connectTimeoutMs: undefined,
    serverTimeoutMs: undefined,
    servers: [],
  });
}

function follow(ring: LogRing, client: Client, gone: AbortSignal): Promise<void> {
  const call = {
    args: new Words(['show', 'events', 'one', '-w']),
    payload: undefined,
    session: { gone },
    runtime: { eventRings: () => [ring] },
  } as unknown as Call;
  const answer = EVENT_COMMANDS[0]?.run(call);
  assert.ok(answer !== undefined && 'converse' in answer);
  return answer.converse(client as unknown as Socket);
}

test('who follows a ring and does not read has no more kept than the ring holds, and goes on with what is there', async () => {
  const ring = ringOf();
  const client = new Client({ decodeStrings: true, highWaterMark: 1 });
  const gone = new AbortController();
  const ended = follow(ring, client, gone.signal);
  for (let number = 0; number < 1000; number++) ring.write([`${number} ${LINE}`]);
  assert.ok(client.writableLength <= RING_BYTES, `${client.writableLength} bytes are kept`);
  const drained = once(client, 'drain');
  client.takeOne();
  await drained;
  client.takeOne();
  assert.match(client.heard.join(''), /^0 x+\n9\d\d x+\n(?:\d+ x+\n)*999 x+\n$/);
  ring.write(['the next']);
  gone.abort();
  await ended;
  ring.write(['nobody hears']);
  client.takeOne();
  assert.deepEqual([client.heard.at(-1), client.listenerCount('drain')], ['the next\n', 0]);
});
