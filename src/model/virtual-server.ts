/** `virtual_server`, `virtual_server_group` and their checkers (keepalived.conf(5), LVS CONFIGURATION). */
import type { Position } from './diagnostic.ts';
import type { ScriptCommand } from './script-command.ts';

export type Scheduler =
  'rr' | 'wrr' | 'lc' | 'wlc' | 'sh' | 'dh' | 'lblc' | 'lblcr' | 'sed' | 'nq' | 'mh' | 'fo' | 'ovf' | 'twos';

export type ForwardingMethod = 'NAT' | 'DR' | 'TUN';

export interface ServiceAddress {
  readonly family: 4 | 6;
  readonly address: string;
  /** Last address of a range; the same as `address` for one. */
  readonly lastAddress: string;
  /** 0: every port. */
  readonly port: number;
}

export type VirtualService =
  | ({ readonly kind: 'address' } & ServiceAddress)
  | { readonly kind: 'fwmark'; readonly fwmark: number; readonly family?: 4 | 6 }
  | { readonly kind: 'group'; readonly name: string };

export interface VirtualServerGroup {
  readonly name: string;
  readonly position: Position;
  readonly members: readonly VirtualService[];
}

export interface VirtualServer {
  readonly position: Position;
  readonly service: VirtualService;
  readonly scheduler: Scheduler;
  /** `flag-1`, `sh-port`, `mh-fallback`, ... */
  readonly schedulerFlags: readonly string[];
  readonly onePacketScheduling: boolean;
  readonly method: ForwardingMethod;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** 0: not persistent. */
  readonly persistenceTimeoutSec: number;
  /** Prefix length of the mask that groups clients. */
  readonly persistenceGranularity: number;
  readonly haSuspend: boolean;
  readonly alpha: boolean;
  readonly omega: boolean;
  readonly quorum: number;
  readonly hysteresis: number;
  readonly quorumUp?: ScriptCommand;
  readonly quorumDown?: ScriptCommand;
  readonly smtpAlert: boolean;
  readonly sorryServer?: SorryServer;
  readonly realServers: readonly RealServer[];
}

export interface SorryServer {
  readonly address: ServiceAddress;
  readonly method: ForwardingMethod;
}

export interface RealServer {
  readonly position: Position;
  readonly address: ServiceAddress;
  readonly weight: number;
  readonly method: ForwardingMethod;
  /** 0: no threshold. */
  readonly uthreshold: number;
  readonly lthreshold: number;
  readonly inhibitOnFailure: boolean;
  readonly alpha: boolean;
  readonly smtpAlert: boolean;
  readonly notifyUp?: ScriptCommand;
  readonly notifyDown?: ScriptCommand;
  readonly checkers: readonly Checker[];
}

export type CheckerKind =
  | 'TCP_CHECK'
  | 'HTTP_GET'
  | 'SSL_GET'
  | 'MISC_CHECK'
  | 'SMTP_CHECK'
  | 'DNS_CHECK'
  | 'PING_CHECK'
  | 'UDP_CHECK'
  | 'FILE_CHECK'
  | 'BFD_CHECK';

/** What every checker has. `retry` further tries after a failure before the server counts as down. */
export interface Checker {
  readonly kind: CheckerKind;
  readonly position: Position;
  readonly connectIp: string;
  readonly connectPort: number;
  readonly bindTo?: string;
  readonly bindPort: number;
  readonly bindIf?: string;
  readonly fwmark: number;
  readonly connectTimeoutMs: number;
  readonly retry: number;
  readonly delayBeforeRetryMs: number;
  readonly warmupMs: number;
  readonly delayLoopMs: number;
  readonly alpha: boolean;
  readonly logAllFailures: boolean;
  /** HTTP_GET, SSL_GET. */
  readonly http?: HttpGet;
  /** MISC_CHECK. */
  readonly misc?: { readonly script: ScriptCommand; readonly timeoutMs: number; readonly dynamic: boolean };
  /** SMTP_CHECK. */
  readonly heloName?: string;
  /** DNS_CHECK. */
  readonly dns?: { readonly type: string; readonly name: string };
  /** UDP_CHECK. */
  readonly udp?: UdpCheck;
  /** FILE_CHECK: name of a track_file, with a weight other than its own. */
  readonly file?: { readonly trackFile: string; readonly weight?: FileWeight };
  /** BFD_CHECK: name of a bfd_instance. */
  readonly bfd?: string;
}

/** What a number in a file is multiplied with. */
interface FileWeight {
  readonly weight: number;
  readonly reverse: boolean;
}

interface HttpGet {
  readonly tls: boolean;
  readonly virtualhost?: string;
  readonly protocol: '1.0' | '1.0C' | '1.1';
  readonly enableSni: boolean;
  readonly sniName?: string;
  readonly urls: readonly HttpUrl[];
}

export interface HttpUrl {
  readonly path: string;
  readonly digest?: string;
  /** Accepted ranges, both ends included. */
  readonly statusCodes: readonly (readonly [number, number])[];
  readonly virtualhost?: string;
  readonly regex?: string;
  readonly regexNoMatch: boolean;
  readonly regexOptions: readonly string[];
  readonly regexMinOffset: number;
  readonly regexMaxOffset: number;
}

interface UdpCheck {
  /** Hexadecimal; missing: random bytes. */
  readonly payload?: string;
  readonly requireReply: boolean;
  /** Hexadecimal digits, `x` for any. */
  readonly reply?: string;
  readonly minReplyLength: number;
  readonly maxReplyLength: number;
}
