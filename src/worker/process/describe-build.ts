/** What `-vv` says below the version: where it runs, its engines, what it compresses with, what it can balance by. */
import { ABSENT_FEATURES, FEATURES } from '../../config-parser/compatibility.ts';
import { probeUring } from '../../net/engines/uring/probe.ts';

export function describeBuild(): string {
  const ring = probeUring();
  return [
    `Running on: Node.js ${process.version}, ${process.platform} ${process.arch}`,
    '',
    `Feature list : ${featureList()}`,
    '',
    `Running on OpenSSL version : OpenSSL ${process.versions.openssl}`,
    'Built with Lua version : Lua 5.4',
    'Built with the Prometheus exporter as a service',
    'Built with network namespace support.',
    'Built with transparent proxy support using: IP_TRANSPARENT IPV6_TRANSPARENT IP_FREEBIND',
    'Encrypted password support via crypt(3): yes',
    '',
    'Available engines :',
    `     uring : io_uring, ${ring.usable ? 'usable here' : `not usable here: ${ring.reason}`}`,
    '      node : net.Socket, runs everywhere',
    '',
    'Compression algorithms : identity gzip deflate raw-deflate',
    `     by own code; by zlib ${process.versions.zlib} at levels above 1 (tune.comp.maxlevel), and with tune.zlib.*`,
    '',
    'Available multiplexer protocols :',
    "(protocols marked as <default> cannot be specified using 'proto' keyword)",
    '         h2 : mode=HTTP  side=FE|BE  mux=H2',
    '  <default> : mode=HTTP  side=FE|BE  mux=H1',
    '         h1 : mode=HTTP  side=FE|BE  mux=H1',
    '  <default> : mode=TCP   side=FE|BE  mux=PASS',
    '       none : mode=TCP   side=FE|BE  mux=PASS',
    '',
    'Available services : prometheus-exporter',
    '',
    'Balance algorithms : roundrobin static-rr leastconn first random source uri url_param hdr rdp-cookie hash sticky',
    '',
  ].join('\n');
}

/** Those there are with a plus, the others with a minus, by name, as HAProxy lists them. */
function featureList(): string {
  const listed = [
    ...[...FEATURES].map(name => ({ name, sign: '+' })),
    ...ABSENT_FEATURES.map(name => ({ name, sign: '-' })),
  ];
  const sorted = listed.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map(({ name, sign }) => sign + name).join(' ');
}
