/** Filters of one direction, one behind the other: what goes on, what is held, and when time is asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimerWheel } from '../../src/net/timer-wheel.ts';
import { FilterChain } from '../../src/proxy/filters/filter-chain.ts';
import type { ChannelBytes } from '../../src/rules/channel-bytes.ts';
import {
  FILTER_CONTINUE,
  FILTER_WAIT,
  type FilterAnswer,
  type StreamFilter,
} from '../../src/rules/script-filter.ts';

const NOTHING = Buffer.alloc(0);

class FakeFilter implements StreamFilter {
  wakeMs = 0;
  readonly said: string[] = [];
  readonly #payload: (bytes: ChannelBytes) => number;
  #ends: FilterAnswer[];

  constructor(payload: (bytes: ChannelBytes) => number, ends: readonly FilterAnswer[] = []) {
    this.#payload = payload;
    this.#ends = [...ends];
  }
  startAnalyze = (): FilterAnswer => FILTER_CONTINUE;
  endAnalyze = (): void => undefined;
  httpHeaders = (): FilterAnswer => FILTER_CONTINUE;
  httpEnd = (): FilterAnswer => this.#ends.shift() ?? FILTER_CONTINUE;
  payload(_isResponse: boolean, bytes: ChannelBytes): number {
    return this.#payload(bytes);
  }
  wantsData = (): boolean => true;
  takeWakeMs(): number {
    const { wakeMs } = this;
    this.wakeMs = 0;
    return wakeMs;
  }
  complain(text: string): void {
    this.said.push(text);
  }
  release = (): void => undefined;
}

function chainOf(...filters: FakeFilter[]): { chain: FilterChain; pass: (ms: number) => void } {
  let now = 0;
  const wheel = new TimerWheel(() => now);
  const settings = { wheel, isResponse: true, isMessage: true, size: 8, patienceMs: 5000 };
  const pass = (ms: number): void => {
    now += ms;
    wheel.readClock();
    wheel.advance();
  };
  return { chain: new FilterChain(filters, settings), pass };
}

const all = ({ input }: ChannelBytes): number => input.length;
const none = (): number => 0;

test('what one filter lets go on is what the next one sees, and what is sent goes first', () => {
  const seen: string[] = [];
  const pairs = new FakeFilter(({ input }) => input.length - (input.length % 2));
  const sends = new FakeFilter(bytes => {
    seen.push(bytes.input.toString());
    bytes.edit(Buffer.from('>'), bytes.input);
    return bytes.input.length;
  });
  const { chain } = chainOf(pairs, sends);
  const gone = [chain.push(Buffer.from('abc'), false), chain.push(Buffer.from('de'), true)];
  assert.deepEqual(gone.map(String), ['>ab', '>cd']);
  assert.deepEqual(seen, ['ab', 'cd']);
  assert.equal(chain.done, false, 'the last byte is held');
});

test('the end goes when every filter has said so, asked again when its time has come', () => {
  const waits = new FakeFilter(all, [FILTER_WAIT]);
  const { chain, pass } = chainOf(new FakeFilter(all), waits);
  const woken: string[] = [];
  chain.onWake = bytes => woken.push(bytes.toString());
  waits.wakeMs = 100;
  assert.equal(String(chain.push(Buffer.from('ab'), true)), 'ab');
  assert.equal(chain.done, false);
  pass(1000);
  assert.deepEqual([chain.done, woken], [true, ['']]);
});

test('a filter that is full and asks for no time has lost when patience ends', () => {
  const keeps = new FakeFilter(none);
  const { chain, pass } = chainOf(keeps);
  let isLost = false;
  chain.onFailed = () => (isLost = true);
  chain.push(Buffer.from('abcd'), false);
  assert.equal(chain.isFull, false);
  pass(10_000);
  assert.equal(isLost, false, 'more may come');
  chain.push(Buffer.from('efgh'), false);
  assert.equal(chain.isFull, true);
  pass(10_000);
  assert.deepEqual([isLost, keeps.said.length], [true, 1]);
});

test('below zero is a failure, and nothing goes on any more', () => {
  const { chain } = chainOf(new FakeFilter(() => -1));
  assert.deepEqual([chain.push(Buffer.from('ab'), true), chain.failed, chain.done], [NOTHING, true, false]);
});
