/** Re-arming a timeout at each byte received against a Node timer's refresh(): `node dist/bench/micro/timer-wheel.js`. */
import { Timer, TimerWheel } from '../../src/net/timer-wheel.ts';

const COUNT = 10_000;
const ROUNDS = 300;

function measure(name: string, operation: (i: number) => void): void {
  for (let i = 0; i < COUNT; i++) operation(i);
  const started = process.hrtime.bigint();
  for (let round = 0; round < ROUNDS; round++) for (let i = 0; i < COUNT; i++) operation(i);
  const ns = Number(process.hrtime.bigint() - started) / (COUNT * ROUNDS);
  console.log(`${name.padEnd(44)} ${ns.toFixed(1)} ns`);
}

function timersOf(wheel: TimerWheel): Timer[] {
  const timers = Array.from({ length: COUNT }, () => new Timer(() => undefined));
  for (const timer of timers) wheel.set(timer, 60_000);
  return timers;
}

const fixed = new TimerWheel(() => 1000);
const fixedTimers = timersOf(fixed);
measure('wheel: set later (time of the loop turn)', i => fixed.set(fixedTimers[i] as Timer, 50_000 + i));
measure('wheel: clear and set', i => {
  fixed.clear(fixedTimers[i] as Timer);
  fixed.set(fixedTimers[i] as Timer, 60_000);
});
measure('wheel: remove and set', i => {
  fixed.remove(fixedTimers[i] as Timer);
  fixed.set(fixedTimers[i] as Timer, 60_000);
});

const live = new TimerWheel(() => performance.now(), { live: true });
const liveTimers = timersOf(live);
measure('wheel: set later (clock read each time)', i => live.set(liveTimers[i] as Timer, 60_000));

const nodeTimers = Array.from({ length: COUNT }, () => setTimeout(() => undefined, 60_000));
measure('Node: timer.refresh()', i => nodeTimers[i]?.refresh());
measure('Node: clearTimeout and setTimeout', i => {
  clearTimeout(nodeTimers[i]);
  nodeTimers[i] = setTimeout(() => undefined, 60_000);
});
for (const timer of nodeTimers) clearTimeout(timer);
