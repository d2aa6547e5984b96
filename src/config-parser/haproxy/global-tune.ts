/** `tune.*` (manual, section 3.2). Values without a field of their own end in `Tune.other` by name, as written. */
import {
  integer,
  leadingInteger,
  matching,
  nothing,
  oneWordOf,
  size,
  text,
  time,
} from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import { CLIENT_STREAMS } from './global-tune-streams.ts';
import { removed, setting } from './global-rows.ts';
import type { GlobalKeyword, RowOptions } from './global-rows.ts';
import { QUIC_TUNE_KEYWORDS } from './global-tune-quic.ts';

function tune(name: string, shape: Shape, summary: string, options: RowOptions = {}): GlobalKeyword {
  const store: Parameters<typeof setting>[3] = (draft, _value, words) => {
    draft.tune.other.set(
      `tune.${name}`,
      words.map(word => word.text),
    );
  };
  return setting(`tune.${name}`, shape, summary, store, options);
}

const ON_OFF = oneWordOf('on', 'off');
const ONCE: RowOptions = { once: true };
const MAX = 0x7fffffff;

/** HTTP/2 windows and frames (RFC 9113, section 6.5.2). */
const STREAMS = leadingInteger(0, MAX);

/** Settings the program's own layers read. */
const OWN: readonly GlobalKeyword[] = [
  setting('tune.bufsize', size(MAX - 16, 1), 'bytes of a buffer', (draft, value) => {
    draft.tune.bufsize = Math.ceil(Number(value) / 16) * 16;
  }),
  setting('tune.bufsize.large', size(MAX), 'bytes of a buffer for `use-large-buffer`', (draft, value) => {
    draft.tune.largeBufsize = Number(value);
  }),
  setting(
    'tune.maxrewrite',
    leadingInteger(0, MAX),
    'bytes of a buffer kept free for rewriting',
    (draft, value) => {
      draft.tune.maxrewrite = Number(value);
    },
  ),
  setting('tune.http.maxhdr', leadingInteger(1, 32_767), 'most headers in a message', (draft, value) => {
    draft.tune.maxhdr = Number(value);
  }),
  setting('tune.http.cookielen', leadingInteger(1, MAX), 'longest captured cookie', (draft, value) => {
    draft.tune.cookieLen = Number(value);
  }),
  setting('tune.http.logurilen', leadingInteger(1, MAX), 'longest URI in logs', (draft, value) => {
    draft.tune.logUriLen = Number(value);
  }),
  setting(
    'tune.pool-low-fd-ratio',
    leadingInteger(0, 100),
    'share of the open files the process may have above which idle connections are not kept',
    (draft, value) => {
      draft.tune.poolLowFdRatio = Number(value);
    },
  ),
  setting(
    'tune.pool-high-fd-ratio',
    leadingInteger(0, 100),
    'the same, above which a new connection takes the place of an idle one',
    (draft, value) => {
      draft.tune.poolHighFdRatio = Number(value);
    },
  ),
  setting(
    'tune.dynamic-backends',
    integer(0, 100_000),
    `backends that 'add backend' may add (this program's own)`,
    (draft, value) => {
      draft.tune.dynamicBackends = Number(value);
    },
  ),
  setting(
    'tune.dynamic-servers',
    integer(0, 100_000),
    `servers that 'add server' may add (this program's own)`,
    (draft, value) => {
      draft.tune.dynamicServers = Number(value);
    },
  ),
  setting(
    'tune.engine',
    oneWordOf('auto', 'node', 'uring'),
    `how connections are driven (this program's own)`,
    (draft, value) => {
      draft.tune.engine = value as 'auto' | 'node' | 'uring';
    },
  ),
  setting(
    'tune.http.strict',
    ON_OFF,
    `refuse what HAProxy tolerates in heads: odd Host fields and targets, controls, folded lines (this program's own)`,
    (draft, value) => {
      draft.tune.httpStrict = value === 'on';
    },
  ),
];

const HTTP2: readonly GlobalKeyword[] = [
  tune('h1.be.glitches-threshold', STREAMS, 'anomalies tolerated from an HTTP/1 server'),
  tune('h1.fe.glitches-threshold', STREAMS, 'anomalies tolerated from an HTTP/1 client'),
  tune('h1.zero-copy-fwd-recv', ON_OFF, 'receive without copies in HTTP/1'),
  tune('h1.zero-copy-fwd-send', ON_OFF, 'send without copies in HTTP/1'),
  tune('h2.be.glitches-threshold', STREAMS, 'anomalies tolerated from an HTTP/2 server'),
  tune('h2.be.initial-window-size', leadingInteger(0, MAX), 'HTTP/2 window towards servers'),
  tune('h2.be.max-concurrent-streams', STREAMS, 'streams of an HTTP/2 connection to a server'),
  tune('h2.be.max-frames-at-once', STREAMS, 'frames handled in a row from an HTTP/2 server'),
  tune('h2.be.rxbuf', size(), 'bytes buffered from an HTTP/2 server'),
  tune('h2.fe.glitches-threshold', STREAMS, 'anomalies tolerated from an HTTP/2 client'),
  tune('h2.fe.initial-window-size', leadingInteger(0, MAX), 'HTTP/2 window towards clients'),
  tune('h2.fe.max-concurrent-streams', CLIENT_STREAMS, 'streams of an HTTP/2 connection from a client'),
  tune('h2.fe.max-frames-at-once', STREAMS, 'frames handled in a row from an HTTP/2 client'),
  tune('h2.fe.max-rst-at-once', STREAMS, 'resets handled in a row from an HTTP/2 client'),
  tune('h2.fe.max-total-streams', STREAMS, 'streams after which an HTTP/2 client connection ends'),
  tune('h2.fe.rxbuf', size(), 'bytes buffered from an HTTP/2 client'),
  tune('h2.header-table-size', leadingInteger(4096, 65_536), 'HPACK table'),
  tune('h2.initial-window-size', leadingInteger(0, MAX), 'HTTP/2 window'),
  tune('h2.log-errors', oneWordOf('none', 'connection', 'stream'), 'HTTP/2 errors that are logged'),
  tune('h2.max-concurrent-streams', STREAMS, 'streams of an HTTP/2 connection'),
  tune('h2.max-frame-size', leadingInteger(16_384, 16_777_215), 'largest HTTP/2 frame'),
  tune('h2.zero-copy-fwd-send', ON_OFF, 'send without copies in HTTP/2'),
];

const BUFFERS: readonly GlobalKeyword[] = [
  tune('applet.zero-copy-forwarding', ON_OFF, 'internal services without copies'),
  tune('buffers.limit', leadingInteger(0, MAX), 'most buffers'),
  tune('buffers.reserve', leadingInteger(0, MAX), 'buffers kept in reserve'),
  tune('bufsize.small', size(MAX), 'bytes of a small buffer'),
  removed('tune.chksize', `option 'tune.chksize' is not supported any more (tune.bufsize is used instead).`),
  tune('cli.max-payload-size', size(), 'longest payload of an admin command'),
  tune('comp.maxlevel', integer(1, 9), 'level of compression; above 1 zlib compresses'),
  tune('zlib.memlevel', integer(1, 9), 'memory of a stream of zlib, which compresses then'),
  tune('zlib.windowsize', integer(8, 15), 'window of zlib, which compresses then'),
  tune('defaults.purge', nothing(), 'forget defaults sections after parsing'),
  tune('disable-fast-forward', nothing(), 'no direct forwarding', { experimental: true }),
  tune('disable-zero-copy-forwarding', nothing(), 'always copy'),
  tune('pt.zero-copy-forwarding', ON_OFF, 'pass through without copies'),
  tune('memory.hot-size', size(), 'memory cached by a thread'),
  tune('notsent-lowat.client', size(), 'unsent bytes in sockets of clients', ONCE),
  tune('notsent-lowat.server', size(), 'unsent bytes in sockets of servers', ONCE),
  tune('pipesize', size(), 'size of the pipes large bodies are spliced through'),
  tune('rcvbuf.backend', size(), 'receive buffer of unconnected sockets to servers', ONCE),
  tune('rcvbuf.client', size(), 'receive buffer of clients', ONCE),
  tune('rcvbuf.frontend', size(), 'receive buffer of unconnected sockets of listeners', ONCE),
  tune('rcvbuf.server', size(), 'receive buffer of servers', ONCE),
  tune('recv_enough', size(MAX), 'bytes after which reading stops'),
  tune('ring.queues', leadingInteger(0, 64), 'queues of a ring'),
  tune('sndbuf.backend', size(), 'send buffer of unconnected sockets to servers', ONCE),
  tune('sndbuf.client', size(), 'send buffer of clients', ONCE),
  tune('sndbuf.frontend', size(), 'send buffer of unconnected sockets of listeners', ONCE),
  tune('sndbuf.server', size(), 'send buffer of servers', ONCE),
  tune('vars.check-max-size', size(), 'memory for variables of checks'),
  tune('vars.global-max-size', size(), 'memory for all variables'),
  tune('vars.proc-max-size', size(), 'memory for variables of the process'),
  tune('vars.reqres-max-size', size(), 'memory for variables of requests and responses'),
  tune('vars.sess-max-size', size(), 'memory for variables of sessions'),
  tune('vars.txn-max-size', size(), 'memory for variables of transactions'),
];

const SCHEDULING: readonly GlobalKeyword[] = [
  tune('epoll.mask-events', text('<event>[,...]'), 'epoll events that are ignored'),
  tune('events.max-events-at-once', leadingInteger(1, 10_000), 'events handled in a row'),
  tune('fail-alloc', leadingInteger(0, 100), 'allocations that fail on purpose, in percent'),
  tune('fd.edge-triggered', ON_OFF, 'edge-triggered polling', { experimental: true }),
  tune(
    'glitches.kill.cpu-usage',
    leadingInteger(0, 100),
    'load above which connections with anomalies are closed',
  ),
  tune('idletimer', time('ms', 65_535), 'silence after which a stream counts as idle'),
  tune('idle-pool.shared', oneWordOf('full', 'on', 'off'), 'threads share idle connections'),
  tune('listener.default-shards', oneWordOf('by-process', 'by-thread', 'by-group'), 'sockets of a listener'),
  tune('listener.multi-queue', oneWordOf('on', 'fair', 'off'), 'spread connections over threads'),
  tune('max-checks-per-thread', leadingInteger(0, MAX), 'checks a thread runs at a time'),
  tune('max-rules-at-once', leadingInteger(0, MAX), 'rules evaluated in a row'),
  tune('maxaccept', leadingInteger(-1, MAX), 'connections accepted in a row', ONCE),
  tune('maxpollevents', leadingInteger(0, 1_000_000), 'events taken in a row', ONCE),
  tune('pattern.cache-size', leadingInteger(0, MAX), 'matches remembered'),
  tune('peers.max-updates-at-once', leadingInteger(1, MAX), 'updates sent to peers in a row'),
  tune('renice.runtime', integer(-20, 19), 'priority while running'),
  tune('renice.startup', integer(-20, 19), 'priority while starting'),
  tune('runqueue-depth', leadingInteger(0, MAX), 'tasks run in a row', ONCE),
  tune('sched.low-latency', ON_OFF, 'scheduler for low latency'),
  tune('stick-counters', integer(0, 100), 'number of track-sc slots'),
  tune('streams-elasticity', integer(0, MAX), 'streams allowed as connections grow, in percent'),
  tune(
    'takeover-other-tg-connections',
    oneWordOf('none', 'restricted', 'full'),
    'idle connections of other thread groups',
  ),
];

const LUA_LIBRARY = 'table|io|os|string|math|utf8|package|debug';
const LUA_LIBRARIES = new RegExp(`^(none|(all|${LUA_LIBRARY})(,(all|${LUA_LIBRARY}))*)$`);

const LUA: readonly GlobalKeyword[] = [
  tune('lua.bool-sample-conversion', oneWordOf('normal', 'pre-3.1-bug'), 'how Lua sees booleans'),
  tune('lua.burst-timeout', time(), 'longest run of Lua without a pause'),
  tune('lua.forced-yield', integer(0, MAX), 'instructions before Lua pauses'),
  tune('lua.log.loggers', ON_OFF, 'Lua messages to the logs'),
  tune('lua.log.stderr', oneWordOf('on', 'auto', 'off'), 'Lua messages to standard error'),
  tune('lua.maxmem', integer(0, MAX), 'memory of Lua'),
  tune(
    'lua.openlibs',
    matching(`{ all | none | <lib>[,...] } (${LUA_LIBRARY.replaceAll('|', ', ')})`, LUA_LIBRARIES, 1, 1),
    'libraries of Lua',
  ),
  tune('lua.service-timeout', time(), 'longest run of a Lua service'),
  tune('lua.session-timeout', time(), 'longest run of Lua in a session'),
  tune('lua.task-timeout', time(), 'longest run of a Lua task'),
];

export const GLOBAL_TUNE_KEYWORDS: readonly GlobalKeyword[] = [
  ...OWN,
  ...HTTP2,
  ...BUFFERS,
  ...SCHEDULING,
  ...LUA,
  ...QUIC_TUNE_KEYWORDS,
];
