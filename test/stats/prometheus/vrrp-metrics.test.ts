/** VRRP as Prometheus reads it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCounters } from '../../../src/vrrp/counters.ts';
import { renderVrrpMetrics } from '../../../src/stats/prometheus/vrrp-metrics.ts';
import type { InstanceSnapshot } from '../../../src/model/vrrp-snapshot.ts';

const instance: InstanceSnapshot = {
  name: 'V"1',
  state: 'MASTER',
  reason: 'master is down',
  configuredState: 'BACKUP',
  version: 3,
  family: 4,
  interface: 'eth0',
  virtualRouterId: 51,
  priority: 100,
  effectivePriority: 90,
  advertIntMs: 100,
  masterAdvertIntMs: 100,
  preempt: true,
  accept: true,
  garpMasterDelayMs: 5000,
  places: ['10.0.0.1/24 dev eth0 scope global'],
  excludedPlaces: [],
  addresses: ['10.0.0.1/24'],
  excludedAddresses: [],
  holdsAddresses: true,
  faults: [],
  lastTransition: 1_700_000_000_500,
  transitions: 3,
  counters: { ...newCounters(), advertsSent: 42, worstLatenessMs: 1.5 },
};

test('each instance has its state, priority, counters and last change as metrics', () => {
  const snapshot = {
    instances: [{ ...instance, counters: { ...instance.counters, bad: { ...newCounters().bad, ttl: 7 } } }],
    groups: [],
    scripts: [],
    processes: [],
    unknownRouterIds: 2,
    brokenPackets: 0,
    droppedPackets: 0,
  };
  const text = renderVrrpMetrics(snapshot, () => true);
  assert.equal(renderVrrpMetrics(snapshot, name => name === 'lb_vrrp_priority').split('\n').length, 4);
  const labels = 'instance="V\\"1",interface="eth0",virtual_router_id="51"';
  for (const line of [
    '# TYPE lb_vrrp_state gauge',
    `lb_vrrp_state{${labels},state="MASTER"} 1`,
    `lb_vrrp_state{${labels},state="BACKUP"} 0`,
    `lb_vrrp_priority{${labels}} 90`,
    `lb_vrrp_last_transition_timestamp_seconds{${labels}} 1700000000.5`,
    `lb_vrrp_adverts_sent_total{${labels}} 42`,
    `lb_vrrp_worst_lateness_seconds{${labels}} 0.0015`,
    `lb_vrrp_bad_packets_total{${labels},kind="ttl"} 7`,
    'lb_vrrp_unknown_router_id_packets_total 2',
  ])
    assert.ok(text.split('\n').includes(line), line);
});

test('without instances only the counters of the whole node are left', () => {
  const nobody = {
    instances: [],
    groups: [],
    scripts: [],
    processes: [],
    unknownRouterIds: 0,
    brokenPackets: 1,
    droppedPackets: 5,
  };
  const text = renderVrrpMetrics(nobody, () => true);
  assert.doesNotMatch(text, /lb_vrrp_state/);
  assert.match(text, /^lb_vrrp_broken_packets_total 1$/m);
  assert.match(text, /^lb_vrrp_dropped_packets_total 5$/m);
});
