/** A listening address (manual, section 5.1). One `bind` line may give many. */
import type { Address } from './address.ts';
import type { Position } from './diagnostic.ts';

export interface Bind {
  readonly position: Position;
  /** `name <name>` if given. */
  readonly name?: string;
  readonly id: number;
  readonly address: Address;
  /** Takes datagrams instead of connections (`dgram-bind`). */
  readonly datagram?: true;
  /** The word the user wrote, for messages and `show fd`. */
  readonly written: string;
  readonly maxconn: number;
  readonly backlog: number;
  readonly acceptProxy: boolean;
  readonly transparent: boolean;
  readonly interface?: string;
  /** The network namespace it listens in. */
  readonly namespace?: string;
  readonly v4v6: boolean;
  readonly v6only: boolean;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly deferAccept: boolean;
  readonly tfo: boolean;
  readonly tcpUserTimeoutMs: number;
  /** `tcp-ss`: keep the SYN's IP and TCP headers (1), the Ethernet header too (2). */
  readonly saveSyn?: number;
  readonly mss?: number;
  /** `tcp-md5sig`: the password. */
  readonly md5Signature?: string;
  /** `nbconn`: so many connections are made to the server of a `rhttp@` address. */
  readonly connections?: number;
  /** `thread`: those that may accept; numbers above `nbthread` mean nobody. */
  readonly threads?: readonly number[];
  /** Admin socket only. */
  readonly level?: 'user' | 'operator' | 'admin';
  readonly ssl?: BindTls;
  readonly proto?: string;
  readonly alpn?: readonly string[];
  /** Every other option as written, for later layers. */
  readonly otherOptions: ReadonlyMap<string, readonly string[]>;
}

/** A `crt`, `default-crt` or `crt-list` of a `bind` line. */
export interface CertificateSource {
  readonly kind: 'crt' | 'default-crt' | 'crt-list';
  readonly name: string;
}

/** What a line of a crt-list can say otherwise than its `bind` line. */
export interface TlsLineOptions {
  readonly alpn?: readonly string[];
  readonly caFile?: string;
  readonly caVerifyFile?: string;
  readonly crlFile?: string;
  readonly verify?: 'none' | 'optional' | 'required';
  readonly noCaNames?: boolean;
  /** `allow-0rtt` */
  readonly earlyData?: boolean;
  readonly npn?: string;
  readonly ciphers?: string;
  readonly ciphersuites?: string;
  readonly curves?: string;
  readonly ecdhe?: string;
  readonly sigalgs?: string;
  readonly clientSigalgs?: string;
  readonly minVersion?: string;
  readonly maxVersion?: string;
}

export interface BindTls extends Omit<TlsLineOptions, 'alpn'> {
  readonly verify: 'none' | 'optional' | 'required';
  /** In the order of the line: the first one is what clients get that ask for no name. */
  readonly certificates: readonly CertificateSource[];
  /** Where relative files of this line are looked for (`default-path`); empty: the working directory. */
  readonly folder: string;
  /** Undefined: as `ssl-default-bind-options` says. */
  readonly strictSni?: boolean;
  readonly noTickets?: boolean;
}
