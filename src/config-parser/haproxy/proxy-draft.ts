/**
 * A proxy section while its lines are read: the keyword rows change it, proxy-finish.ts turns it into a model
 * Proxy. `createProxyDraft` gives it the built-in settings, then those of the defaults section it starts from.
 */
import type { BandwidthLimit } from '../../model/bandwidth-limit.ts';
import type { Address } from '../../model/address.ts';
import type { Balance, HashType } from '../../model/balance.ts';
import type { Bind } from '../../model/bind.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { LogTarget } from '../../model/log.ts';
import type {
  Captures,
  CheckMethod,
  Compression,
  CookiePersistence,
  EmailAlert,
  ErrorFile,
  ForwardFor,
  LogFormatOption,
  Mode,
  Proxy,
  StatsSettings,
  TcpKeepAlive,
} from '../../model/proxy.ts';
import type { PlainRule, Rule, SwitchRule } from '../../model/rule.ts';
import type { Server } from '../../model/server.ts';
import type { AclLine, Condition, Word } from '../../model/word.ts';
import { createServerDraft, type ServerDraft } from './server-draft.ts';

export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type ProxyKind = 'defaults' | 'frontend' | 'listen' | 'backend';

/** What a section takes over from its defaults, whatever its kind. */
interface SharedSettings {
  mode: Mode;
  /** `mode haterm`: `mode` is http. */
  haterm: boolean;
  /** `mode` was said, here or in the defaults. */
  modeSaid: boolean;
  disabled: boolean;
  flags: Set<string>;
  noFlags: Set<string>;
  forwardfor: ForwardFor | undefined;
  originalto: { header: string; except?: string } | undefined;
  forwarded: readonly Word[] | undefined;
  restrictHeaderNames: 'preserve' | 'delete' | 'reject' | undefined;
  httpReuse: Proxy['httpReuse'];
  retryOn: readonly string[];
  hashPreserveAffinity: Proxy['hashPreserveAffinity'] | undefined;
  sendNameHeader: string | undefined;
  errorFiles: ErrorFile[];
  stats: Mutable<StatsSettings> | undefined;
  logs: LogTarget[];
  logGlobal: boolean;
  logTag: string | undefined;
  uniqueIdFormat: Word | undefined;
  uniqueIdHeader: string | undefined;
  compression: Mutable<Compression> | undefined;
  email: Mutable<EmailAlert> | undefined;
  externalCommand: string | undefined;
  externalPath: string | undefined;
  tarpitMs: number;
  httpRequestMs: number;
  httpKeepAliveMs: number;
  inspectDelayMs: { request: number; response: number };
}

export interface FrontendSettings {
  maxconn: number;
  backlog: number;
  rateLimitSessions: number;
  maxSessionSrvConns: number;
  clientKeepAlive: Mutable<TcpKeepAlive>;
  monitorUri: string | undefined;
  defaultBackend: Word | undefined;
  clientMs: number;
  clientFinMs: number;
  clientHsMs: number;
  httpLog: LogFormatOption | undefined;
  logFormat: Word | undefined;
  logFormatSd: Word | undefined;
  errorLogFormat: Word | undefined;
  logSteps: readonly string[] | undefined;
}

interface BackendSettings {
  balance: Balance | undefined;
  hashType: HashType;
  hashBalanceFactor: number;
  fullconn: number;
  retries: number;
  redispatchAfter: number;
  maxKeepAliveQueue: number;
  check: CheckDraft;
  cookie: CookiePersistence | undefined;
  dynamicCookieKey: string | undefined;
  persistRdpCookie: string | undefined;
  source: Server['source'] | undefined;
  loadServerStateFrom: Proxy['loadServerStateFrom'] | undefined;
  serverKeepAlive: Mutable<TcpKeepAlive>;
  connectMs: number;
  serverMs: number;
  serverFinMs: number;
  checkMs: number;
  queueMs: number;
  tunnelMs: number;
  /** That of the defaults section until a default-server line of this section is read. */
  defaultServer: ServerDraft;
}

/** `option <check>` and the http-check / tcp-check rules; a section's own rules replace inherited ones. */
export interface CheckDraft {
  kind: CheckMethod['kind'];
  args: readonly Word[];
  httpCheck: (readonly Word[])[];
  tcpCheck: (readonly Word[])[];
  /** `option httpchk` or `option tcp-check` of this very section was seen, or its rules replaced the inherited ones. */
  ownHttpCheck: boolean;
  ownTcpCheck: boolean;
}

interface ServerTemplateDraft {
  readonly prefix: string;
  readonly position: Position;
  readonly first: number;
  readonly last: number;
  readonly server: ServerDraft;
}

/** What belongs to the section alone. */
interface OwnSettings {
  id: number | undefined;
  idPosition: Position | undefined;
  guid: string | undefined;
  description: string | undefined;
  binds: Mutable<Bind>[];
  servers: ServerDraft[];
  serverTemplates: ServerTemplateDraft[];
  dispatch: Address | undefined;
  serverStateFileName: string | undefined;
  useBackends: SwitchRule[];
  useServers: SwitchRule[];
  monitorFail: Condition[];
  acls: AclLine[];
  rules: Rule[];
  plainRules: PlainRule[];
  requestCaptures: Captures['request'][number][];
  responseCaptures: Captures['response'][number][];
  cookieCapture: { name: string; len: number } | undefined;
  declaredCaptures: Captures['declared'][number][];
  filters: (readonly Word[])[];
  filterSequence: Proxy['filterSequence'];
  bandwidthLimits: BandwidthLimit[];
  stickTable: readonly Word[] | undefined;
  otherLines: (readonly Word[])[];
  /** The stats settings were said in this section, not taken over. */
  ownsStats: boolean;
  ownsDefaultServer: boolean;
  inspectDelaySaid: { request: boolean; response: boolean };
  /** Phases of which a rule was seen, for the "will still be processed before" warnings. */
  phasesSeen: Set<string>;
  /** Of a defaults section with rules: the kind of section that starts from it. */
  usedBy: 'frontend' | 'backend' | undefined;
  /** Keywords of lines with mistakes (misread.ts). */
  misread: Set<string>;
}

export interface ProxyDraft {
  readonly kind: ProxyKind;
  /** Empty for an anonymous defaults section. */
  readonly name: string;
  readonly position: Position;
  /** The defaults section it starts from. */
  readonly from: ProxyDraft | undefined;
  readonly shared: SharedSettings;
  readonly frontend: FrontendSettings;
  readonly backend: BackendSettings;
  readonly own: OwnSettings;
}

export function hasFrontend(draft: ProxyDraft): boolean {
  return draft.kind !== 'backend';
}

export function hasBackend(draft: ProxyDraft): boolean {
  return draft.kind !== 'frontend';
}

/** The kind and name as messages say them: `frontend 'www'`. */
export function proxyLabel(draft: ProxyDraft): string {
  return `${draft.kind === 'listen' ? 'proxy' : draft.kind} '${draft.name}'`;
}

function initialShared(): SharedSettings {
  return {
    mode: 'tcp',
    haterm: false,
    modeSaid: false,
    disabled: false,
    flags: new Set(),
    noFlags: new Set(),
    forwardfor: undefined,
    originalto: undefined,
    forwarded: undefined,
    restrictHeaderNames: undefined,
    httpReuse: 'safe',
    retryOn: ['conn-failure'],
    hashPreserveAffinity: undefined,
    sendNameHeader: undefined,
    errorFiles: [],
    stats: undefined,
    logs: [],
    logGlobal: false,
    logTag: undefined,
    uniqueIdFormat: undefined,
    uniqueIdHeader: undefined,
    compression: undefined,
    email: undefined,
    externalCommand: undefined,
    externalPath: undefined,
    tarpitMs: 0,
    httpRequestMs: 0,
    httpKeepAliveMs: 0,
    inspectDelayMs: { request: 0, response: 0 },
  };
}

function initialFrontend(): FrontendSettings {
  return {
    maxconn: 0,
    backlog: 0,
    rateLimitSessions: 0,
    maxSessionSrvConns: 5,
    clientKeepAlive: { count: 0, idleMs: 0, intervalMs: 0 },
    monitorUri: undefined,
    defaultBackend: undefined,
    clientMs: 0,
    clientFinMs: 0,
    clientHsMs: 0,
    httpLog: undefined,
    logFormat: undefined,
    logFormatSd: undefined,
    errorLogFormat: undefined,
    logSteps: undefined,
  };
}

function initialBackend(): BackendSettings {
  return {
    balance: undefined,
    hashType: { method: 'map-based', function: 'sdbm', avalanche: false },
    hashBalanceFactor: 0,
    fullconn: 0,
    retries: 3,
    redispatchAfter: 0,
    maxKeepAliveQueue: -1,
    check: { kind: 'tcp', args: [], httpCheck: [], tcpCheck: [], ownHttpCheck: false, ownTcpCheck: false },
    cookie: undefined,
    dynamicCookieKey: undefined,
    persistRdpCookie: undefined,
    source: undefined,
    loadServerStateFrom: undefined,
    serverKeepAlive: { count: 0, idleMs: 0, intervalMs: 0 },
    connectMs: 0,
    serverMs: 0,
    serverFinMs: 0,
    checkMs: 0,
    queueMs: 0,
    tunnelMs: 0,
    defaultServer: createServerDraft(),
  };
}

function initialOwn(): OwnSettings {
  return {
    id: undefined,
    idPosition: undefined,
    guid: undefined,
    description: undefined,
    binds: [],
    servers: [],
    serverTemplates: [],
    dispatch: undefined,
    serverStateFileName: undefined,
    useBackends: [],
    useServers: [],
    monitorFail: [],
    acls: [],
    rules: [],
    plainRules: [],
    requestCaptures: [],
    responseCaptures: [],
    cookieCapture: undefined,
    declaredCaptures: [],
    filters: [],
    filterSequence: undefined,
    bandwidthLimits: [],
    stickTable: undefined,
    otherLines: [],
    ownsStats: false,
    ownsDefaultServer: false,
    inspectDelaySaid: { request: false, response: false },
    phasesSeen: new Set(),
    usedBy: undefined,
    misread: new Set(),
  };
}

/** Copies what a later line may change in place. */
function takeOverShared(from: SharedSettings): SharedSettings {
  return {
    ...from,
    flags: new Set(from.flags),
    noFlags: new Set(from.noFlags),
    errorFiles: [...from.errorFiles],
    logs: [...from.logs],
    compression: from.compression && { ...from.compression },
    email: from.email && { ...from.email },
    inspectDelayMs: { ...from.inspectDelayMs },
  };
}

function takeOverFrontend(from: FrontendSettings): FrontendSettings {
  return { ...from, clientKeepAlive: { ...from.clientKeepAlive } };
}

function takeOverBackend(from: BackendSettings): BackendSettings {
  return {
    ...from,
    check: { ...from.check, ownHttpCheck: false, ownTcpCheck: false },
    serverKeepAlive: { ...from.serverKeepAlive },
  };
}

/** HAProxy's inheritance: a section takes over the settings of the sides it has, never rules, captures or listeners. */
export function createProxyDraft(
  kind: ProxyKind,
  name: string,
  position: Position,
  from?: ProxyDraft,
): ProxyDraft {
  const takesFrontend = from !== undefined && kind !== 'backend';
  const takesBackend = from !== undefined && kind !== 'frontend';
  return {
    kind,
    name,
    position,
    from,
    shared: from ? takeOverShared(from.shared) : initialShared(),
    frontend: takesFrontend ? takeOverFrontend(from.frontend) : initialFrontend(),
    backend: takesBackend ? takeOverBackend(from.backend) : initialBackend(),
    own: initialOwn(),
  };
}
