/** A way to a nameserver: datagrams (datagram-transport.ts) or streams (stream-transport.ts). */
export interface NameserverAddress {
  readonly family: 4 | 6;
  readonly host: string;
  readonly port: number;
}

export interface Transport {
  send(message: Buffer): void;
  close(): void;
}

export interface TransportEvents {
  readonly received: (message: Buffer) => void;
  /** Questions are lost; `cause`: why, in words. */
  readonly failed: (cause: string) => void;
}
