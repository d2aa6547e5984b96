import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { engineSuite } from './engine-suite.ts';

engineSuite('uring engine', ({ poison }) => new UringEngine({ bufsize: 16384, poison }));
