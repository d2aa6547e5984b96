import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Server } from '../../src/model/server.ts';
import { restoreServer } from '../../src/state/restore-server.ts';
import type { ServerStateField } from '../../src/state/server-state-file.ts';
import { readServerState } from '../../src/state/server-state-values.ts';
import {
  ADMIN_CMAINT,
  ADMIN_FDRAIN,
  ADMIN_FMAINT,
  ADMIN_IMAINT,
  SRV_RUNNING,
  SRV_STARTING,
  SRV_STOPPED,
  SRV_STOPPING,
} from '../../src/state/server-words.ts';
import { backendOf, createState } from '../support/state.ts';

/** Of an earlier process; what is not given is as for a server that is well. */
function line(fields: Partial<Record<ServerStateField, number>>): Record<ServerStateField, string> {
  const well = {
    be_id: 2,
    be_name: 'b',
    srv_id: 1,
    srv_name: 's1',
    srv_addr: '127.0.0.1',
    srv_op_state: SRV_RUNNING,
    srv_admin_state: 0,
    srv_uweight: 1,
    srv_iweight: 1,
    srv_time_since_last_change: 100,
    srv_check_status: 6,
    srv_check_result: 3,
    srv_check_health: 4,
    srv_check_state: 6,
    srv_agent_state: 0,
    bk_f_forced_id: 0,
    srv_f_forced_id: 0,
    srv_fqdn: '-',
    srv_port: 80,
    srvrecord: '-',
    srv_use_ssl: 0,
    srv_check_port: 0,
    srv_check_addr: '-',
    srv_agent_addr: '-',
    srv_agent_port: 0,
  };
  const entries = Object.entries({ ...well, ...fields }).map(([field, value]) => [field, String(value)]);
  return Object.fromEntries(entries) as Record<ServerStateField, string>;
}

interface Restored {
  readonly state: number;
  readonly admin: number;
  readonly health: number;
  readonly weight: number;
  readonly enabled: boolean;
}

/** What becomes of a server with `options` whose state file has `fields`. */
function restored(options: string, fields: Partial<Record<ServerStateField, number>>): Restored {
  const { writer, config } = createState(backendOf('roundrobin', options));
  const read = readServerState(line(fields));
  assert.ok('values' in read);
  restoreServer(writer, 0, config.proxies[0]?.servers[0] as Server, read.values);
  return {
    state: writer.state(0),
    admin: writer.admin(0),
    health: writer.checks.health(0, 'check'),
    weight: writer.userWeight(0),
    enabled: writer.checks.enabled(0, 'check'),
  };
}

test('The counter of checks is made to fit the state, and states that rise or fall of 1 do not know are skipped', () => {
  const standing = (options: string, state: number, health: number): [number, number] => {
    const server = restored(`check ${options}`, { srv_op_state: state, srv_check_health: health });
    return [server.state, server.health];
  };
  assert.deepEqual(standing('', SRV_RUNNING, 1), [SRV_RUNNING, 4]);
  assert.deepEqual(standing('', SRV_STOPPED, 3), [SRV_STOPPED, 0]);
  assert.deepEqual(standing('rise 3 slowstart 600s', SRV_STARTING, 1), [SRV_STARTING, 1]);
  assert.deepEqual(standing('rise 3 slowstart 600s', SRV_STARTING, 9), [SRV_STARTING, 2]);
  assert.deepEqual(standing('rise 1', SRV_STARTING, 0), [SRV_RUNNING, 3]);
  assert.deepEqual(standing('', SRV_STOPPING, 3), [SRV_STOPPING, 3]);
  assert.deepEqual(standing('', SRV_STOPPING, 9), [SRV_STOPPING, 2]);
  assert.deepEqual(standing('fall 1', SRV_STOPPING, 3), [SRV_STOPPED, 0]);
});

test('Maintenance follows the configuration where that has changed, else what was ordered', () => {
  const admin = (options: string, before: number): number =>
    restored(options, { srv_admin_state: before }).admin;
  assert.equal(admin('', ADMIN_FMAINT), ADMIN_FMAINT);
  assert.equal(admin('disabled', ADMIN_FMAINT | ADMIN_CMAINT), ADMIN_FMAINT | ADMIN_CMAINT);
  assert.equal(admin('disabled', ADMIN_CMAINT), ADMIN_CMAINT, 'enabled at run time');
  assert.equal(admin('disabled', 0), ADMIN_FMAINT | ADMIN_CMAINT, 'newly disabled');
  assert.equal(admin('', ADMIN_FMAINT | ADMIN_CMAINT), 0, 'not disabled any more');
  assert.equal(admin('', ADMIN_IMAINT), 0, 'inherited: found out anew');
  assert.equal(restored('', { srv_admin_state: ADMIN_FMAINT, srv_op_state: SRV_STOPPED }).state, SRV_STOPPED);
  const freed = restored('', { srv_admin_state: ADMIN_FMAINT | ADMIN_CMAINT, srv_op_state: SRV_STOPPED });
  assert.equal(freed.state, SRV_RUNNING);
});

test('Drain is kept, unless it only came from a weight of 0 that the configuration has raised', () => {
  const drained = (options: string, weight: number): boolean => {
    const { admin } = restored(options, { srv_admin_state: ADMIN_FDRAIN, srv_iweight: weight });
    return (admin & ADMIN_FDRAIN) !== 0;
  };
  assert.equal(drained('weight 1', 1), true);
  assert.equal(drained('weight 1', 0), false);
  assert.equal(drained('weight 0', 0), true);
});

test('A weight set at run time is kept while the configuration has the same one as before', () => {
  assert.equal(restored('weight 10', { srv_iweight: 10, srv_uweight: 77 }).weight, 77);
  assert.equal(restored('weight 20', { srv_iweight: 10, srv_uweight: 77 }).weight, 20);
});

test('A check that was switched off stays off', () => {
  assert.equal(restored('check', { srv_check_state: 2 }).enabled, false);
  assert.equal(restored('check', { srv_check_state: 6 }).enabled, true);
});
