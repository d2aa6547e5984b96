/**
 * Sessions among themselves, in an order that was drawn: every byte arrives, no stream is left waiting, no window is
 * given twice. And sessions that are fed what was recorded of others, mutated, or frames that were drawn: nothing is
 * thrown, takes long, or gathers. scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocalSettings, Role } from '../../src/http2/settings.ts';
import { Http2Actor, type Nature } from '../support/http2-actor.ts';
import { Http2Misuse } from '../support/http2-misuse.ts';
import { ByteMutator } from '../support/mutated-bytes.ts';
import { randomNumbers } from '../support/random-numbers.ts';
import { PREFACE } from '../support/http2-frames.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? 2);
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? 1);
const LONGEST_MS = 100;
/** Of a connection. */
const MOST_WINDOW = 365_535;
const MOST_STEPS = 400_000;
/** Frames that answer others are not much longer than those. */
const MOST_ANSWER = 3;
/** What it may say of its own accord. */
const OWN_BYTES = 30 * 210_000;

type Below = (limit: number) => number;

function drawnSettings(below: Below): LocalSettings {
  return {
    tableBytes: below(3) === 0 ? below(10_000) : 4096,
    streamWindow: below(2) === 0 ? 65_535 : 1000 + below(100_000),
    sharedWindow: 65_535 + below(MOST_WINDOW - 65_535),
    maxStreams: below(3) === 0 ? 0 : 1 + below(40),
    maxFrame: 16_384 + (below(3) === 0 ? below(50_000) : 0),
    takesConnect: below(2) === 0,
    maxListBytes: 20_000,
  };
}

/** Bytes on their way to an actor. */
class Way {
  bytes: Buffer = Buffer.alloc(0);
  /** All that was ever on it. */
  readonly past: Buffer[] = [];
  readonly #from: Http2Actor;
  readonly #to: Http2Actor;

  constructor(from: Http2Actor, to: Http2Actor) {
    this.#from = from;
    this.#to = to;
  }

  take(): void {
    const taken = this.#from.take();
    this.past.push(taken);
    this.bytes = Buffer.concat([this.bytes, taken]);
  }

  deliver(most: number): void {
    const length = Math.min(most, this.bytes.length);
    this.#to.session.feed(this.bytes, 0, length);
    this.bytes = this.bytes.subarray(length);
  }
}

/** Two of them, and what each has said. */
function conversation(
  below: Below,
  nature: Nature,
): readonly [client: Http2Actor, server: Http2Actor, ways: readonly Way[]] {
  const client = new Http2Actor('client', drawnSettings(below), below, nature);
  const server = new Http2Actor('server', drawnSettings(below), below, nature);
  const ways = [new Way(client, server), new Way(server, client)];
  const isOver = (): boolean => client.isDone && server.isDone;
  for (let step = 0; step < MOST_STEPS && !isOver() && !client.isGone && !server.isGone; step++) {
    const way = ways[below(2)] as Way;
    if (below(3) === 0) (below(2) === 0 ? client : server).act();
    else if (below(2) === 0) way.take();
    else way.deliver(below(2) === 0 ? 1 + below(20) : 1 + below(100_000));
  }
  return [client, server, ways];
}

for (const isHasty of [false, true])
  test(`sessions among themselves lose nothing${isHasty ? ', also from within events' : ''}`, () => {
    const below = randomNumbers(SEED);
    const end = performance.now() + (SECONDS * 1000) / 4;
    for (let round = 0; performance.now() < end; round++) {
      const [client, server] = conversation(below, { isRude: false, isHasty });
      const where = `round ${round}`;
      assert.deepEqual([client.failure, server.failure], ['', ''], where);
      assert.ok(client.isDone && server.isDone, `${where}: somebody waits for ever`);
      for (const asked of client.streams) {
        const served = server.streams.find(({ stream }) => stream.id === asked.stream.id);
        if (asked.wasReset) assert.equal(served, undefined, `${where}: refused, and served`);
        else assert.deepEqual([served?.received, asked.received], [asked.length, served?.length], where);
      }
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const)
        assert.ok(one.granted - other.dataSaid <= 0x7fffffff, `${where}: more was granted than the window`);
    }
  });

/** Bytes for a session of that role, that went wrong. */
function misleading(role: Role, mutator: ByteMutator, misuse: Http2Misuse): Buffer {
  if (role === 'server' && mutator.below(2) === 0) return Buffer.concat([PREFACE, misuse.conversation()]);
  const [, , ways] = conversation(mutator.below, { isRude: mutator.below(2) === 0, isHasty: false });
  const said = Buffer.concat((ways[role === 'server' ? 0 : 1] as Way).past);
  const cut = said.subarray(0, mutator.below(2) === 0 ? said.length : 5000);
  return mutator.mutate(mutator.mutate(cut));
}

test('sessions that are fed anything throw nothing, take no time, and say little', () => {
  const mutator = new ByteMutator(SEED);
  const misuse = new Http2Misuse(SEED);
  const end = performance.now() + (SECONDS * 1000) / 2;
  for (let round = 0; performance.now() < end; round++) {
    const role = round % 2 === 0 ? 'server' : 'client';
    const bytes = misleading(role, mutator, misuse);
    const nature = { isRude: mutator.below(2) === 0, isHasty: mutator.below(2) === 0 };
    const actor = new Http2Actor(role, drawnSettings(mutator.below), mutator.below, nature);
    actor.isFed = true;
    let said = 0;
    for (let at = 0; at < bytes.length;) {
      const to = Math.min(bytes.length, at + 1 + mutator.below(20_000));
      const started = process.cpuUsage();
      actor.session.feed(bytes, at, to);
      actor.act();
      const { user } = process.cpuUsage(started);
      assert.ok(user < LONGEST_MS * 1000, `round ${round}: ${user / 1000} ms for ${to - at} bytes`);
      at = to;
      said += actor.take().length;
    }
    assert.ok(
      said < bytes.length * MOST_ANSWER + OWN_BYTES,
      `round ${round}: ${said} bytes for ${bytes.length}`,
    );
  }
});
