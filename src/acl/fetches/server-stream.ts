/** What HTTP/2 knows of a request on its way to a server: its stream, and how that ended (manual, section 7.3.4). */
import type { SampleContext, ServerFacts } from '../context.ts';
import type { FetchRow } from '../row.ts';

const SOURCES = ['server-side connection'] as const;

/** Bits of what is told (manual, `bs.debug_str`). */
const STREAM = 1;
const MULTIPLEXER = 2;
const TRANSPORT = 4;
const CONNECTION = 8;
const SOCKET = 16;
const ALL = STREAM | MULTIPLEXER | TRANSPORT | CONNECTION | SOCKET;

function debugText(server: ServerFacts, what: number): string {
  const { httpMajor, streamId, rstCode, streams, streamsLimit, glitches, tls, fd, source, destination } =
    server;
  const parts: string[] = [];
  if ((what & STREAM) !== 0) parts.push(`h${httpMajor}s.id=${streamId ?? 1} .rst=${rstCode ?? 'none'}`);
  if ((what & MULTIPLEXER) !== 0)
    parts.push(`h${httpMajor}c.streams=${streams} .limit=${streamsLimit} .glitches=${glitches}`);
  if ((what & TRANSPORT) !== 0) parts.push(`xprt=${tls?.protocol ?? 'RAW'} .alpn=${tls?.alpn ?? ''}`);
  if ((what & CONNECTION) !== 0)
    parts.push(`conn.reused=${server.reused ? 1 : 0} .err=${server.error?.name ?? 'NONE'}`);
  const from = source === undefined ? '' : `${source.host}:${source.port}`;
  const to = destination === undefined ? '' : `${destination.host}:${destination.port}`;
  if ((what & SOCKET) !== 0) parts.push(`fd=${fd} .src=${from} .dst=${to}`);
  return parts.join(' ');
}

export const SERVER_STREAM_FETCHES: readonly FetchRow[] = [
  {
    name: 'bs.id',
    out: 'int',
    sources: SOURCES,
    summary: 'number of the stream',
    compile: () => (ctx: SampleContext) => ctx.server?.streamId ?? ctx.transaction?.streamId,
  },
  {
    name: 'bs.rst_code',
    out: 'int',
    sources: SOURCES,
    summary: 'code the server has reset the stream with',
    compile: () => (ctx: SampleContext) => ctx.server?.rstCode,
  },
  {
    name: 'bs.debug_str',
    args: ['bitmap:int?'],
    out: 'str',
    sources: SOURCES,
    summary: 'what is known of the stream and its connection, for people',
    compile: args => {
      const what = Number(args[0]?.text ?? 0) || ALL;
      return ctx => ctx.server && debugText(ctx.server, what);
    },
  },
];
