/** The listening sockets that the control thread keeps: let listen, stopped, given up. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Bind } from '../../src/model/bind.ts';
import type { Config } from '../../src/model/config.ts';
import type { ListenSettings } from '../../src/net/listen-settings.ts';
import { isListenFailure, openListening } from '../../src/net/listening-socket.ts';
import { closeDescriptor } from '../../src/net/system-calls.ts';
import { FrontendListening } from '../../src/worker/listening/frontend-listening.ts';
import { ThreadCalls } from '../../src/worker/threads/thread-calls.ts';

const TEXT = `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend f
  bind 127.0.0.1:8080
`;

interface Setting {
  readonly listening: FrontendListening;
  readonly settings: ListenSettings;
  readonly fd: number;
  readonly port: number;
}

/** No data threads: they have let go at once. */
const NOBODY = new ThreadCalls(
  () => [],
  () => undefined,
);

function setUp(isPrepared: boolean): Setting {
  const { config } = parseConfig([{ path: 'test.cfg', text: TEXT }], {
    environment: {},
    readFile: () => ({ error: 'none' }),
  }) as { config: Config };
  const bind = config.proxies[0]?.binds[0] as Bind;
  const settings = { ...bind, address: { ...bind.address, port: 0 } as Bind['address'], isPrepared };
  const { fd, port } = open(settings);
  const handovers = [[], [{ proxy: 0, bind: 0, fd }]];
  return { listening: new FrontendListening(config, handovers, NOBODY), settings, fd, port };
}

function open(settings: ListenSettings): { fd: number; port: number } {
  const opened = openListening(settings, 1);
  assert.ok(!isListenFailure(opened));
  return { fd: opened.fds[0] as number, port: opened.endpoint.port };
}

function canConnect(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function closeAfter(t: TestContext, fd: number): void {
  t.after(() => closeDescriptor(fd));
}

test('a prepared socket takes connections when a thread gets it, not before', async t => {
  const { listening, fd, port } = setUp(true);
  closeAfter(t, fd);
  assert.equal(await canConnect(port), false);
  for (const handover of listening.handoversFor(1)) closeDescriptor(handover.fd);
  assert.equal(await canConnect(port), true);
});

test('what is paused after a soft stop has begun is nobody else’s socket of the same number', async t => {
  const { listening, settings, fd } = setUp(false);
  listening.giveUp();
  const other = open({ ...settings, isPrepared: false });
  closeAfter(t, other.fd);
  assert.equal(other.fd, fd, 'the number is used again');
  assert.equal(await listening.pause(0), undefined);
  await listening.close(0);
  assert.equal(await canConnect(other.port), true);
  assert.deepEqual([listening.isListening(0), listening.descriptors()], [false, []]);
});
