/** A program for descriptor-limit.test.ts: an echo service that reports accept errors, started with a low limit. */
import { openEngine } from '../../src/net/engines/open-engine.ts';
import { listenOnLoopback, Recorder } from './wires.ts';

const { engine } = openEngine(process.argv[2] === 'uring' ? 'uring' : 'node', { bufsize: 4096 });
let accepted = 0;
const { port, errors } = listenOnLoopback(engine, connection => {
  accepted++;
  const recorder = new Recorder();
  connection.handler = recorder;
  connection.receive();
  void recorder.next().then(() => connection.close());
});
console.log(port);
setInterval(() => console.log(`${accepted} ${[...new Set(errors)].join(',')}`), 20);
process.stdin.on('end', () => process.exit(0)).resume();
