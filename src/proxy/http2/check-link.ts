/**
 * HTTP/2 for the checks of servers (manual, `check-proto`): a connection of theirs that carries the requests of one check
 * and ends with it. Nothing is counted of it. worker/servers/server-watch.ts gives it to health/.
 */
import type { Global } from '../../model/global.ts';
import { BufferPool } from '../../net/buffer-pool.ts';
import type { Connection } from '../../net/connection.ts';
import { NO_COUNTS } from './server-counts.ts';
import { Http2ServerLink, type LinkHome } from './server-link.ts';
import { http2ServerSettings } from './server-settings.ts';

const NOWHERE: LinkHome = {
  rested: link => link.close(),
  leaves(): void {},
  closed(): void {},
};

/** Gives what speaks HTTP/1 to a check over a connection that speaks HTTP/2. */
export function http2CheckLinks(global: Global): (socket: Connection) => Connection {
  const buffers = new BufferPool(global.tune.bufsize);
  const settings = http2ServerSettings(global);
  return socket => {
    const parts = {
      wheel: undefined,
      buffers,
      settings,
      counts: NO_COUNTS,
      home: NOWHERE,
      maxReuse: -1,
      pingMs: 0,
    };
    const link = new Http2ServerLink(socket, parts);
    link.start();
    return link.openStream(undefined);
  };
}
