import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { engineStress } from './engine-stress.ts';
import { engineSuite, type MakeEngine } from './engine-suite.ts';

const make: MakeEngine = ({ poison }) => new NodeEngine({ bufsize: 16384, poison });

engineSuite('node engine', make);
engineStress('node engine', make, engine => ({ taken: (engine as NodeEngine).buffers.pool.taken }));
