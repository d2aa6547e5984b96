/** What HTTP/2 knows of a request on its way to a server: its stream, and how that ended (manual, section 7.3.4). */
import type { SampleContext } from '../context.ts';
import type { FetchRow } from '../row.ts';
import { debugText } from './stream-debug.ts';

const SOURCES = ['server-side connection'] as const;

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
      const what = Number(args[0]?.text ?? 0);
      return ctx => ctx.server && debugText(ctx.server, what, ctx.server.reused);
    },
  },
];
