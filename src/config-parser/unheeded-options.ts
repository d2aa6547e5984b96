/**
 * Options of servers that are no proxy's (`peers`, `ring`) which have no effect on the connections that the control thread
 * makes to them (worker/server-connection.ts).
 */
import type { Server } from '../model/server.ts';

export function unheededOptions({
  address,
  socks4,
  namespace,
  md5Signature,
  tcpUserTimeoutMs,
  otherOptions,
  tls,
}: Server): string[] {
  const found: readonly (readonly [boolean, string])[] = [
    [namespace !== undefined, 'namespace'],
    [md5Signature !== undefined, 'tcp-md5sig'],
    [tcpUserTimeoutMs > 0, 'tcp-ut'],
    [otherOptions.has('tfo'), 'tfo'],
    [otherOptions.has('cc'), 'cc'],
  ];
  // a socket is made before a name has become an address
  const ofNames = address.kind !== 'name' ? [] : found.filter(([said]) => said).map(([, what]) => what);
  return [
    ...(socks4 === undefined ? [] : ['socks4']),
    ...(tls?.sni === undefined ? [] : ['sni']),
    ...(tls?.earlyData === true ? ['allow-0rtt'] : []),
    ...ofNames,
  ];
}
