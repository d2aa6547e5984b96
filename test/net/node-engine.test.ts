import { NodeEngine } from '../../src/net/engines/node/engine.ts';
import { engineSuite } from './engine-suite.ts';

engineSuite('node engine', ({ poison }) => new NodeEngine({ bufsize: 16384, poison }));
