/** What `tune.rcvbuf.*`, `tune.sndbuf.*`, `tune.notsent-lowat.*` and `cc` ask of sockets. */

/** What is missing stays the system's. Lengths in bytes. */
export interface SocketTuning {
  readonly receiveBuffer?: number;
  readonly sendBuffer?: number;
  readonly notSentLowat?: number;
  readonly congestion?: string;
}
