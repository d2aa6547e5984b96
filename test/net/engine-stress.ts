/**
 * A relay on an engine, in checking mode, between 2,000 clients and their origin that behave badly in many ways
 * (stress-peer.ts). Short by default; LB_STRESS_SECONDS=60 makes it the long one.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Connection, ConnectionHandler, Engine } from '../../src/net/connection.ts';
import { Relay } from '../../src/net/relay.ts';
import type { MakeEngine } from './engine-suite.ts';
import type { StressPlan, StressReport } from './stress-peer.ts';
import { connectLoopback, listenOnLoopback, within } from './wires.ts';
import { until } from '../support/until.ts';

const SECONDS = Number(process.env['LB_STRESS_SECONDS'] ?? '2');
const TIMEOUTS = { client: 20_000, server: 20_000, tunnel: 0, clientFin: 0, serverFin: 0 };

export function engineStress(
  name: string,
  make: MakeEngine,
  idle: (engine: Engine) => Readonly<Record<string, number>>,
): void {
  test(`${name}: every byte is right among 2,000 connections that abort, reset, pause and read slowly`, async t => {
    const before = readdirSync('/proc/self/fd').length;
    const engine = make({ poison: true });
    t.after(() => engine.destroy());
    let origin = 0;
    const { port, listener } = listenOnLoopback(engine, client => dial(engine, client, origin));
    const plan: StressPlan = { port, connections: 2000, seconds: SECONDS, seed: 12_345 };
    const worker = new Worker(new URL('stress-peer.js', import.meta.url), { workerData: plan });
    t.after(() => worker.terminate());
    const report = await within(
      SECONDS * 1000 + 60_000,
      'the end of the stress',
      new Promise<StressReport>((resolve, reject) => {
        worker.on('error', reject);
        worker.on('message', (message: PeerMessage) => {
          if (message.kind === 'done') return resolve(message.report);
          origin = message.port;
          worker.postMessage('go');
        });
      }),
    );
    t.diagnostic(JSON.stringify(report));
    assert.deepEqual(report.faults, []);
    assert.ok(report.orderly > report.started / 4, 'most of the orderly ones came through');
    assert.ok(report.aborted > 0);
    await until('the end of all connections', () => engine.openConnections === 0);
    await until('the return of all that was lent', () =>
      Object.values(idle(engine)).every(count => count === 0),
    );
    listener.close();
    await worker.terminate();
    engine.destroy();
    await until('the end of all descriptors', () => readdirSync('/proc/self/fd').length <= before);
  });
}

type PeerMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'done'; readonly report: StressReport };

function dial(engine: Engine, client: Connection, origin: number): void {
  client.handler = IGNORE;
  connectLoopback(engine, origin, {
    ...IGNORE,
    onConnected: server => new Relay(engine.wheel, client, server, TIMEOUTS, () => undefined).start(),
    onFailed: server => {
      server.close();
      client.reset();
    },
  });
}

const IGNORE: ConnectionHandler = {
  onConnected: () => undefined,
  onReceived: () => undefined,
  onEnd: () => undefined,
  onSent: () => undefined,
  onFailed: () => undefined,
};
