/** A thread for uring-nesting.test.ts: accepts on the ring, and dies of an exception when bytes come. */
import { parentPort } from 'node:worker_threads';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { listenOnLoopback, Recorder } from './wires.ts';

const engine = new UringEngine({ bufsize: 4096 });
const { port } = listenOnLoopback(engine, connection => {
  connection.handler = Object.assign(new Recorder(), {
    onReceived: () => {
      throw new Error('a bug');
    },
  });
  connection.receive();
  parentPort?.postMessage('accepted');
});
parentPort?.postMessage(port);
