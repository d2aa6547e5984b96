import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessLogForm } from '../../src/model/notice.ts';
import { ProcessLog } from '../../src/worker/process/process-log.ts';

function written(form: ProcessLogForm, terminal: boolean, say: (log: ProcessLog) => void): string {
  let text = '';
  say(new ProcessLog({ form, terminal, write: more => void (text += more) }));
  return text;
}

const OWN = (log: ProcessLog): void =>
  log.notice('warning', 'thread 2 is replaced', { part: 'threads', thread: 2 });
const SHARED = (log: ProcessLog): void =>
  log.notice('alert', `backend 'b' has no server available!`, { proxy: 'b' });

const OWN_LINE = `[WARNING]  (${process.pid}) : thread 2 is replaced\n`;
const SHARED_LINE = `[ALERT]    (${process.pid}) : backend 'b' has no server available!\n`;

test('json is one object a line: level, time, pid, what it is about, and the text', () => {
  const lines = written('json', true, log => (OWN(log), SHARED(log))).split('\n');
  assert.equal(lines.pop(), '');
  const [own, shared] = lines.map(line => JSON.parse(line) as Record<string, unknown>);
  const { time, ...rest } = own ?? {};
  assert.deepEqual(rest, {
    level: 'warn',
    pid: process.pid,
    part: 'threads',
    thread: 2,
    msg: 'thread 2 is replaced',
  });
  assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 60_000, String(time));
  assert.equal(shared?.['level'], 'error');
  assert.equal(shared?.['proxy'], 'b');
});

test('haproxy is the line that scripts know, whatever it is about', () => {
  assert.equal(written('haproxy', false, OWN), OWN_LINE);
  assert.equal(written('haproxy', false, SHARED), SHARED_LINE);
});

test('auto is for people on a terminal; elsewhere json for what HAProxy has no words for', () => {
  assert.equal(written('auto', true, OWN), OWN_LINE);
  assert.equal(written('auto', true, SHARED), SHARED_LINE);
  assert.equal(written('auto', false, SHARED), SHARED_LINE);
  assert.equal((JSON.parse(written('auto', false, OWN)) as { msg: string }).msg, 'thread 2 is replaced');
});

test('what is wrong with a configuration has its place in json', () => {
  const position = { file: 'a.cfg', line: 7, column: 3 };
  const diagnostic = { severity: 'warning', position, message: 'odd.', hint: 'did you mean even ?' } as const;
  const line = written('json', false, log => log.diagnostics([diagnostic], false));
  const { level, file, line: at, msg } = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual([level, file, at, msg], ['warn', 'a.cfg', 7, 'odd; did you mean even ?']);
  const diag = { severity: 'diag', position, message: 'only upon request' } as const;
  assert.equal(
    written('json', false, log => log.diagnostics([diag], false)),
    '',
  );
  assert.match(
    written('auto', false, log => log.diagnostics([diagnostic], false)),
    /: config : parsing \[a\.cfg:7\] : odd;/,
  );
});
