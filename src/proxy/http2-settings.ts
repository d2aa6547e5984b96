/** `tune.h2.*` and `h2-workaround-bogus-websocket-clients` (manual, section 3.2) as node:http2 takes them. */
import type { ServerSessionOptions } from 'node:http2';
import type { Global } from '../model/global.ts';

export interface Http2Settings {
  readonly session: ServerSessionOptions;
  /** Streams a client may have at a time. */
  readonly maxStreams: number;
  /** Streams of a connection before it is sent away; 0: no limit. */
  readonly maxTotalStreams: number;
  /** Oddities after which a connection is closed; 0: never. */
  readonly glitchesThreshold: number;
  /** What a client may send on all its streams before any of it is read. */
  readonly connectionWindow: number;
}

const MAX_WINDOW = 0x7fffffff;
const DEFAULT_WINDOW = 65_536;
const DEFAULT_STREAMS = 100;
const DEFAULT_RXBUF = 1_638_400;
/** Of what node:http2 may hold for one connection: what streams have been sent and not taken, mostly. */
const SESSION_MEGABYTES = 256;

export function http2Settings(global: Global): Http2Settings {
  const number = (name: string): number | undefined => {
    const [word] = global.tune.other.get(`tune.h2.${name}`) ?? [];
    return word === undefined ? undefined : Number(word);
  };
  const window = number('fe.initial-window-size') || number('initial-window-size') || DEFAULT_WINDOW;
  const maxStreams =
    number('fe.max-concurrent-streams') ?? number('max-concurrent-streams') ?? DEFAULT_STREAMS;
  const refusesWebsockets = global.otherLines.some(
    ([word]) => word?.text === 'h2-workaround-bogus-websocket-clients',
  );
  return {
    session: {
      settings: {
        headerTableSize: number('header-table-size') ?? 4096,
        initialWindowSize: Math.min(window, MAX_WINDOW),
        maxConcurrentStreams: maxStreams,
        maxFrameSize: number('max-frame-size') ?? 16_384,
        enableConnectProtocol: !refusesWebsockets,
      },
      maxHeaderListPairs: global.tune.maxhdr + PSEUDO_FIELDS,
      maxSessionMemory: SESSION_MEGABYTES,
    },
    maxStreams,
    maxTotalStreams: number('fe.max-total-streams') ?? 0,
    glitchesThreshold: number('fe.glitches-threshold') ?? 0,
    connectionWindow: Math.max(number('fe.rxbuf') ?? DEFAULT_RXBUF, window),
  };
}

const PSEUDO_FIELDS = 5;
