import { test } from 'node:test';
import { requires } from '../support/requirement.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { probeUring } from '../../src/net/engines/uring/probe.ts';
import { engineStress } from './engine-stress.ts';
import { engineSuite, lastWordsTests, type MakeEngine } from './engine-suite.ts';

const make: MakeEngine = ({ poison }) => new UringEngine({ bufsize: 16384, poison });

if (!probeUring().usable) test('uring engine: the suite of all engines', t => void requires(t, 'io_uring'));
else {
  engineSuite('uring engine', make);
  lastWordsTests('uring engine', make);
  engineStress('uring engine', make, engine => {
    const { slots, hot, pendingOperations } = engine as UringEngine;
    // The listener's accept stays.
    return { taken: slots.taken + hot.taken, pending: pendingOperations - 1 };
  });
}
