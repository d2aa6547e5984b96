/** What a request does to the shared state: `node dist/bench/micro/shared-state.js`. */
import { hashCrc32, hashDjb2, hashSdbm, hashWt6 } from '../../src/base/hash.ts';
import { FIELD } from '../../src/state/counter-fields.ts';
import { backendOf, createState } from '../../test/support/state.ts';
import { measure } from './measure.ts';

const { control } = createState(
  `${backendOf('roundrobin', 'maxconn 100', '')}\nfrontend f\n bind 127.0.0.1:1\n rate-limit sessions 1000000000`,
);
const { counters, limits, queues, rates } = control;
const row = counters.backend(0);
const gate = limits.frontend(1);

measure('counter: add', () => counters.add(row, FIELD.bin, 100));
measure('counter: mean', index => counters.sample(row, FIELD.qtime, index & 15));
measure('counter: rate', index => counters.event(row, FIELD.rate, index >> 6));
measure('limit: enter and leave', () => {
  limits.enter(gate);
  limits.leave(gate);
});
limits.setLimit(gate, 1000);
measure('limit: try to enter below the limit, and leave', () => {
  limits.tryEnter(gate);
  limits.leave(gate);
});
measure('rate limit: ask and count', index => {
  const rate = rates.frontendSessions(1);
  if (rates.delayMs(rate, index >> 6) === 0) rates.count(rate, index >> 6);
});
measure('server: take and release, no maxconn', () => {
  queues.tryTake(1);
  queues.release(1);
});
measure('server: take and release, maxconn', () => {
  queues.tryTake(0);
  queues.release(0);
});
for (let taken = 0; taken < 100; taken++) queues.tryTake(0);
const waiter = { onSlot: (): void => undefined };
measure('server: wait, release to the one that waits', () => {
  queues.waitForServer(0, waiter);
  queues.release(0);
});

const key = '/some/path/to/a/resource-1024.html';
let sum = 0;
for (const [name, hash] of Object.entries({ hashSdbm, hashDjb2, hashWt6, hashCrc32 }))
  measure(`${name} of ${key.length} chars`, index => {
    sum += hash(key, index & 1, key.length);
  });
if (sum < 0) console.log(sum);
