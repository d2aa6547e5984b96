import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELD } from '../../src/state/counter-fields.ts';
import { loadStatsFile, renderStatsFile } from '../../src/stats/stats-file.ts';
import { ConfiguredView } from '../../src/stats/view.ts';
import { createState } from '../support/state.ts';

const CONFIG = `listen both
 guid g-both
 option socket-stats
 bind 127.0.0.1:80,127.0.0.1:81 guid-prefix g-li
 server s1 127.0.0.1:82 guid g-srv
backend plain
 server s1 127.0.0.1:82`;

function given(): { view: ConfiguredView; total: (row: number, field: 'stot' | 'bin') => number } {
  const { config, control } = createState(CONFIG);
  const view = new ConfiguredView(config, control);
  return { view, total: (row, field) => control.counters.read(row, field, 0) };
}

test('counters go out to a file and come back', () => {
  const { view: old } = given();
  const { counters } = old.state;
  counters.add(counters.frontend(0), FIELD.stot, 7);
  counters.add(counters.backend(0), FIELD.stot, 5);
  counters.add(counters.listener(1), FIELD.bin, 3);
  counters.add(counters.server(0), FIELD.bin, 2);
  const { view, total } = given();
  loadStatsFile(renderStatsFile(old), view);
  const rows = view.state.counters;
  assert.equal(total(rows.frontend(0), 'stot'), 7);
  assert.equal(total(rows.backend(0), 'stot'), 5);
  assert.equal(total(rows.listener(1), 'bin'), 3);
  assert.equal(total(rows.listener(0), 'bin'), 0);
  assert.equal(total(rows.server(0), 'bin'), 2);
});

test('rates of the last second go on where they were', () => {
  const { view: old } = given();
  const { counters } = old.state;
  old.now = () => 5000;
  counters.event(counters.frontend(0), FIELD.req_rate, 5000, 40);
  counters.event(counters.server(0), FIELD.rate, 5000, 30);
  const { view } = given();
  view.now = () => 9000;
  loadStatsFile(renderStatsFile(old), view);
  const rows = view.state.counters;
  // they fade within the next second
  for (const [nowMs, requests, sessions] of [
    [9000, 40, 30],
    [9500, 20, 15],
    [11000, 0, 0],
  ] as const) {
    assert.equal(rows.read(rows.frontend(0), 'req_rate', nowMs), requests);
    assert.equal(rows.read(rows.server(0), 'rate', nowMs), sessions);
  }
});

test('the file tells only objects with a guid, each on its side', () => {
  const lines = renderStatsFile(given().view).split('\n');
  assert.deepEqual(
    lines.filter(line => !line.startsWith('#') && line !== '').map(line => line.split(',')[0]),
    ['g-both', 'g-li-0', 'g-li-1', 'g-srv', 'g-both'],
  );
  assert.match(lines[0] ?? '', /^#fe guid,stot,bin,bout,.*,$/);
});

test('lines that make no sense or name nothing known are passed over', () => {
  const { view, total } = given();
  const text = `#fe guid,stot,unknown,bin,
// a remark
g-both,12,99,34
g-both,abc,,
g-unknown,5,
g-srv,5,
#other guid,stot,
g-both,1,
#be no-guid-here
g-srv,77,
`;
  loadStatsFile(text, view);
  const { counters } = view.state;
  assert.deepEqual([total(counters.frontend(0), 'stot'), total(counters.frontend(0), 'bin')], [12, 34]);
  assert.equal(total(counters.server(0), 'stot'), 0);
});
