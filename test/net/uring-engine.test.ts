import { test } from 'node:test';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { probeUring } from '../../src/net/engines/uring/probe.ts';
import { engineStress } from './engine-stress.ts';
import { engineSuite, type MakeEngine } from './engine-suite.ts';

const make: MakeEngine = ({ poison }) => new UringEngine({ bufsize: 16384, poison });
const probe = probeUring();

if (!probe.usable)
  test('uring engine: the suite of all engines', t => {
    if (process.env['LB_TEST_REQUIRE_ALL'] === '1') throw new Error(probe.reason);
    t.skip(probe.reason);
  });
else {
  engineSuite('uring engine', make);
  engineStress('uring engine', make, engine => {
    const { slots, pendingOperations } = engine as UringEngine;
    // The listener's accept stays.
    return { taken: slots.taken, pending: pendingOperations - 1 };
  });
}
