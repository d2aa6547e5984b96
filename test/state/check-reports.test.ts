import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELD } from '../../src/state/counter-fields.ts';
import { ADMIN_FMAINT, PROXY_DOWN, SRV_RUNNING, SRV_STOPPED } from '../../src/state/server-words.ts';
import { backendOf, createState } from '../support/state.ts';

test('what a check found out is read by another thread, field by field and cut to its room', () => {
  const state = createState(backendOf('roundrobin', 'check rise 3 fall 4', ''));
  const { writer } = state;
  const { checks } = state.attach(1).servers;
  assert.deepEqual(
    [checks.active(0, 'check'), checks.active(0, 'agent'), checks.active(1, 'check')],
    [true, false, false],
  );
  assert.deepEqual(
    [checks.status(0, 'check').name, checks.rise(0, 'check'), checks.fall(0, 'check')],
    ['INI', 3, 4],
  );
  writer.publishCheck(0, 'check', { status: 'L7STS', code: 503, durationMs: 12.4, text: 'x'.repeat(200) });
  writer.publishCheck(0, 'agent', { enabled: true, status: 'L7OK', text: 'up 50%' });
  assert.equal(checks.status(0, 'check').text, 'Layer7 wrong status');
  assert.deepEqual([checks.code(0, 'check'), checks.durationMs(0, 'check')], [503, 12]);
  assert.equal(checks.text(0, 'check'), 'x'.repeat(128));
  assert.equal(checks.text(0, 'agent'), 'up 50%');
  assert.equal(checks.text(1, 'check'), '');
});

test('a paused check shows nothing until it goes on', () => {
  const { writer } = createState(backendOf('roundrobin', 'check'));
  writer.publishCheck(0, 'check', { paused: true });
  assert.ok(writer.checks.enabled(0, 'check') && !writer.checks.active(0, 'check'));
  writer.publishCheck(0, 'check', { paused: false, inProgress: true });
  assert.ok(writer.checks.active(0, 'check') && writer.checks.inProgress(0, 'check'));
});

test('a backend is down from the moment its last server is, and every fall is counted once', () => {
  const { control, writer } = createState(backendOf('roundrobin', 'check', 'check'));
  const { counters } = control;
  const falls = (row: number): number => counters.own[row + FIELD.chkdown] as number;
  const isDown = (): boolean => (writer.proxyFlags(0) & PROXY_DOWN) !== 0;
  writer.setState(0, SRV_STOPPED);
  assert.ok(!isDown());
  writer.setAdmin(1, ADMIN_FMAINT, 0);
  assert.ok(isDown());
  writer.setState(0, SRV_STOPPED);
  assert.deepEqual([falls(counters.server(0)), falls(counters.backend(0))], [1, 1]);
  writer.setState(0, SRV_RUNNING);
  assert.ok(!isDown());
});

test('a configuration whose servers are all disabled starts down without a fall', () => {
  const { control, writer } = createState(backendOf('roundrobin', 'disabled', 'disabled', 'disabled'));
  assert.ok((writer.proxyFlags(0) & PROXY_DOWN) !== 0);
  assert.equal(control.counters.own[control.counters.backend(0) + FIELD.chkdown], 0);
});
