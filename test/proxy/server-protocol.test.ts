import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Server } from '../../src/model/server.ts';
import { ServerProtocol } from '../../src/proxy/server/server-protocol.ts';

interface Row {
  readonly said: string;
  readonly proto?: string;
  readonly alpn?: readonly string[];
  readonly ws?: Server['ws'];
  /** Offered, and spoken when the server takes the first of that: for requests, and for websockets. */
  readonly offered: string;
  readonly spoken: readonly [requests: boolean, websockets: boolean];
  readonly shared: boolean;
}

const ROWS: readonly Row[] = [
  { said: 'nothing', offered: ' | ', spoken: [false, false], shared: true },
  { said: 'proto h2', proto: 'h2', offered: ' | ', spoken: [true, true], shared: true },
  { said: 'proto h2 ws h1', proto: 'h2', ws: 'h1', offered: ' | ', spoken: [true, false], shared: false },
  { said: 'ws h2', ws: 'h2', offered: ' | ', spoken: [false, true], shared: false },
  {
    said: 'alpn h2,http/1.1',
    alpn: ['h2', 'http/1.1'],
    offered: 'h2,http/1.1 | http/1.1',
    spoken: [true, false],
    shared: false,
  },
  {
    said: 'alpn h2,http/1.1 ws h2',
    alpn: ['h2', 'http/1.1'],
    ws: 'h2',
    offered: 'h2,http/1.1 | h2',
    spoken: [true, true],
    shared: false,
  },
  { said: 'alpn h2', alpn: ['h2'], offered: 'h2 | h2', spoken: [true, true], shared: true },
  {
    said: 'alpn h2 ws h1',
    alpn: ['h2'],
    ws: 'h1',
    offered: 'h2 | http/1.1',
    spoken: [true, false],
    shared: false,
  },
  {
    said: 'alpn http/1.1',
    alpn: ['http/1.1'],
    offered: 'http/1.1 | http/1.1',
    spoken: [false, false],
    shared: true,
  },
];

for (const { said, proto, alpn, ws, offered, spoken, shared } of ROWS)
  test(`server … ${said}`, () => {
    const ssl = alpn && { folder: '', verify: 'none' as const, alpn };
    const protocol = new ServerProtocol({ proto, ws, ssl } as unknown as Server);
    assert.equal([false, true].map(one => protocol.alpn(one)?.join(',') ?? '').join(' | '), offered);
    assert.deepEqual(
      [false, true].map(one => protocol.isHttp2(protocol.alpn(one)?.[0], one)),
      spoken,
    );
    assert.equal(protocol.carriesWebsockets, shared);
    assert.equal(protocol.mayBeHttp2, spoken.includes(true));
  });
