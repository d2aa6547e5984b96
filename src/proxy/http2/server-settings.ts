/** `tune.h2.be.*` and what of `tune.h2.*` holds towards servers (manual, section 3.2). */
import { parseSize } from '../../config-parser/units.ts';
import type { LocalSettings } from '../../http2/settings.ts';
import type { Global } from '../../model/global.ts';

export interface Http2ServerSettings {
  readonly session: LocalSettings;
  /** Streams of a connection at a time. */
  readonly maxStreams: number;
}

const LARGEST_WINDOW = 0x7fffffff;
const DEFAULT_WINDOW = 65_536;
const DEFAULT_STREAMS = 100;
const DEFAULT_RXBUF = 1_638_400;
const LEAST_FRAME = 16_384;
/** Of a field beside its name and value (RFC 9113 section 10.5.1). */
const FIELD_BYTES = 32;

export function http2ServerSettings(global: Global): Http2ServerSettings {
  const number = (name: string): number | undefined => {
    const [word] = global.tune.other.get(`tune.h2.${name}`) ?? [];
    return word === undefined ? undefined : parseSize(word).value;
  };
  const window = number('be.initial-window-size') || number('initial-window-size') || DEFAULT_WINDOW;
  const streamWindow = Math.min(window, LARGEST_WINDOW);
  return {
    session: {
      tableBytes: number('header-table-size') ?? 4096,
      streamWindow,
      sharedWindow: Math.min(Math.max(number('be.rxbuf') ?? DEFAULT_RXBUF, streamWindow), LARGEST_WINDOW),
      maxStreams: 0,
      maxFrame: Math.min(number('max-frame-size') ?? LEAST_FRAME, Math.max(LEAST_FRAME, global.tune.bufsize)),
      takesConnect: false,
      maxListBytes: global.tune.bufsize + global.tune.maxhdr * FIELD_BYTES,
    },
    maxStreams:
      (number('be.max-concurrent-streams') ?? number('max-concurrent-streams') ?? DEFAULT_STREAMS) ||
      Infinity,
  };
}
