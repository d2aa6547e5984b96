/**
 * Options of servers that are no proxy's (`peers`, `ring`, `resolvers`) which have no effect on the connections that the control thread
 * makes to them (worker/servers/server-connection.ts).
 */
import type { Server } from '../model/server.ts';

/** `isLookedUp`: a name in place of its address has become one before anything is connected. */
export function unheededOptions(server: Server, isLookedUp = false): string[] {
  const { address, socks4, namespace, md5Signature, tcpUserTimeoutMs, otherOptions, tls } = server;
  const found: readonly (readonly [boolean, string])[] = [
    [namespace !== undefined, 'namespace'],
    [md5Signature !== undefined, 'tcp-md5sig'],
    [tcpUserTimeoutMs > 0, 'tcp-ut'],
    [otherOptions.has('tfo'), 'tfo'],
    [otherOptions.has('cc'), 'cc'],
  ];
  // a socket is made before a name has become an address
  const ofNames =
    isLookedUp || address.kind !== 'name' ? [] : found.filter(([said]) => said).map(([, what]) => what);
  return [
    ...(socks4 === undefined ? [] : ['socks4']),
    ...(tls?.sni === undefined || tls.sniName !== undefined ? [] : ['sni']),
    ...(tls?.earlyData === true ? ['allow-0rtt'] : []),
    ...ofNames,
  ];
}
