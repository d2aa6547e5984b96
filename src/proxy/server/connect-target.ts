/** What a connection to a server, or to a `dispatch` address, is made with besides the address (manual, `source`, `server`). */
import type { Tune } from '../../model/global.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import type { ConnectTarget } from '../../net/connection.ts';
import { serverSocket } from '../../net/server-socket.ts';
import { serverSocketOptions, socketTuning } from '../runtime/socket-options.ts';

type IpTarget = Extract<ConnectTarget, { kind: 'ip' }>;
export type ConnectOptions = Omit<IpTarget, 'kind' | 'family' | 'host' | 'port'>;

/** `source` of the server, else of its backend. */
export function connectOptions(server: Server | undefined, backend: Proxy, tune: Tune): ConnectOptions {
  const source = server?.source ?? backend.source;
  const from = source?.address;
  const tuning = socketTuning(tune, 'server', server?.otherOptions);
  const userTimeoutMs = server?.tcpUserTimeoutMs ?? 0;
  return {
    ...(from?.kind === 'ip' && !isAny(from) && { source: { host: from.host, port: from.port } }),
    ...(source?.interface !== undefined && { interface: source.interface }),
    ...(server !== undefined && serverSocket(server)),
    ...serverSocketOptions(backend),
    ...(userTimeoutMs > 0 && { userTimeoutMs }),
    ...(server?.otherOptions.has('tfo') === true && { fastOpen: true }),
    ...(tuning !== undefined && { tuning }),
  };
}

/** What tells connections apart that go to different places, or come from there. */
export function keyOfTarget(target: ConnectTarget): string {
  if (target.kind === 'unix') return target.path;
  const { host, port, source, namespace = '' } = target;
  return `${host} ${port} ${source?.host ?? ''} ${source?.port ?? ''} ${namespace}`;
}

/** The system chooses: no need to say so. */
function isAny({ host, port }: { readonly host: string; readonly port: number }): boolean {
  return port === 0 && (host === '0.0.0.0' || host === '::');
}

export function ipTarget(family: 4 | 6, host: string, port: number, options: ConnectOptions): ConnectTarget {
  return { kind: 'ip', family, host, port, ...options };
}
