import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { engineStress } from './engine-stress.ts';
import { engineSuite, type MakeEngine } from './engine-suite.ts';

const make: MakeEngine = ({ poison }) => new UringEngine({ bufsize: 16384, poison });

engineSuite('uring engine', make);
engineStress('uring engine', make, engine => {
  const { slots, pendingOperations } = engine as UringEngine;
  // The listener's accept stays.
  return { taken: slots.taken, pending: pendingOperations - 1 };
});
