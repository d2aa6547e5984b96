/** What `-vv` says below the version: where it runs, its engines, what it compresses with, what it can balance by. */
import { FEATURES } from '../config-parser/compatibility.ts';
import { probeUring } from '../net/engines/uring/probe.ts';

export function describeBuild(): string {
  const ring = probeUring();
  const features = [...FEATURES].map(name => `+${name}`).join(' ');
  return [
    `Running on: Node.js ${process.version}, ${process.platform} ${process.arch}, OpenSSL ${process.versions.openssl}`,
    '',
    `Feature list : ${features}`,
    '',
    'Available engines :',
    `     uring : io_uring, ${ring.usable ? 'usable here' : `not usable here: ${ring.reason}`}`,
    '      node : net.Socket, runs everywhere',
    '',
    'Compression algorithms : identity gzip deflate raw-deflate',
    `     by own code; by zlib ${process.versions.zlib} at levels above 1 (tune.comp.maxlevel), and with tune.zlib.*`,
    '',
    'Balance algorithms : roundrobin static-rr leastconn first random source uri url_param hdr rdp-cookie hash sticky',
    '',
  ].join('\n');
}
