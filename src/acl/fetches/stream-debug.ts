/** A stream and its connection in a line for people (manual, `fs.debug_str` and `bs.debug_str`). */
import type { ClientFacts, ServerFacts } from '../context.ts';

/** Bits of what is told (manual, `bs.debug_str`). */
const STREAM = 1;
const MULTIPLEXER = 2;
const TRANSPORT = 4;
const CONNECTION = 8;
const SOCKET = 16;
const ALL = STREAM | MULTIPLEXER | TRANSPORT | CONNECTION | SOCKET;

type Told =
  | 'httpMajor'
  | 'streamId'
  | 'rstCode'
  | 'streams'
  | 'streamsLimit'
  | 'glitches'
  | 'tls'
  | 'fd'
  | 'source'
  | 'destination'
  | 'error';

/** `what`: bits; 0: all. */
export function debugText(
  facts: Pick<ServerFacts, Told> | Pick<ClientFacts, Told>,
  wanted: number,
  isReused: boolean,
): string {
  const what = wanted === 0 ? ALL : wanted;
  const { httpMajor, streamId, rstCode, streams, streamsLimit, glitches, tls, fd, source, destination } =
    facts;
  const parts: string[] = [];
  if ((what & STREAM) !== 0) parts.push(`h${httpMajor}s.id=${streamId ?? 1} .rst=${rstCode ?? 'none'}`);
  if ((what & MULTIPLEXER) !== 0)
    parts.push(`h${httpMajor}c.streams=${streams} .limit=${streamsLimit} .glitches=${glitches}`);
  if ((what & TRANSPORT) !== 0) parts.push(`xprt=${tls?.protocol ?? 'RAW'} .alpn=${tls?.alpn ?? ''}`);
  if ((what & CONNECTION) !== 0)
    parts.push(`conn.reused=${isReused ? 1 : 0} .err=${facts.error?.name ?? 'NONE'}`);
  const from = source === undefined ? '' : `${source.host}:${source.port}`;
  const to = destination === undefined ? '' : `${destination.host}:${destination.port}`;
  if ((what & SOCKET) !== 0) parts.push(`fd=${fd} .src=${from} .dst=${to}`);
  return parts.join(' ');
}
