/** A server of a backend (manual, section 5.2). Times in milliseconds, sizes in bytes. */
import type { Address } from './address.ts';
import type { Position } from './diagnostic.ts';
import type { Word } from './word.ts';

export interface Server {
  readonly name: string;
  readonly position: Position;
  /** Unique in its backend, from 1: explicit `id` or the next free number (the key of placement). */
  readonly id: number;
  /** Of one added at run time: how often servers were removed before one was added, so that names were used again. */
  readonly revision?: number;
  /** `id` was said. */
  readonly explicitId?: true;
  readonly address: Address;
  /** `udp@` and the like: messages go there as datagrams; in mode log only. */
  readonly datagram?: true;
  /** The name `address` was resolved from, or is to be resolved from. */
  readonly fqdn?: string;
  /** The SRV record that gives it address, port and weight: a name that starts with an underscore. */
  readonly srvRecord?: string;
  /** No port was written: the client's destination port is used, shifted by `portOffset`. */
  readonly mapPorts: boolean;
  readonly portOffset: number;
  /** 0..256 */
  readonly weight: number;
  readonly backup: boolean;
  readonly disabled: boolean;
  readonly maxconn: number;
  readonly minconn: number;
  readonly maxqueue: number;
  readonly cookie?: string;
  readonly redirPrefix?: string;
  readonly source?: SourceAddress;
  readonly poolMaxConn: number;
  readonly poolLowConn: number;
  readonly poolPurgeDelayMs: number;
  readonly maxReuse: number;
  readonly poolConnName?: Word;
  readonly tcpUserTimeoutMs: number;
  /** The network namespace of its connections. */
  readonly namespace?: string;
  /** `tcp-md5sig`: the password. */
  readonly md5Signature?: string;
  /** `strict-maxconn`: idle connections would be connections too many, so that none is kept. */
  readonly strictMaxconn?: true;
  /** The proxy that its connections go through. */
  readonly socks4?: Extract<Address, { kind: 'ip' }>;
  readonly sendProxy?: SendProxy;
  readonly check?: ServerCheck;
  readonly agent?: AgentCheck;
  /** Where there is no agent: the port one would be asked at, which `show servers state` tells. */
  readonly agentPort?: number;
  readonly track?: Word;
  readonly observe?: 'layer4' | 'layer7';
  readonly errorLimit: number;
  readonly onError: 'fastinter' | 'fail-check' | 'sudden-death' | 'mark-down';
  readonly onMarkedDown?: 'shutdown-sessions';
  readonly onMarkedUp?: 'shutdown-backup-sessions';
  readonly slowstartMs: number;
  readonly initAddr: readonly string[];
  readonly initState?: 'up' | 'down' | 'fully-up' | 'fully-down';
  readonly resolvers?: string;
  readonly hashKey: 'id' | 'id32' | 'guid' | 'addr' | 'addr-port';
  readonly guid?: string;
  /** `non-stick` was said. */
  readonly nonStick: boolean;
  /** Its traffic goes over TLS. */
  readonly ssl?: ServerTls;
  /** `no-ssl` */
  readonly refusesSsl?: true;
  /** The same, or what TLS would be: for checks of its own, and for `set server … ssl on`. */
  readonly tls?: ServerTls;
  /** `proto h2` and the like. */
  readonly proto?: string;
  readonly ws?: 'auto' | 'h1' | 'h2';
  /** Every other option as written (name and arguments), for later layers. */
  readonly otherOptions: ReadonlyMap<string, readonly string[]>;
}

export interface SourceAddress {
  readonly address: Address;
  readonly portHigh?: number;
  readonly interface?: string;
  readonly usesrc?: string;
}

export interface SendProxy {
  readonly version: 1 | 2;
  /** `proxy-v2-options`: crc32c unique-id ssl ssl-cn cert-key ... */
  readonly options: readonly string[];
  /** `set-proxy-v2-tlv-fmt`; without a format the TLV is empty. */
  readonly tlvs: readonly CustomTlv[];
  /** Checks name their own connection too, where version 2 has a word for that (`pp2-never-send-local`). */
  readonly neverLocal?: true;
}

export interface CustomTlv {
  /** 0..255 */
  readonly type: number;
  readonly format: Word | undefined;
}

export interface ServerCheck {
  readonly enabled: boolean;
  readonly interMs: number;
  readonly fastinterMs?: number;
  readonly downinterMs?: number;
  readonly rise: number;
  readonly fall: number;
  readonly address?: Address;
  readonly port?: number;
  readonly sendProxy: boolean;
  /** Servers added at run time: TLS and PROXY header of their traffic are not taken over. */
  readonly unlikeTraffic?: true;
  readonly ssl?: boolean;
  readonly sni?: string;
  readonly alpn?: readonly string[];
  readonly proto?: string;
  readonly viaSocks4: boolean;
  readonly healthcheckSection?: string;
}

export interface AgentCheck {
  readonly enabled: boolean;
  readonly interMs: number;
  readonly address?: Address;
  readonly port: number;
  readonly send?: string;
}

export interface ServerTls {
  /** Where names of files are relative to; empty: where the process runs. */
  readonly folder: string;
  readonly verify: 'none' | 'required';
  readonly caFile?: string;
  readonly crlFile?: string;
  readonly crt?: string;
  readonly sni?: Word;
  /** What `sni` comes to where no request is needed for it: `str(<name>)`. */
  readonly sniName?: string;
  readonly alpn?: readonly string[];
  readonly ciphers?: string;
  readonly ciphersuites?: string;
  readonly curves?: string;
  readonly sigalgs?: string;
  readonly clientSigalgs?: string;
  readonly verifyHost?: string;
  readonly minVersion?: string;
  readonly maxVersion?: string;
  /** `no-sni-auto` */
  readonly noAutoSni?: boolean;
  /** `no-tls-tickets` */
  readonly noTickets?: boolean;
  /** `no-ssl-reuse` */
  readonly noReuse?: boolean;
  /** `allow-0rtt` */
  readonly earlyData?: boolean;
  /** What the TLS library does, where neither was said. */
  readonly renegotiate?: boolean;
}
