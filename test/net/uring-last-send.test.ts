import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { END, type Connection } from '../../src/net/connection.ts';
import { UringEngine } from '../../src/net/engines/uring/engine.ts';
import { requires } from '../support/requirement.ts';
import { listenOnLoopback, Recorder, within } from './wires.ts';

test('who is sent the last bytes hears of the end with them, before anybody has called shutdown()', async t => {
  if (!requires(t, 'io_uring')) return;
  const engine = new UringEngine({ bufsize: 16_384, poison: true });
  t.after(() => engine.destroy());
  const recorder = new Recorder();
  let tell: (connection: Connection) => void = () => undefined;
  const accepted = new Promise<Connection>(resolve => (tell = resolve));
  const { port } = listenOnLoopback(engine, connection => {
    connection.handler = recorder;
    tell(connection);
  });
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const connection = await within(10_000, 'accept', accepted);
  const data = once(socket, 'data');
  const end = once(socket, 'end');
  connection.send(Buffer.from('goodbye'), 0, 7, END);
  assert.equal(String((await within(10_000, 'bytes', data))[0]), 'goodbye');
  await within(10_000, 'FIN', end);
  connection.close();
});
