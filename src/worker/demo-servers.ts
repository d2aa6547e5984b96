/**
 * Small HTTP servers inside the program, for `demo-servers` in global (this program's own keyword): so that the
 * quickstart configuration shows balancing on a machine that has nothing else.
 */
import { createServer, type Server } from 'node:http';
import type { Address } from '../model/address.ts';
import type { Config } from '../model/config.ts';
import type { Notice } from '../model/notice.ts';
import type { Proxy } from '../model/proxy.ts';
import { isListenFailure, openListening } from '../net/listening-socket.ts';

/** Shared with the worker before this one, which listens until it has finished what it serves. */
const LISTENING = {
  backlog: 0,
  transparent: false,
  v4v6: false,
  v6only: false,
  deferAccept: false,
  tfo: false,
  tcpUserTimeoutMs: 0,
};

/** What the configuration wants of them; the answer stops them. */
export function runDemo(config: Config, notice: Notice): () => void {
  const { demoServers } = config.global;
  const servers = startDemoServers(demoServers, text => notice('warning', text));
  if (demoServers.length > 0) for (const url of urlsOf(config)) notice('notice', url);
  return () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  };
}

function startDemoServers(addresses: readonly Address[], onError: (text: string) => void): Server[] {
  return addresses.flatMap((address, index) =>
    address.kind === 'ip' ? startOne(`demo${index + 1}`, address, onError) : [],
  );
}

function startOne(
  name: string,
  address: Extract<Address, { kind: 'ip' }>,
  onError: (text: string) => void,
): Server[] {
  const listening = openListening({ ...LISTENING, address }, 1);
  if (isListenFailure(listening)) {
    onError(`demo server: ${listening.message}`);
    return [];
  }
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.setHeader('x-server', name);
    response.end(
      `${name} on ${address.host}:${address.port} answers ${request.method ?? ''} ${request.url ?? ''}\n`,
    );
  });
  server.on('error', error => onError(`demo server ${address.host}:${address.port}: ${error.message}`));
  server.listen({ fd: listening.fds[0] as number });
  return [server];
}

/** Where to look: one line for each listening address, and one for the statistics page there. */
function urlsOf(config: Config): string[] {
  return config.proxies.flatMap(proxy => proxy.binds.flatMap(({ address }) => urlsAt(proxy, address)));
}

function urlsAt({ name, mode, stats }: Proxy, address: Address): string[] {
  if (address.kind !== 'ip') return [];
  const isAny = address.host === '0.0.0.0' || address.host === '::';
  const host = isAny ? 'localhost' : address.family === 6 ? `[${address.host}]` : address.host;
  const base = `http://${host}:${address.port}`;
  const page = stats === undefined ? undefined : `${name} (statistics page): ${base}${stats.uri}`;
  const own = `${name} (mode ${mode}): ${base}/`;
  if (page === undefined) return [own];
  return stats?.uri === '/' ? [page] : [own, page];
}
