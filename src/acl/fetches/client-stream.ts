/** What HTTP/2 knows of a request of a client: its stream, and how that ended (manual, section 7.3.4). */
import type { FetchRow } from '../row.ts';
import { debugText } from './stream-debug.ts';

const SOURCES = ['client-side connection'] as const;

export const CLIENT_STREAM_FETCHES: readonly FetchRow[] = [
  {
    name: 'fs.id',
    out: 'int',
    sources: SOURCES,
    summary: 'number of the stream',
    compile: () => ctx => ctx.client?.streamId ?? ctx.transaction?.streamId,
  },
  {
    name: 'fs.rst_code',
    out: 'int',
    sources: SOURCES,
    summary: 'code the client has reset the stream with',
    compile: () => ctx => ctx.client?.rstCode,
  },
  {
    name: 'fs.debug_str',
    args: ['bitmap:int?'],
    out: 'str',
    sources: SOURCES,
    summary: 'what is known of the stream and its connection, for people',
    compile: args => {
      const what = Number(args[0]?.text ?? 0);
      return ctx => ctx.client && debugText(ctx.client, what, ctx.client.requestCount > 1);
    },
  },
];
