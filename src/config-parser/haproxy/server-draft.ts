/**
 * A server while its line is read, and the `default-server` a section keeps (manual, section 5.2). Options of
 * server-options.ts change it; proxy-finish.ts turns it into a model Server.
 */
import type { Address } from '../../model/address.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { AgentCheck, CustomTlv, SendProxy, Server, ServerCheck, ServerTls } from '../../model/server.ts';
import type { Word } from '../../model/word.ts';
import { tlsDefaults } from './tls-defaults.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** As said of the server alone; files without the folder they are in. */
type TlsDraft = ServerTls & { readonly verifySaid: boolean; readonly without?: ReadonlySet<string> };

export interface ServerDraft {
  name: string;
  position: Position;
  /** Words of the address as written, for messages. */
  written: string;
  address: Address;
  datagram: boolean;
  mapPorts: boolean;
  portOffset: number;
  id: number | undefined;
  weight: number;
  backup: boolean;
  disabled: boolean;
  nonStick: boolean;
  maxconn: number;
  strictMaxconn: boolean;
  minconn: number;
  maxqueue: number;
  cookie: string | undefined;
  redirPrefix: string | undefined;
  source: Server['source'] | undefined;
  poolMaxConn: number;
  poolLowConn: number;
  poolPurgeDelayMs: number;
  maxReuse: number;
  poolConnName: Word | undefined;
  tcpUserTimeoutMs: number;
  namespace: string | undefined;
  md5Signature: string | undefined;
  socks4: Server['socks4'] | undefined;
  sendProxyV1: boolean;
  sendProxyV2: boolean;
  sendProxyOptions: ReadonlySet<string>;
  sendProxyTlvs: readonly CustomTlv[];
  check: Mutable<ServerCheck>;
  agent: AgentCheck;
  track: Word | undefined;
  observe: Server['observe'] | undefined;
  errorLimit: number;
  onError: Server['onError'];
  onMarkedDown: Server['onMarkedDown'] | undefined;
  onMarkedUp: Server['onMarkedUp'] | undefined;
  slowstartMs: number;
  initAddr: readonly string[];
  initState: Server['initState'] | undefined;
  resolvers: string | undefined;
  hashKey: Server['hashKey'];
  guid: string | undefined;
  useSsl: boolean;
  refusesSsl: boolean;
  tls: TlsDraft;
  proto: string | undefined;
  ws: Server['ws'] | undefined;
  otherOptions: ReadonlyMap<string, readonly string[]>;
}

const NOWHERE: Position = { file: '', line: 0, column: 0 };

const NOTHING_OF_TLS: TlsDraft = { verify: 'required', folder: '', verifySaid: false };

/** Something was said of TLS, if only by a default-server whose `ssl` was cancelled. */
export function saysTls({ tls }: ServerDraft): boolean {
  return tls !== NOTHING_OF_TLS;
}

/** HAProxy's built-in server settings, or a copy of the section's default-server. */
export function createServerDraft(from?: ServerDraft): ServerDraft {
  if (from !== undefined) return copyServerDraft(from);
  return {
    name: '',
    position: NOWHERE,
    written: '',
    address: { kind: 'ip', family: 4, host: '0.0.0.0', port: 0 },
    datagram: false,
    mapPorts: false,
    portOffset: 0,
    id: undefined,
    weight: 1,
    backup: false,
    disabled: false,
    nonStick: false,
    maxconn: 0,
    strictMaxconn: false,
    minconn: 0,
    maxqueue: 0,
    cookie: undefined,
    redirPrefix: undefined,
    source: undefined,
    poolMaxConn: -1,
    poolLowConn: 0,
    poolPurgeDelayMs: 5000,
    maxReuse: -1,
    poolConnName: undefined,
    tcpUserTimeoutMs: 0,
    namespace: undefined,
    md5Signature: undefined,
    socks4: undefined,
    sendProxyV1: false,
    sendProxyV2: false,
    sendProxyOptions: new Set(),
    sendProxyTlvs: [],
    check: { enabled: false, interMs: 2000, rise: 2, fall: 3, sendProxy: false, viaSocks4: false },
    agent: { enabled: false, interMs: 2000, port: 0 },
    track: undefined,
    observe: undefined,
    errorLimit: 10,
    onError: 'fail-check',
    onMarkedDown: undefined,
    onMarkedUp: undefined,
    slowstartMs: 0,
    initAddr: [],
    initState: undefined,
    resolvers: undefined,
    hashKey: 'id',
    guid: undefined,
    useSsl: false,
    refusesSsl: false,
    tls: NOTHING_OF_TLS,
    proto: undefined,
    ws: undefined,
    otherOptions: new Map(),
  };
}

/**
 * Everything but what names one server: its id, and the guid. What few servers change (agent, TLS, other
 * options) is shared until it is: such settings are replaced, never changed in place.
 */
function copyServerDraft(from: ServerDraft): ServerDraft {
  return { ...from, id: undefined, guid: undefined, check: { ...from.check } };
}

export function setOtherOption(server: ServerDraft, name: string, values: readonly string[]): void {
  server.otherOptions = new Map(server.otherOptions).set(name, values);
}

export function forgetOtherOption(server: ServerDraft, name: string): void {
  const others = new Map(server.otherOptions);
  others.delete(name);
  server.otherOptions = others;
}

export function setAgent(server: ServerDraft, change: Partial<AgentCheck>): void {
  server.agent = { ...server.agent, ...change };
}

export function setTls(server: ServerDraft, change: Partial<ServerDraft['tls']>): void {
  server.tls = { ...server.tls, ...change };
}

/**
 * TLS is asked for: what `ssl-default-server-…` says above that line holds for what the server has not said
 * (`globalTls`: the lines of `global` so far).
 */
export function startTls(server: ServerDraft, globalTls: ReadonlyMap<string, readonly string[]>): void {
  server.tls = { ...tlsDefaults('server', globalTls), ...server.tls };
}

/**
 * `send-proxy` and `send-proxy-v2` together mean version 2 (both flags are kept, as HAProxy does). `neverLocal`:
 * `pp2-never-send-local`.
 */
export function sendProxyOf(draft: ServerDraft, neverLocal: boolean): SendProxy | undefined {
  if (draft.sendProxyV2) {
    const options = [...draft.sendProxyOptions];
    return {
      version: 2,
      options,
      tlvs: draft.sendProxyTlvs,
      ...(neverLocal && { neverLocal: true as const }),
    };
  }
  return draft.sendProxyV1 ? { version: 1, options: [], tlvs: [] } : undefined;
}
