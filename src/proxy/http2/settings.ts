/** `tune.h2.*` and `h2-workaround-bogus-websocket-clients` (manual, section 3.2) for connections of clients. */
import { LARGEST_WINDOW, LEAST_FRAME } from '../../http2/frames.ts';
import type { LocalSettings } from '../../http2/settings.ts';
import type { Global } from '../../model/global.ts';

export interface Http2Settings {
  readonly session: LocalSettings;
  /** Streams of a connection before it is sent away; 0: no limit. */
  readonly maxTotalStreams: number;
  /** What is logged: errors that cost a connection, or those that cost a request as well. */
  readonly logsErrors: 'none' | 'connection' | 'stream';
}

const DEFAULT_STREAMS = 100;
const DEFAULT_RXBUF = 1_638_400;
const DEFAULT_TABLE = 4096;
/** What HTTP/2 counts for each field beside its name and value (RFC 9113 section 10.5.1). */
const FIELD_BYTES = 32;
const PSEUDO_FIELDS = 5;

export function http2Settings(global: Global): Http2Settings {
  const number = (name: string): number | undefined => {
    const [word] = global.tune.other.get(`tune.h2.${name}`) ?? [];
    return word === undefined ? undefined : Number(word);
  };
  const { tune } = global;
  const maxStreams =
    number('fe.max-concurrent-streams') ?? number('max-concurrent-streams') ?? DEFAULT_STREAMS;
  const window = number('fe.initial-window-size') || number('initial-window-size') || tune.bufsize;
  return {
    session: {
      tableBytes: number('header-table-size') ?? DEFAULT_TABLE,
      streamWindow: Math.min(window, LARGEST_WINDOW),
      sharedWindow: Math.max(number('fe.rxbuf') ?? DEFAULT_RXBUF, window, maxStreams * tune.bufsize),
      maxStreams,
      maxFrame: number('max-frame-size') ?? LEAST_FRAME,
      takesConnect: !global.flags.has('h2-workaround-bogus-websocket-clients'),
      maxListBytes: tune.bufsize - tune.maxrewrite + FIELD_BYTES * (tune.maxhdr + PSEUDO_FIELDS),
    },
    maxTotalStreams: number('fe.max-total-streams') ?? 0,
    logsErrors: (tune.other.get('tune.h2.log-errors')?.[0] as 'none' | undefined) ?? 'stream',
  };
}
