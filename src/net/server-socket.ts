/** What a server's line says of every socket to it: its connections' and its checks'. */
import type { Server } from '../model/server.ts';
import { OF_CLIENT } from './network-namespace.ts';
import type { IpTarget } from './prepared-socket.ts';

/** `namespace *` is nothing fixed: who has a client adds its namespace. */
export function serverSocket({
  namespace,
  md5Signature,
}: Pick<Server, 'namespace' | 'md5Signature'>): Pick<IpTarget, 'namespace' | 'md5Signature'> {
  return {
    ...(namespace !== undefined && namespace !== OF_CLIENT && { namespace }),
    ...(md5Signature !== undefined && { md5Signature }),
  };
}
