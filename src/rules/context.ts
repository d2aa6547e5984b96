/**
 * What actions need besides samples: the verbs of a session and its transaction. proxy/ implements it. Edits of
 * heads go straight to `request` and `response`, variables and captures to their stores; everything else is a
 * method here. Of a verb that names a side, `client` is the connection from the client, `server` the one to the server.
 */
import type { IpAddress } from '../base/ip-address.ts';
import type { SampleContext } from '../acl/context.ts';
import type { CompiledCondition } from '../acl/compiled.ts';
import type { BandwidthInForce, BandwidthLimit } from '../model/bandwidth-limit.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Condition, Word } from '../model/word.ts';
import type { Endpoint } from '../net/connection.ts';
import type { TrackedCounters } from '../state/stick-table/tracked-counters.ts';
import type { PendingStore } from './pending-store.ts';
import type { StatusKinds } from './status-kinds.ts';
import type { CaptureSlots } from './capture-slots.ts';
import type { PatternUpdate } from '../acl/pattern-changes.ts';
import type { ChannelBytes } from './channel-bytes.ts';
import type { ScriptMemory } from './script-memory.ts';
import type { ServiceWire } from './service-wire.ts';
import type { Reply } from './reply.ts';
import type { Verdict } from './verdict.ts';

export interface RuleContext extends SampleContext {
  // ── what a ruleset tells its caller ──

  /** The last rule that ended a ruleset. */
  finalRule: CompiledRule | undefined;
  /** The rule that waits, or waited when the exchange ended; or the option by which the caller holds the request. */
  heldBy: CompiledRule | 'http-buffer-request' | undefined;
  /** With DENY, TARPIT, AUTHENTICATE, RETURN, REDIRECT. */
  reply: Reply | undefined;
  /** With SERVICE: name of the built-in service. */
  service: string | undefined;
  /** With SERVICE: begins a service of a script, in place of a built-in one. */
  scriptService: ((wire: ServiceWire) => void) | undefined;
  /** With SILENT_DROP: send a RST with this TTL; undefined: nothing is sent. */
  rstTtl: number | undefined;

  // ── waiting: set with YIELD, read by the caller ──

  /** Index of the rule whose action resume() calls again. */
  resumeAt: number;
  waitFor: WaitReason;
  /** At most so long; 0: no limit of its own. */
  waitMs: number;
  /** Bytes of the body that are enough; 0: all of them. */
  waitBytes: number;
  /** Set by the caller while a rule waits: runs it again before its time is over. */
  wakeUp: () => void;
  /** Set by the caller before resume(): that time is over, or what was awaited can no longer come. */
  waitOver: boolean;
  /** Bytes of a body that can be held at most. */
  readonly bodyRoom: number;
  /** Makes that room so large, if it is smaller. */
  largeRoom: number;

  // ── state of the evaluation ──

  /**
   * Bytes by which each head may still grow: what the buffer has left beside the message as received. Set by the
   * caller when a message comes, spent by rules.
   */
  requestRoom: number;
  responseRoom: number;
  /** `strict-mode off`: a rewrite that fails is passed over. Reset at the start of each ruleset. */
  softRewrites: boolean;
  /** `switch-mode http proto`: what the connection speaks from there on; undefined: its first bytes say. */
  switchProto: 'h1' | 'h2' | undefined;
  /** `lb explain` listens here; undefined in traffic. */
  trace: RuleTrace | undefined;

  /** Headers of the `103 Early Hints` that neighbouring rules make together. */
  earlyHints: (readonly [name: string, value: string])[] | undefined;
  /** Those of the frontend. */
  readonly captureSlots: CaptureSlots;

  /** The number of the stream, as `%rt` tells it. */
  readonly id32: number;
  /** Of the answer, as it is logged and counted. */
  status: number;
  /** What scripts keep of this exchange. */
  script: ScriptMemory | undefined;
  /** While content rules of a connection look at them. */
  readonly requestChannel?: ChannelBytes | undefined;
  readonly responseChannel?: ChannelBytes | undefined;
  /** A script that waits is to be told of bytes that came, and of their end. True: it has what it waits for. */
  bytesCame?: (() => boolean) | undefined;

  /** Keys that wait for the server they are stored with. */
  readonly pendingStores: PendingStore[];
  /** Which statuses count as errors and failures of those that are tracked. */
  readonly statusKinds: StatusKinds;

  // ── error pages, for answers by status ──

  readonly frontendErrorPages: ErrorPages | undefined;
  readonly backendErrorPages: ErrorPages | undefined;

  // ── verbs ──

  /** `attach-srv`: the connection is to become one of that server's, by that name, once it speaks HTTP/2. */
  attachTo(server: AttachedServer, name: string): void;

  /** `ownCounters`, `sessionCounters`: made if there are none yet. */
  beginOwnCounters(): TrackedCounters;
  beginSessionCounters(): TrackedCounters;
  /** 0 (emerg) .. 7 (debug); -1: this exchange is not logged. */
  setLogLevel(level: number): void;
  setTimeout(kind: TimeoutKind, ms: number): void;
  /** In place of what was said of that filter before. */
  limitBandwidth(filter: BandwidthLimit, limit: BandwidthInForce): void;
  setPriorityClass(value: number): void;
  setPriorityOffset(value: number): void;
  setRetries(count: number): void;
  /** `disable-l7-retry`. */
  disableL7Retry(): void;
  /** Replaces `client.source` (set-src, set-src-port). */
  setSource(endpoint: Endpoint): void;
  /** Replaces `client.destination` (set-dst, set-dst-port). */
  setDestination(endpoint: Endpoint): void;
  setTos(side: ConnectionSide, tos: number): void;
  setMark(side: ConnectionSide, mark: number): void;
  /** `expect-proxy layer4`: a PROXY protocol header comes first, whatever the bind line says. */
  expectProxyProtocol(): void;
  expectNetscalerCip(): void;
  /** Sends `103 Early Hints` with these headers. */
  sendEarlyHints(headers: readonly (readonly [name: string, value: string])[]): void;
  /** `do-log`: writes a log line now. */
  logNow(origin: string, profile: string | undefined): void;
  /** Address of a name through a resolvers section; `pending`: YIELD with waitFor `resolution`. */
  resolveName(request: ResolveRequest): IpAddress | 'pending' | undefined;
  /** A map or ACL file changed in this thread: the others are to follow. */
  publishPatternUpdate(update: PatternUpdate): void;
  /** `cache-use`. Not asked: the request may not be answered from a cache, or another one has answered it. */
  useCache(name: string): CacheLookup;
  /** `cache-store`: whether it is stored, and why not, in words. */
  storeInCache(name: string): string;
  /** Whether the frontend has a log to write it to. */
  logText(level: number, text: string): boolean;
  /** A rewrite failed (counted in `wrew`). */
  countFailedRewrite(): void;
}

/** A server with the address `rhttp@`. */
export interface AttachedServer {
  readonly backend: string;
  readonly server: string;
}

export type CacheLookup = 'found' | 'not found' | 'not asked';
export type ConnectionSide = 'client' | 'server';
export type TimeoutKind = 'client' | 'connect' | 'queue' | 'server' | 'tarpit' | 'tunnel';
export type WaitReason = 'request body' | 'response body' | 'time' | 'resolution' | 'script' | 'handshake';

export interface ResolveRequest {
  readonly resolvers: string;
  readonly name: string;
  /** 0: whichever comes, the section's preference first. */
  readonly family: 0 | 4 | 6;
}

/** Hears of each rule in the order of evaluation. */
export interface RuleTrace {
  /** `matched` undefined: not decidable before more bytes come. */
  evaluated(rule: WrittenRule, matched: boolean | undefined, ctx: RuleContext): void;
  /** What the action that runs has to say of itself. */
  told?(outcome: string): void;
  /** After its action ran. */
  acted(rule: WrittenRule, verdict: Verdict, ctx: RuleContext): void;
}

/** An action, compiled. `resumed`: called again after YIELD. */
export type Action = (ctx: RuleContext, resumed: boolean) => Verdict;

/** A rule as its author wrote it, for those who show it. */
export interface WrittenRule {
  readonly position: Position;
  /** `http-request deny` */
  readonly title: string;
  /** The words of its action, those of the condition left out. */
  readonly args: readonly Word[];
  /** Undefined: the rule always applies. */
  readonly source: Condition | undefined;
  /** Whose rule it is, and the phases (bits) its samples are compiled for. */
  readonly section: Proxy;
  readonly phases: number;
}

/** A rule whose words are resolved: a test and an action. */
export interface CompiledRule extends WrittenRule {
  readonly condition: CompiledCondition | undefined;
  readonly action: Action;
  /** Condition or action ask what the client says. */
  readonly readsRequest: boolean;
}

/** Undefined: the answer could not be made (a log-format body without its data). */
export type ReplyMaker = (ctx: RuleContext) => Reply | undefined;

/** The error pages of one proxy, by status. */
export type ErrorPages = ReadonlyMap<number, ReplyMaker>;
