import { EpollEngine } from '../../src/net/engines/epoll/engine.ts';
import { engineStress } from './engine-stress.ts';
import { engineSuite, lastWordsTests, type MakeEngine } from './engine-suite.ts';

const make: MakeEngine = ({ poison }) => {
  const engine = EpollEngine.open({ bufsize: 16384, poison });
  if (typeof engine === 'string') throw new Error(engine);
  return engine;
};

engineSuite('epoll engine', make);
lastWordsTests('epoll engine', make);
engineStress('epoll engine', make, engine => ({ taken: (engine as EpollEngine).buffers.taken }));
