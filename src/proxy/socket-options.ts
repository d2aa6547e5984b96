/**
 * What a proxy's options ask of the sockets of its connections: `option clitcpka` and `srvtcpka` with their
 * counts and times, `option nolinger` (manual, section 4.2). Set once for a listener or a server.
 */
import type { Proxy, TcpKeepAlive } from '../model/proxy.ts';

interface ProxySocketOptions {
  readonly keepAlive?: TcpKeepAlive;
  readonly noLinger?: true;
}

export function clientSocketOptions({ options, clientKeepAlive }: Proxy): ProxySocketOptions {
  return socketOptions(options.flags, 'clitcpka', clientKeepAlive);
}

export function serverSocketOptions({ options, serverKeepAlive }: Proxy): ProxySocketOptions {
  return socketOptions(options.flags, 'srvtcpka', serverKeepAlive);
}

function socketOptions(
  flags: ReadonlySet<string>,
  name: 'clitcpka' | 'srvtcpka',
  keepAlive: TcpKeepAlive,
): ProxySocketOptions {
  return { ...(flags.has(name) && { keepAlive }), ...(flags.has('nolinger') && { noLinger: true }) };
}
