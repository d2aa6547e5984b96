/**
 * A frontend, backend or listen section after its defaults were applied (manual, section 4). Readonly and
 * plain, so that it can be sent to threads by structured clone. Times in milliseconds (0: not set), sizes in bytes.
 */
import type { BandwidthLimit } from './bandwidth-limit.ts';
import type { Address } from './address.ts';
import type { Balance, HashType } from './balance.ts';
import type { Bind } from './bind.ts';
import type { Position } from './diagnostic.ts';
import type { LogTarget } from './log.ts';
import type { PlainRule, Rule, SwitchRule } from './rule.ts';
import type { Server } from './server.ts';
import type { AclLine, Condition, Word } from './word.ts';

export type Mode = 'tcp' | 'http' | 'log' | 'spop';

/** Which connections of a server may carry requests of others. */
export type HttpReuse = 'never' | 'safe' | 'aggressive' | 'always';

export interface Proxy {
  readonly kind: 'frontend' | 'backend' | 'listen';
  readonly name: string;
  readonly id: number;
  /** `id` was said. */
  readonly explicitId?: true;
  readonly position: Position;
  readonly mode: Mode;
  /** `mode haterm`, which is one of HTTP: it answers by itself. As a frontend. */
  readonly haterm?: true;
  readonly disabled: boolean;
  /** It was deleted at run time; what is left holds its place. */
  readonly removed?: true;
  readonly description?: string;
  /** `guid <string>` */
  readonly guid?: string;
  readonly timeouts: Timeouts;
  readonly options: ProxyOptions;

  // as a frontend
  readonly binds: readonly Bind[];
  readonly maxconn: number;
  readonly rateLimitSessions: number;
  readonly defaultBackend?: Word;
  readonly useBackends: readonly SwitchRule[];
  readonly monitorUri?: string;
  readonly monitorFail: readonly Condition[];
  readonly captures: Captures;
  readonly uniqueIdFormat?: Word;
  readonly uniqueIdHeader?: string;
  /** `max-session-srv-conns` */
  readonly maxSessionSrvConns: number;
  readonly clientKeepAlive: TcpKeepAlive;

  // as a backend
  readonly balance: Balance;
  readonly hashType: HashType;
  readonly hashBalanceFactor: number;
  readonly hashPreserveAffinity?: 'always' | 'maxconn' | 'maxqueue';
  readonly servers: readonly Server[];
  readonly serverTemplates: readonly ServerTemplate[];
  readonly dispatch?: Address;
  readonly transparent: boolean;
  readonly useServers: readonly SwitchRule[];
  readonly cookie?: CookiePersistence;
  readonly retries: number;
  readonly retryOn: readonly string[];
  /** 0: none; n>0: on every nth retry; n<0: on the nth last (as `option redispatch`). */
  readonly redispatchAfter: number;
  readonly fullconn: number;
  /** -1: no limit. */
  readonly maxKeepAliveQueue: number;
  /** `http-send-name-header`, in lower case. */
  readonly sendNameHeader?: string;
  /** `persist rdp-cookie`: name of the cookie. */
  readonly persistRdpCookie?: string;
  readonly serverKeepAlive: TcpKeepAlive;
  readonly httpReuse: HttpReuse;
  readonly source?: Server['source'];
  readonly loadServerStateFrom: 'none' | 'global' | 'local';
  readonly serverStateFileName?: string;
  readonly check: CheckMethod;

  // rules, in file order; those of defaults first
  readonly acls: readonly AclLine[];
  /** ACLs of the named defaults section: seen by the rules marked `fromDefaults` alone. */
  readonly defaultsAcls: readonly AclLine[];
  readonly rules: readonly Rule[];
  /** `redirect`, `force-persist`, `ignore-persist`, `stick ...`, `block`-like lines with a condition. */
  readonly plainRules: readonly PlainRule[];
  readonly inspectDelayMs: { readonly request: number; readonly response: number };
  readonly errorFiles: readonly ErrorFile[];
  readonly stats?: StatsSettings;
  readonly email?: EmailAlert;
  readonly compression?: Compression;
  /** In the order of their lines. */
  readonly filters: readonly (readonly Word[])[];
  /** `filter-sequence`: names of filters, by the way they are on. */
  readonly filterSequence?: { readonly request?: readonly Word[]; readonly response?: readonly Word[] };
  readonly bandwidthLimits: readonly BandwidthLimit[];
  readonly stickTable?: readonly Word[];

  // logs
  readonly logs: readonly LogTarget[];
  /** `log global` was said. */
  readonly logGlobal: boolean;
  readonly logFormat?: Word;
  readonly errorLogFormat?: Word;
  readonly logFormatSd?: Word;
  readonly logSteps?: readonly string[];
  readonly logTag?: string;
  /** Lines of words a later layer will use: keyword and arguments as written. */
  readonly otherLines: readonly (readonly Word[])[];
}

export interface Timeouts {
  readonly client: number;
  readonly server: number;
  readonly connect: number;
  readonly queue: number;
  readonly check: number;
  readonly tunnel: number;
  readonly clientFin: number;
  readonly serverFin: number;
  readonly httpRequest: number;
  readonly httpKeepAlive: number;
  readonly tarpit: number;
  readonly clientHs: number;
}

/** `option ...` lines. Booleans by name, those with arguments as objects. */
export interface ProxyOptions {
  /** Names of the flags that are on: `abortonclose`, `http-server-close`, `allbackups`, `httplog`, ... */
  readonly flags: ReadonlySet<string>;
  /** Names of the flags that `no option` switched off: some are on by default, or set by the other side. */
  readonly noFlags: ReadonlySet<string>;
  readonly forwardfor?: ForwardFor;
  readonly originalto?: { readonly header: string; readonly except?: string };
  readonly forwarded?: readonly Word[];
  readonly httpLog?: LogFormatOption;
  /** `option http-restrict-req-hdr-names` */
  readonly restrictHeaderNames?: 'preserve' | 'delete' | 'reject';
}

export type LogFormatOption = 'httplog' | 'httplog clf' | 'tcplog' | 'tcplog clf' | 'httpslog';

/** `clitcpka-*` and `srvtcpka-*`; 0: the system's value. */
export interface TcpKeepAlive {
  readonly count: number;
  readonly idleMs: number;
  readonly intervalMs: number;
}

export interface ForwardFor {
  readonly header: string;
  /** CIDR. */
  readonly except?: string;
  readonly ifNone: boolean;
}

export interface Captures {
  readonly request: readonly HeaderCapture[];
  readonly response: readonly HeaderCapture[];
  readonly cookie?: { readonly name: string; readonly len: number };
  /** `declare capture request|response len N` */
  readonly declared: readonly DeclaredCapture[];
}

/** Slots of a side are numbered in the order of the lines that make them, those of `capture` rules among them. */
interface HeaderCapture {
  readonly header: string;
  readonly len: number;
  readonly slot: number;
}

interface DeclaredCapture {
  readonly side: 'request' | 'response';
  readonly len: number;
  readonly slot: number;
}

interface ServerTemplate {
  readonly prefix: string;
  readonly position: Position;
  readonly first: number;
  readonly last: number;
  readonly server: Server;
}

export interface CookiePersistence {
  readonly name: string;
  /** `passive`: the application sets the cookie, this program only reads it. */
  readonly mode: 'rewrite' | 'insert' | 'prefix' | 'passive';
  readonly indirect: boolean;
  readonly nocache: boolean;
  readonly postonly: boolean;
  readonly preserve: boolean;
  readonly httponly: boolean;
  readonly secure: boolean;
  readonly domains: readonly string[];
  readonly maxIdleMs: number;
  readonly maxLifeMs: number;
  readonly dynamic: boolean;
  readonly dynamicKey?: string;
  readonly attrs: readonly string[];
}

/** How the servers are checked; `lines` are the http-check / tcp-check rules as written. */
export interface CheckMethod {
  readonly kind:
    | 'tcp'
    | 'httpchk'
    | 'tcp-check'
    | 'mysql'
    | 'pgsql'
    | 'redis'
    | 'smtp'
    | 'ldap'
    | 'ssl-hello'
    | 'spop'
    | 'external';
  /** Words after `option <check>`. */
  readonly args: readonly Word[];
  /** Rules of the other kind are checked and not used. */
  readonly httpCheck: readonly (readonly Word[])[];
  readonly tcpCheck: readonly (readonly Word[])[];
  readonly externalCommand?: string;
  readonly externalPath?: string;
}

export interface ErrorFile {
  readonly position: Position;
  readonly status: number;
  readonly source:
    /** Whole HTTP answer read at load. */
    | { readonly kind: 'file'; readonly path: string; readonly content: string }
    | { readonly kind: 'location'; readonly code: 302 | 303; readonly url: string }
    /** `errorfiles <section> [codes]` */
    | { readonly kind: 'section'; readonly name: string }
    /** `http-error status <code> ...` arguments as written. */
    | { readonly kind: 'http-error'; readonly args: readonly Word[] };
}

export interface StatsSettings {
  readonly uri: string;
  readonly realm?: string;
  readonly auths: readonly { readonly user: string; readonly password: string }[];
  readonly admin: readonly Condition[];
  readonly hideVersion: boolean;
  readonly refreshMs: number;
  readonly scopes: readonly string[];
  readonly showDesc?: string;
  readonly showLegends: boolean;
  readonly showNode?: string;
  readonly showModules: boolean;
  readonly httpRequest: readonly Rule[];
}

export interface EmailAlert {
  readonly from?: string;
  readonly to?: string;
  readonly level?: string;
  readonly mailers?: string;
  readonly myhostname?: string;
}

export interface Compression {
  readonly algorithms: readonly string[];
  readonly requestAlgorithm?: string;
  readonly types: readonly string[];
  readonly requestTypes: readonly string[];
  readonly offload: boolean;
  readonly direction: 'request' | 'response' | 'both';
  readonly minSize: number;
  readonly minSizeRequest: number;
}
