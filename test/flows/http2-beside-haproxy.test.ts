/** Requests that HTTP/2 does not like, sent frame by frame: what HAProxy does with them is done here as well. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { start, tells, type Told } from '../support/http2-flow.ts';
import { END_HEADERS, END_STREAM, fields, frame, FrameTalk, GET, TYPE } from '../support/http2-frames.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

type Field = readonly [name: string, value: string];

interface Case {
  readonly list: readonly Field[];
  /** What reaches the server, in part; undefined: it is a 400. */
  readonly told?: Partial<Told>;
}

function having(name: string, value: string): readonly Field[] {
  return GET.map(field => (field[0] === name ? [name, value] : field));
}

const CASES: readonly Case[] = [
  { list: [...GET, ['content-length', '0, 0']], told: { headers: { 'content-length': '0' } } },
  { list: [...GET, ['z', ' b\t']], told: { headers: { z: 'b' } } },
  { list: [...GET, ['host', 'other']], told: { headers: { host: 'a' } } },
  { list: GET.map(([n, v]) => [n === ':authority' ? 'host' : n, v]), told: { headers: { host: 'a' } } },
  { list: [...GET, [':protocol', 'websocket']], told: { url: '/' } },
  { list: having(':scheme', 'ftp'), told: { url: 'ftp://a/' } },
  { list: having(':authority', 'a:'), told: { headers: { host: 'a' } } },
  { list: having(':authority', '[::1]:'), told: { headers: { host: '[::1]' } } },
  { list: having(':scheme', 'a/b') },
  { list: having(':method', 'G T') },
  { list: having(':method', 'G\x80T') },
  { list: having(':method', 'G(T') },
];

/** Of the static table (RFC 7541 appendix A). */
const STATUS_400 = 0x8c;

async function runThem(t: TestContext, program: string | undefined): Promise<void> {
  const origin = await startHttpOrigin(t, 's', tells);
  const { port } = await start(t, origin, program === undefined ? {} : { program });
  for (const { list, told } of CASES) {
    const what = `${program ?? 'lb'}: ${JSON.stringify(list)}`;
    const talk = await FrameTalk.open(t, port);
    talk.send(frame(TYPE.headers, END_HEADERS | END_STREAM, 1, fields(list)));
    const { payload } = await talk.found(TYPE.data, 1, what);
    if (told === undefined) assert.equal((await talk.found(TYPE.headers, 1)).payload[0], STATUS_400, what);
    else checkTold(JSON.parse(payload.toString()) as Told, told, what);
    talk.socket.destroy();
  }
}

function checkTold(told: Told, { url, headers = {} }: Partial<Told>, what: string): void {
  if (url !== undefined) assert.equal(told.url, url, what);
  for (const [name, value] of Object.entries(headers)) assert.equal(told.headers[name], value, what);
}

test('odd requests are served, or answered with 400', async t => runThem(t, undefined));

test('HAProxy serves and answers the same', async t => {
  if (requires(t, 'haproxy')) await runThem(t, 'haproxy');
});
