import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverSeed } from '../../src/balancers/server-seed.ts';
import {
  ADMIN_FDRAIN,
  ADMIN_FMAINT,
  SRV_RUNNING,
  SRV_STARTING,
  SRV_STOPPED,
  SRV_STOPPING,
} from '../../src/state/server-words.ts';
import { backendOf, createState } from '../support/state.ts';

test('a server is usable when it is up, has weight and is neither drained nor in maintenance', () => {
  const { control, writer } = createState(backendOf('roundrobin', '', 'weight 0', 'disabled'));
  const { servers } = control;
  assert.deepEqual(
    [0, 1, 2].map(server => servers.usable(server)),
    [true, false, false],
  );
  for (const state of [SRV_STOPPED, SRV_STOPPING]) {
    writer.setState(0, state);
    assert.ok(!servers.usable(0));
  }
  writer.setState(0, SRV_RUNNING);
  writer.setAdmin(0, ADMIN_FDRAIN, 0);
  assert.ok(!servers.usable(0));
  writer.setAdmin(0, 0, ADMIN_FDRAIN);
  assert.ok(servers.usable(0));
  writer.setAdmin(2, 0, ADMIN_FMAINT);
  assert.ok(!servers.usable(2), 'it is down until something says that it is up');
  writer.setState(2, SRV_RUNNING);
  assert.ok(servers.usable(2));
});

test('persistence reaches servers that are drained, stopping or without weight, but none that is down', () => {
  const { control, writer } = createState(backendOf('roundrobin', '', 'weight 0', 'disabled'));
  const { servers } = control;
  assert.deepEqual(
    [0, 1, 2].map(server => servers.takesPersistent(server)),
    [true, true, false],
  );
  writer.setAdmin(0, ADMIN_FDRAIN, 0);
  writer.setState(0, SRV_STOPPING);
  assert.ok(servers.takesPersistent(0));
  writer.setState(0, SRV_STOPPED);
  assert.ok(!servers.takesPersistent(0));
});

test('every change is a new generation of the backend, none where nothing changed', () => {
  const { control, writer } = createState(backendOf('roundrobin', '', ''));
  const seen = new Set([control.servers.generation(0)]);
  const changed = (change: () => void): void => {
    change();
    const generation = control.servers.generation(0);
    assert.ok(!seen.has(generation));
    seen.add(generation);
  };
  changed(() => writer.setState(0, SRV_STOPPED));
  changed(() => writer.setAdmin(1, ADMIN_FMAINT, 0));
  changed(() => writer.setWeight(0, 7));
  changed(() => writer.setSeed(0, 99));
  const before = control.servers.generation(0);
  assert.ok(!writer.setState(0, SRV_STOPPED));
  assert.ok(!writer.setAdmin(1, ADMIN_FMAINT, 0));
  assert.equal(control.servers.generation(0), before);
});

test('slow start begins at the smallest step and only for dynamic algorithms', () => {
  const dynamic = createState(backendOf('roundrobin', 'weight 100 slowstart 30s'));
  dynamic.writer.setState(0, SRV_STOPPED);
  dynamic.writer.setState(0, SRV_STARTING);
  assert.equal(dynamic.control.servers.effectiveWeight(0), 100);
  assert.equal(dynamic.control.servers.shownWeight(0), 7);
  dynamic.writer.setLastChange(0, dynamic.control.servers.lastChangeSeconds(0) - 15);
  dynamic.writer.recomputeWeight(0);
  assert.equal(dynamic.control.servers.shownWeight(0), 57);
  dynamic.writer.setLastChange(0, dynamic.control.servers.lastChangeSeconds(0) - 15);
  dynamic.writer.recomputeWeight(0);
  assert.equal(dynamic.control.servers.shownWeight(0), 100);
  assert.equal(dynamic.control.servers.state(0), SRV_RUNNING);

  const fixed = createState(backendOf('static-rr', 'weight 100 slowstart 30s', 'weight 50'));
  fixed.writer.setState(0, SRV_STOPPED);
  fixed.writer.setState(0, SRV_STARTING);
  assert.equal(fixed.control.servers.shownWeight(0), 100);
  assert.equal(
    fixed.control.servers.effectiveWeight(0),
    2,
    'weights are divided by what they have in common',
  );
  assert.ok(!fixed.writer.hasDynamicWeights(0));
});

test('servers added at run time come last, start in maintenance, and their rows are used again', () => {
  const { config, control, writer } = createState(
    `${backendOf('roundrobin', '', '')}\nbackend c\n server x 127.0.0.1:1`,
  );
  const model = config.proxies[0]?.servers[0] as (typeof config.proxies)[number]['servers'][number];
  const added = { ...model, name: 'new', id: 9 };
  const row = writer.addServer(0, added, serverSeed(added)) as number;
  assert.deepEqual(control.servers.serversOf(0), [0, 1, row]);
  assert.deepEqual(control.servers.serversOf(1), [2]);
  assert.ok(!control.servers.usable(row));
  writer.setAdmin(row, 0, ADMIN_FMAINT);
  writer.setState(row, SRV_RUNNING);
  assert.ok(control.servers.usable(row));
  assert.equal(control.servers.id(row), 9);
  writer.removeServer(0);
  assert.deepEqual(control.servers.serversOf(0), [1, row]);
  writer.removeServer(row);
  assert.deepEqual(control.servers.serversOf(0), [1]);
  assert.equal(writer.addServer(1, added, 0), row);
  const rows = Array.from({ length: 300 }, () => writer.addServer(0, added, 0));
  assert.equal(rows.filter(one => one === undefined).length > 0, true, 'rows run out, and it says so');
});

test('minconn alone is a fixed limit, maxconn alone has no minimum of its own', () => {
  const { control, writer } = createState(
    backendOf('roundrobin', 'minconn 5', 'maxconn 9', 'minconn 2 maxconn 4'),
  );
  const { servers } = control;
  assert.deepEqual(
    [0, 1, 2].map(server => [servers.minconn(server), servers.maxconn(server)]),
    [
      [5, 5],
      [9, 9],
      [2, 4],
    ],
  );
  writer.setMaxconn(1, 20);
  writer.setMaxconn(2, 20);
  assert.deepEqual(
    [1, 2].map(server => [servers.minconn(server), servers.maxconn(server)]),
    [
      [20, 20],
      [2, 20],
    ],
  );
});

test('idle connections of all threads are added up', () => {
  const made = createState(backendOf('roundrobin', '', ''), 2);
  made.attach(1).servers.setIdle(1, 1, 4);
  made.attach(2).servers.setIdle(2, 1, 3);
  assert.equal(made.control.servers.idle(1), 7);
  assert.equal(made.control.servers.idleOf(2, 1), 3);
  made.control.recover(2);
  assert.equal(made.control.servers.idle(1), 4);
});
