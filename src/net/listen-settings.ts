/** What a listening socket is made with: parts of a `bind` line, and what its proxy says of clients' sockets. */
import type { Bind } from '../model/bind.ts';
import type { TcpKeepAlive } from '../model/proxy.ts';
import type { SocketTuning } from './socket-tuning.ts';

export type ListenSettings = Pick<
  Bind,
  | 'address'
  | 'datagram'
  | 'backlog'
  | 'transparent'
  | 'interface'
  | 'namespace'
  | 'v4v6'
  | 'v6only'
  | 'mode'
  | 'uid'
  | 'gid'
> &
  Pick<Bind, 'deferAccept' | 'tfo' | 'tcpUserTimeoutMs' | 'mss' | 'saveSyn' | 'md5Signature'> & {
    /** `noreuseport` stands in the global section: then the threads share one socket by duplicates. */
    readonly noReusePort?: boolean;
    /** `option clitcpka` */
    readonly keepAlive?: TcpKeepAlive;
    /** `option nolinger` */
    readonly noLinger?: boolean;
    readonly tuning?: SocketTuning;
    /** It takes no connection, and no place from another socket, before it is let listen, or its path taken. */
    readonly isPrepared?: boolean;
  };
