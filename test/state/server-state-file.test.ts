import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECK_STATUSES, checkStatus } from '../../src/model/check-status.ts';
import {
  checkResultNumber,
  checkStatusOfNumber,
  parseServerStateFile,
  renderServerState,
  renderServerStateHead,
  type ServerStateField,
  type ServerStateLine,
} from '../../src/state/server-state-file.ts';
import { readServerState } from '../../src/state/server-state-values.ts';

/** As HAProxy 2.6 writes it. */
const WRITTEN = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 app 1 s1 127.0.0.1 2 0 7 10 12 1 0 2 6 0 0 0 - 8080 - 0 0 - - 0
3 app 2 s2 - 0 36 1 1 12 1 0 0 14 0 0 0 app.example 8081 - 0 9000 192.0.2.1 - 0
`;

function lines(text: string): readonly ServerStateLine[] {
  const file = parseServerStateFile(text);
  assert.equal(file.kind, 'read');
  return file.kind === 'read' ? file.lines : [];
}

test('A file that HAProxy wrote is read field by field, and written again as it was', () => {
  const read = lines(WRITTEN);
  assert.equal(read.length, 2);
  assert.equal(read[1]?.srv_fqdn, 'app.example');
  const written = read.map(line => renderServerState(line as Record<ServerStateField, string>));
  assert.equal(renderServerStateHead() + written.map(line => `${line}\n`).join(''), WRITTEN);
});

test('Values are checked: a line with anything wrong gives the whole list of mistakes', () => {
  const [first, second] = lines(WRITTEN);
  const good = readServerState(second as ServerStateLine);
  assert.ok('values' in good);
  assert.equal(good.values.admin, 4);
  assert.equal(good.values.fqdn, 'app.example');
  assert.equal(good.values.checkPort, 9000);
  assert.equal(good.values.checkAddress?.toString(), '192.0.2.1');
  const bad = readServerState({
    ...first,
    srv_op_state: '4',
    srv_admin_state: '128',
    srv_uweight: '257',
    srv_iweight: '-1',
    srv_time_since_last_change: 'x',
    srv_check_status: '21',
    srv_check_result: '5',
    srv_check_state: '32',
    bk_f_forced_id: '2',
    srv_fqdn: 'a/b',
    srv_port: '65536',
  });
  assert.ok('wrong' in bad);
  assert.deepEqual(
    bad.wrong.map(text => text.split(' ')[1]),
    [
      'srv_op_state',
      'srv_admin_state',
      'srv_uweight',
      'srv_iweight',
      'srv_time_since_last_change',
      'srv_check_status',
      'srv_check_result',
      'srv_check_state',
      'bk_f_forced_id',
      'srv_fqdn',
      'srv_port',
    ],
  );
});

test('A file of another version, a cut line and a line of too few or too many fields are told apart', () => {
  assert.equal(parseServerStateFile('').kind, 'empty');
  assert.equal(parseServerStateFile('2\n').kind, 'unknown-version');
  assert.equal(parseServerStateFile('1 \n').kind, 'unknown-version');
  assert.equal(parseServerStateFile('# nothing\n').kind, 'unknown-version');
  assert.deepEqual(parseServerStateFile('1\n\n  # comment\n'), { kind: 'read', lines: [] });
  assert.deepEqual(parseServerStateFile(WRITTEN.slice(0, -1)), { kind: 'corrupt', line: 3 });
  assert.deepEqual(parseServerStateFile('1\na b c\n'), { kind: 'corrupt', line: 1 });
  assert.deepEqual(parseServerStateFile(`1\n${'x '.repeat(26)}\n`), { kind: 'corrupt', line: 1 });
  assert.equal(lines(`1\n${'x '.repeat(20)}\n`).length, 1);
});

test('Check statuses keep their numbers, and results follow from them', () => {
  for (const row of CHECK_STATUSES) assert.equal(checkStatusOfNumber(row.number), row);
  const results = (['INI', 'CHECKED', 'L4CON', 'L7OK', 'L7OKC'] as const).map(name =>
    checkResultNumber(checkStatus(name)),
  );
  assert.deepEqual(results, [0, 1, 2, 3, 4]);
});
