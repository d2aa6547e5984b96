import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELD } from '../../src/state/counter-fields.ts';
import { ADMIN_FMAINT, SRV_STOPPED } from '../../src/state/server-words.ts';
import { JSON_SCHEMA } from '../../src/stats/json-schema.ts';
import { csvText } from '../../src/stats/render-csv.ts';
import { renderInfo } from '../../src/stats/render-info.ts';
import { statPieces, type StatFormat } from '../../src/stats/render-stat.ts';
import type { RowFilter } from '../../src/stats/rows.ts';
import { ConfiguredView, type StatsView } from '../../src/stats/view.ts';
import { createState, type TestState } from '../support/state.ts';

function renderStat(view: StatsView, filter: RowFilter, format: StatFormat): string {
  return [...statPieces(view, filter, format)].join('');
}

const CONFIG = `frontend web
 bind 127.0.0.1:80 name first
 option socket-stats
 default_backend b
backend b
 cookie SRV insert
 server s1 127.0.0.1:81 check cookie one maxconn 10
 server s2 127.0.0.1:82 backup
 server s3 127.0.0.1:83 track b/s1`;

interface Given extends TestState {
  readonly view: ConfiguredView;
  /** CSV cells by name, of the rows that are given. */
  readonly rows: (filter?: RowFilter) => Map<string, Record<string, string>>;
}

function given(text = CONFIG, threads = 1): Given {
  const state = createState(text, threads);
  const view = new ConfiguredView(state.config, state.control);
  return { ...state, view, rows: (filter = {}) => parseCsv(renderStat(view, filter, 'csv')) };
}

function parseCsv(text: string): Map<string, Record<string, string>> {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const names = head.slice(2).split(',');
  return new Map(
    lines.map(line => {
      const cells = line.split(',');
      assert.equal(cells.length, names.length);
      const row = Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
      return [`${row['pxname']}/${row['svname']}`, row];
    }),
  );
}

test('objects come in the order frontend, listeners, servers, backend', () => {
  assert.deepEqual(
    [...given().rows().keys()],
    ['web/FRONTEND', 'web/first', 'b/s1', 'b/s2', 'b/s3', 'b/BACKEND'],
  );
});

test('a filter takes proxies by number, kinds by their bits and objects by their number', () => {
  const { rows } = given();
  assert.deepEqual([...rows({ iid: 3, types: 4, sid: 2 }).keys()], ['b/s2']);
  assert.deepEqual([...rows({ iid: -1, types: 1, sid: -1 }).keys()], ['web/FRONTEND']);
  assert.deepEqual([...rows({ types: 8 }).keys()], ['web/first']);
});

test('counters of all threads are added up where they are shown', () => {
  const state = given(CONFIG, 2);
  for (const thread of [1, 2]) {
    const { counters } = state.attach(thread);
    counters.add(counters.frontend(0), FIELD.bin, 100 * thread);
    counters.raise(counters.server(0), FIELD.smax, thread);
  }
  const rows = state.rows();
  assert.equal(rows.get('web/FRONTEND')?.['bin'], '300');
  assert.equal(rows.get('b/s1')?.['smax'], '2');
});

test('states are worded as people know them, with the progress of checks', () => {
  const { writer, rows } = given();
  const status = (name: string): string | undefined => rows().get(name)?.['status'];
  // two of three failures are needed to go down, and none has been seen
  assert.equal(status('b/s1'), 'UP 1/3');
  writer.publishCheck(0, 'check', { health: 4 });
  assert.deepEqual([status('b/s1'), status('b/s3'), status('b/s2')], ['UP', 'UP', 'no check']);
  writer.setState(0, SRV_STOPPED);
  writer.publishCheck(0, 'check', { health: 1 });
  assert.equal(status('b/s1'), 'DOWN 1/2');
  writer.publishCheck(0, 'check', { health: 0 });
  assert.equal(status('b/s1'), 'DOWN');
  writer.setAdmin(0, ADMIN_FMAINT, 0);
  assert.equal(status('b/s1'), 'MAINT');
});

test('up leaves out what is down, no-maint what is in maintenance, and the backend counts', () => {
  const { writer, rows } = given();
  writer.publishCheck(0, 'check', { health: 0 });
  writer.setState(0, SRV_STOPPED);
  writer.setAdmin(1, ADMIN_FMAINT, 0);
  assert.deepEqual([...rows({ types: 6, hideDown: true }).keys()], ['b/s3', 'b/BACKEND']);
  assert.equal(rows({ hideDown: true }).get('b/BACKEND')?.['status'], 'UP (2/3)');
  assert.deepEqual([...rows({ types: 4, hideMaintenance: true }).keys()], ['b/s1', 'b/s3']);
});

test('addresses, cookies and algorithms are told only with legends', () => {
  const { rows } = given();
  const told = (filter: RowFilter): unknown[] => {
    const found = rows(filter);
    return [found.get('b/s1')?.['addr'], found.get('b/s1')?.['cookie'], found.get('b/BACKEND')?.['cookie']];
  };
  assert.deepEqual(told({}), ['', '', '']);
  assert.deepEqual(told({ legends: true }), ['127.0.0.1:81', 'one', 'SRV']);
});

test('the fields of checks are empty for servers that have none', () => {
  const { writer, rows } = given();
  writer.publishCheck(0, 'check', { status: 'L7STS', code: 503, durationMs: 3, text: 'Service Unavailable' });
  writer.publishCheck(0, 'check', { inProgress: true });
  const [checked, unchecked] = [rows().get('b/s1'), rows().get('b/s2')];
  const names = ['check_status', 'check_code', 'check_duration', 'last_chk', 'check_rise', 'chkfail'];
  assert.deepEqual(
    names.map(name => checked?.[name]),
    ['* L7STS', '503', '3', 'Service Unavailable', '2', '0'],
  );
  assert.deepEqual(
    names.map(name => unchecked?.[name]),
    ['', '', '', '', '', ''],
  );
});

test('the typed output names kind, numbers, position and meaning of each value', () => {
  const { view } = given();
  const typed = renderStat(view, { types: 4 }, 'typed');
  assert.match(typed, /^S\.3\.1\.0\.pxname\.1:KNSV:str:b$/m);
  assert.match(typed, /^S\.3\.1\.7\.stot\.1:MCPP:u64:0$/m);
  assert.match(renderStat(view, { types: 1 }, 'typed desc'), /\.scur\.1:MGPV:u32:0:"Sessions now"$/m);
});

test('JSON is an array of objects, each an array of its values, and strings are escaped', () => {
  const { view, writer } = given();
  writer.publishCheck(0, 'check', { text: 'he said "no"\n' });
  const rows = JSON.parse(renderStat(view, {}, 'json')) as {
    objType: string;
    field: { name: string };
    value: { value: unknown };
  }[][];
  assert.deepEqual(
    rows.map(([first]) => first?.objType),
    ['Frontend', 'Listener', 'Server', 'Server', 'Server', 'Backend'],
  );
  assert.equal(rows[2]?.find(({ field }) => field.name === 'last_chk')?.value.value, 'he said "no"\n');
  assert.equal((JSON.parse(JSON_SCHEMA) as { oneOf: unknown[] }).oneOf.length, 3);
});

test('CSV quotes what would break a line or a cell', () => {
  assert.equal(csvText('plain text'), 'plain text');
  assert.equal(csvText('a,b'), '"a,b"');
  assert.equal(csvText('say "x"\nand'), '"say ""x"" and"');
});

test('many servers are rendered in pieces of a few each', () => {
  const servers = Array.from({ length: 101 }, (_, index) => `server s${index} 127.0.0.1:80`).join('\n ');
  const { view } = given(`backend b\n ${servers}`);
  const pieces = [...statPieces(view, {}, 'csv')];
  assert.equal(pieces.length, 6);
  assert.equal(pieces.join('').trimEnd().split('\n').length, 103);
});

test('the uptime does not follow the time of day', t => {
  t.mock.method(Date, 'now', () => Date.UTC(2100, 0));
  assert.match(renderInfo(given().view), /^Uptime: 0d 0h0\dm\d\ds$/m);
});

test('what is experimental in a configuration taints the process', () => {
  const rule = 'frontend e\n mode http\n bind 127.0.0.1:84\n http-request normalize-uri path-merge-slashes\n';
  const text = `global\n expose-experimental-directives\n`;
  assert.match(renderInfo(given(`${text}${CONFIG}\n${rule}`).view), /^Tainted: 0x1$/m);
  assert.match(renderInfo(given(text + CONFIG).view), /^Tainted: 0$/m);
});

test('show info is told plainly, typed, as JSON and with fractions', () => {
  const { view } = given();
  assert.match(renderInfo(view), /^Nbthread: 1$/m);
  assert.match(renderInfo(view, { format: 'typed' }), /^3\.Nbthread\.1:CGSV:u32:1$/m);
  assert.match(renderInfo(view, { desc: true }), /^Nbproc: 1:"Worker processes, always 1"$/m);
  assert.match(renderInfo(view, { format: 'typed', float: true }), /^8\.Uptime_sec\.1:MDPV:flt:\d+\.\d+$/m);
  const json = JSON.parse(renderInfo(view, { format: 'json' })) as { field: { name: string } }[];
  assert.equal(json[0]?.field.name, 'Name');
});
