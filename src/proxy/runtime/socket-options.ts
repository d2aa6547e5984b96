/**
 * What a proxy's options ask of the sockets of its connections: `option clitcpka` and `srvtcpka` with their
 * counts and times, `option nolinger` (manual, section 4.2). Set once for a listener or a server.
 */
import { parseSize } from '../../config-parser/units.ts';
import type { Tune } from '../../model/global.ts';
import type { Proxy, TcpKeepAlive } from '../../model/proxy.ts';
import type { SocketTuning } from '../../net/socket-tuning.ts';

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

/** `tune.rcvbuf.client` and its like, `cc` of the line; undefined when nothing is said. */
export function socketTuning(
  { other }: Tune,
  side: 'client' | 'server',
  options: ReadonlyMap<string, readonly string[]> | undefined,
): SocketTuning | undefined {
  const number = (name: string): number | undefined =>
    parseSize(other.get(`tune.${name}.${side}`)?.[0] ?? '').value || undefined;
  const [receiveBuffer, sendBuffer, notSentLowat] = ['rcvbuf', 'sndbuf', 'notsent-lowat'].map(number);
  const [congestion] = options?.get('cc') ?? [];
  const tuning = {
    ...(receiveBuffer !== undefined && { receiveBuffer }),
    ...(sendBuffer !== undefined && { sendBuffer }),
    ...(notSentLowat !== undefined && { notSentLowat }),
    ...(congestion !== undefined && { congestion }),
  };
  return Object.keys(tuning).length === 0 ? undefined : tuning;
}

function socketOptions(
  flags: ReadonlySet<string>,
  name: 'clitcpka' | 'srvtcpka',
  keepAlive: TcpKeepAlive,
): ProxySocketOptions {
  return { ...(flags.has(name) && { keepAlive }), ...(flags.has('nolinger') && { noLinger: true }) };
}
