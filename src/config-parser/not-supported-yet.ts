/**
 * The one table of keywords that are understood but do not do what the manual says yet. `NOT_SUPPORTED_YET`
 * gives a warning and is emptied as the program grows; `NO_EFFECT` are settings of machinery this program does
 * not have (memory pools, pollers, ...), for which a notice is enough.
 * Names are those of the keyword rows; `section peers` stands for a whole section.
 */

export const NOT_SUPPORTED_YET: ReadonlySet<string> = new Set([
  'section fcgi-app',
  // global
  'ssl-engine',
  'ssl-mode-async',
  // proxies
  'filter fcgi-app',
  'filter opentracing',
  'filter spoe',
  'mode spop',
  // listeners
  'bind proto fcgi',
  'bind proto qmux',
  'bind proto spop',
  // servers
  'server check-proto fcgi',
  'server check-proto qmux',
  'server check-proto spop',
  'server proto fcgi',
  'server proto qmux',
  'server proto spop',
]);

export const NO_EFFECT: ReadonlySet<string> = new Set([
  // a check makes its own connection: those of traffic belong to other threads
  'server check-pool-conn-name',
  'server check-reuse-pool',
  // no connection is served before another, sockets of a line differ in their thread alone, nothing asks for labels
  'bind label',
  'bind nice',
  'bind shards',
  // without QUIC there is nothing to derive tokens from
  'cluster-secret',
  'tune.rcvbuf.backend',
  'tune.sndbuf.frontend',
  // parameters fit the key of the certificate, sessions are the thread's own or their tickets, OpenSSL 3.0 compresses none
  'tune.ssl.default-dh-param',
  'tune.ssl.force-private-cache',
  'tune.ssl.certificate-compression',
  // each thread has its own sockets and its own idle connections
  'tune.idle-pool.shared',
  'tune.listener.default-shards',
  'tune.listener.multi-queue',
  'busy-polling',
  'cpu-affinity',
  'cpu-policy',
  'cpu-set by topology',
  'cpu-set reset',
  'debug.counters',
  'force-cfg-parser-pause',
  'harden.reject-privileged-ports.quic',
  'insecure-fork-wanted',
  'limited-quic',
  'max-threads-per-group',
  'no-memory-trimming',
  'noepoll',
  'noevports',
  'nogetaddrinfo',
  'nokqueue',
  'noktls',
  'nopoll',
  'numa-cpu-mapping',
  'option http-no-delay',
  'option tcp-smart-accept',
  'option tcp-smart-connect',
  'option use-small-buffers',
  'prealloc-fd',
  'quick-exit',
  'stress-level',
  'thread-group',
  'thread-groups',
  'tune.applet.zero-copy-forwarding',
  'tune.buffers.limit',
  'tune.buffers.reserve',
  'tune.bufsize.small',
  'tune.defaults.purge',
  'tune.disable-fast-forward',
  'tune.disable-zero-copy-forwarding',
  'tune.epoll.mask-events',
  'tune.events.max-events-at-once',
  'tune.fail-alloc',
  'tune.fd.edge-triggered',
  'tune.h1.zero-copy-fwd-recv',
  'tune.h1.zero-copy-fwd-send',
  // no stream changes its ways after a silence
  'tune.idletimer',
  // frames are taken as they come
  'tune.h2.be.max-frames-at-once',
  'tune.h2.fe.max-frames-at-once',
  'tune.h2.fe.max-rst-at-once',
  'tune.h2.zero-copy-fwd-send',
  'tune.max-rules-at-once',
  'tune.maxaccept',
  'tune.maxpollevents',
  'tune.memory.hot-size',
  'tune.pattern.cache-size',
  'tune.pt.zero-copy-forwarding',
  'tune.recv_enough',
  'tune.renice.startup',
  'tune.ring.queues',
  'tune.runqueue-depth',
  'tune.sched.low-latency',
  'tune.streams-elasticity',
  'tune.takeover-other-tg-connections',
  'warn-blocked-traffic-after',
]);
