import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COUNTER_FIELDS, COUNTER_ROW, FIELD } from '../../src/state/counter-fields.ts';
import { backendOf, createState } from '../support/state.ts';

function threeThreads() {
  const made = createState(backendOf('roundrobin', '', ''), 2);
  return { control: made.control.counters, one: made.attach(1).counters, two: made.attach(2).counters };
}

test('fields do not overlap and fit into a row', () => {
  const places = COUNTER_FIELDS.map(({ name }) => FIELD[name]);
  assert.deepEqual(
    places.toSorted((a, b) => a - b),
    places,
  );
  assert.equal(new Set(places).size, places.length);
  assert.ok((places.at(-1) as number) < COUNTER_ROW);
  assert.equal(COUNTER_ROW % 8, 0);
});

test('sums and maxima are put together over the threads', () => {
  const { control, one, two } = threeThreads();
  const row = one.server(1);
  one.add(row, FIELD.bin, 2 ** 40);
  two.add(row, FIELD.bin, 7);
  one.raise(row, FIELD.smax, 3);
  two.raise(row, FIELD.smax, 5);
  two.raise(row, FIELD.smax, 4);
  assert.equal(control.read(row, 'bin', 0), 2 ** 40 + 7);
  assert.equal(control.read(row, 'smax', 0), 5);
  assert.equal(control.read(control.server(0), 'bin', 0), 0, 'other objects are not touched');
  assert.equal(control.read(control.backend(0), 'bin', 0), 0);
});

test('a mean follows the last samples, weighted by how many each thread has seen', () => {
  const { control, one, two } = threeThreads();
  const row = one.backend(0);
  for (let index = 0; index < 30; index++) one.sample(row, FIELD.qtime, 10);
  for (let index = 0; index < 10; index++) two.sample(row, FIELD.qtime, 50);
  assert.equal(control.read(row, 'qtime', 0), 20);
  for (let index = 0; index < 6000; index++) one.sample(row, FIELD.ttime, index < 1000 ? 9000 : 100);
  const mean = control.read(row, 'ttime', 0);
  assert.ok(mean >= 99 && mean <= 105, `old samples have faded: ${mean}`);
});

test('a rate counts the last second and keeps its highest value', () => {
  const { control, one, two } = threeThreads();
  const row = one.frontend(0);
  const start = 1_000_000;
  for (let index = 0; index < 40; index++) one.event(row, FIELD.req_rate, start + index);
  for (let index = 0; index < 60; index++) two.event(row, FIELD.req_rate, start + index);
  assert.equal(control.read(row, 'req_rate', start + 100), 100);
  one.event(row, FIELD.req_rate, start + 1500);
  two.event(row, FIELD.req_rate, start + 1500);
  const halfway = control.read(row, 'req_rate', start + 1500);
  assert.ok(halfway >= 50 && halfway <= 53, `half of the second before, and the new ones: ${halfway}`);
  assert.equal(control.read(row, 'req_rate', start + 9000), 0);
  assert.ok(control.highestRate(row, 'req_rate', start + 9000) >= 60);
});

test('clear counters forgets the highest values, clear counters all everything', () => {
  const { control, one } = threeThreads();
  const row = one.frontend(0);
  one.add(row, FIELD.stot, 3);
  one.raise(row, FIELD.smax, 3);
  one.event(row, FIELD.rate, 1_000_000);
  control.clear(false);
  assert.equal(control.read(row, 'smax', 0), 0);
  assert.equal(control.highestRate(row, 'rate', 2_000_000), 0);
  assert.equal(control.read(row, 'stot', 0), 3);
  control.clear(true);
  assert.equal(control.read(row, 'stot', 0), 0);
});

test('clearing keeps what is there now, whose end will be counted too', () => {
  const { control, one } = threeThreads();
  const row = one.frontend(0);
  one.add(row, FIELD.h1_open_streams, 2);
  one.add(row, FIELD.bin, 5);
  control.clear(true);
  one.add(row, FIELD.h1_open_streams, -1);
  assert.equal(control.read(row, 'h1_open_streams', 0), 1);
  assert.equal(control.read(row, 'bin', 0), 0);
});
