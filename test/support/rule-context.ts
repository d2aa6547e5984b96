/** A RuleContext without sockets: holds what rules read, and notes what they ask for. */
import type { BodyFacts, ByteView, ClientFacts, SampleContext } from '../../src/acl/context.ts';
import { VariableStore } from '../../src/acl/variables.ts';
import type { IpAddress } from '../../src/base/ip-address.ts';
import { HeaderList } from '../../src/http/header-list.ts';
import type { RequestHead, ResponseHead } from '../../src/http/head.ts';
import type { Endpoint } from '../../src/net/connection.ts';
import { CaptureSlots } from '../../src/rules/capture-slots.ts';
import type {
  CompiledRule,
  ErrorPages,
  RuleContext,
  RuleTrace,
  WaitReason,
} from '../../src/rules/context.ts';
import type { PatternUpdate } from '../../src/acl/pattern-changes.ts';
import type { PendingStore } from '../../src/rules/pending-store.ts';
import { StatusKinds } from '../../src/rules/status-kinds.ts';
import { TrackedCounters } from '../../src/state/stick-table/tracked-counters.ts';
import type { Reply } from '../../src/rules/reply.ts';

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

const SOURCE: Endpoint = { family: 4, host: '192.0.2.7', port: 4711 };
const DESTINATION: Endpoint = { family: 4, host: '198.51.100.1', port: 80 };

export class FakeRuleContext implements RuleContext {
  readonly id32 = 0;
  switchProto: 'h1' | 'h2' | undefined;
  final = true;
  wakeUp = (): void => {};
  script = undefined;
  scriptService = undefined;
  readonly logged: string[] = [];
  logText(_level: number, text: string): boolean {
    return this.logged.push(text) > 0;
  }
  needMoreData = false;
  readonly client: Mutable<ClientFacts> = {
    source: SOURCE,
    destination: DESTINATION,
    originalSource: SOURCE,
    originalDestination: DESTINATION,
    fd: -1,
    transport: 'tcp',
    proxyProtocol: undefined,
    namespace: undefined,
    tls: undefined,
    error: undefined,
    httpMajor: 1,
    requestCount: 1,
    streams: 1,
    streamsLimit: 1,
    streamId: undefined,
    rstCode: undefined,
    glitches: 0,
    acceptTimeMs: 0,
    acceptTimeUs: 0,
  };
  readonly server = undefined;
  readonly listener = undefined;
  readonly frontend = undefined;
  readonly backend = undefined;
  request: RequestHead | undefined;
  response: ResponseHead | undefined;
  requestLine: SampleContext['requestLine'];
  requestBody: BodyFacts | undefined;
  responseBody: BodyFacts | undefined;
  requestPayload: ByteView | undefined;
  responsePayload: ByteView | undefined;
  readonly processVariables = new VariableStore();
  readonly sessionVariables = new VariableStore();
  readonly transactionVariables = new VariableStore();
  readonly requestVariables = new VariableStore();
  readonly responseVariables = new VariableStore();
  readonly checkVariables = undefined;
  readonly pendingStores: PendingStore[] = [];
  ownCounters: TrackedCounters | undefined;
  sessionCounters: TrackedCounters | undefined;
  readonly statusKinds = new StatusKinds({ httpErrCodes: [[400, 499]], httpFailCodes: [[500, 599]] });
  readonly requestCaptures: (string | undefined)[] = [];
  readonly responseCaptures: (string | undefined)[] = [];
  readonly requestCookieCapture = undefined;
  readonly responseCookieCapture = undefined;
  readonly uniqueId = undefined;
  readonly transaction = undefined;
  readonly process: SampleContext['process'] = {
    pid: 1,
    hostname: 'host',
    node: 'node',
    stopping: false,
    thread: 1,
    nbthread: 1,
    bufferBytes: 16384,
    rewriteBytes: 1024,
    nowMs: () => 0,
    uptimeMs: () => 0,
    nowUs: () => 0,
    cpuUsage: () => 7,
    random32: () => 4,
    environment: () => undefined,
    isLocalAddress: () => false,
    writeEvent: () => undefined,
  };
  readonly stats: SampleContext['stats'] = {
    processConnections: () => 0,
    frontendConnections: () => 0,
    frontendSessionRate: () => 0,
    frontendRequestRate: () => 0,
    backendConnections: () => 0,
    backendSessionRate: () => 0,
    backendQueue: () => 0,
  };
  readonly servers: SampleContext['servers'] = {
    ids: () => [],
    isUp: () => true,
    isUsable: () => true,
    usable: () => 0,
    connections: () => 0,
    maxconn: () => 0,
    maxqueue: () => 0,
    queue: () => 0,
    sessionRate: () => 0,
    weight: () => 0,
    userWeight: () => 0,
    initialWeight: () => 0,
  };

  finalRule: CompiledRule | undefined;
  heldBy: CompiledRule | 'http-buffer-request' | undefined;
  reply: Reply | undefined;
  service: string | undefined;
  rstTtl: number | undefined;
  resumeAt = 0;
  waitFor: WaitReason = 'time';
  waitMs = 0;
  waitBytes = 0;
  waitOver = false;
  bodyRoom = 16384;
  largeRoom = 0;
  status = 0;
  softRewrites = false;
  trace: RuleTrace | undefined;
  earlyHints: [name: string, value: string][] | undefined;
  captureSlots = new CaptureSlots({ request: [], response: [], declared: [] });
  frontendErrorPages: ErrorPages | undefined;
  backendErrorPages: ErrorPages | undefined;
  requestRoom = 1024;
  responseRoom = 1024;
  address: IpAddress | 'pending' | undefined;
  /** Verbs that were called, in order, as text. */
  readonly calls: string[] = [];

  #note(...words: unknown[]): void {
    this.calls.push(words.join(' '));
  }
  attachTo({ backend, server }: { backend: string; server: string }, name: string): void {
    this.#note('attach', `${backend}/${server}`, name);
  }
  beginOwnCounters(): TrackedCounters {
    return (this.ownCounters ??= new TrackedCounters());
  }
  beginSessionCounters(): TrackedCounters {
    return (this.sessionCounters ??= new TrackedCounters());
  }
  setLogLevel(level: number): void {
    this.#note('log level', level);
  }
  limitBandwidth(filter: { readonly name: string }): void {
    this.#note('bandwidth limit', filter.name);
  }
  setTimeout(kind: string, ms: number): void {
    this.#note('timeout', kind, ms);
  }
  setPriorityClass(value: number): void {
    this.#note('priority class', value);
  }
  setPriorityOffset(value: number): void {
    this.#note('priority offset', value);
  }
  setRetries(count: number): void {
    this.#note('retries', count);
  }
  disableL7Retry(): void {
    this.#note('no L7 retry');
  }
  setSource(endpoint: Endpoint): void {
    this.client.source = endpoint;
  }
  setDestination(endpoint: Endpoint): void {
    this.client.destination = endpoint;
  }
  setTos(side: string, tos: number): void {
    this.#note('tos', side, tos);
  }
  setMark(side: string, mark: number): void {
    this.#note('mark', side, mark);
  }
  expectNetscalerCip(): void {
    this.#note('expect netscaler cip');
  }
  expectProxyProtocol(): void {
    this.#note('expect proxy');
  }
  sendEarlyHints(headers: readonly (readonly [string, string])[]): void {
    this.#note('103', ...headers.map(([name, value]) => `${name}=${value}`));
  }
  logNow(origin: string, profile: string | undefined): void {
    this.#note('log', origin, profile ?? '-');
  }
  resolveName({
    name,
    resolvers,
    family,
  }: {
    name: string;
    resolvers: string;
    family: number;
  }): IpAddress | 'pending' | undefined {
    this.#note('resolve', name, resolvers, family);
    return this.address;
  }
  publishPatternUpdate({ kind, list, key, value }: PatternUpdate): void {
    this.#note(kind, list, key, value ?? '');
  }
  useCache(name: string): 'not found' {
    this.#note(`use cache ${name}`);
    return 'not found';
  }
  storeInCache(name: string): string {
    this.#note(`store in cache ${name}`);
    return 'stored';
  }
  countFailedRewrite(): void {
    this.#note('failed rewrite');
  }
}

function headersFrom(lines: readonly string[]): HeaderList {
  const headers = new HeaderList();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.add(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return headers;
}

/** `GET /path HTTP/1.1` and header lines. */
export function requestContext(...lines: readonly string[]): FakeRuleContext {
  const ctx = new FakeRuleContext();
  const [method = 'GET', target = '/', protocol = 'HTTP/1.1'] = (lines[0] ?? '').split(' ');
  const version = protocol === 'HTTP/1.0' ? 10 : 11;
  ctx.request = { method, target, version, headers: headersFrom(lines.slice(1)) };
  ctx.requestLine = { method, target, version };
  return ctx;
}

/** A context whose response has that status and those header lines. */
export function responseContext(status: number, ...lines: readonly string[]): FakeRuleContext {
  const ctx = requestContext('GET / HTTP/1.1');
  ctx.response = { status, reason: 'Whatever', version: 11, headers: headersFrom(lines) };
  return ctx;
}

export function headerLines({ headers }: { readonly headers: RequestHead['headers'] }): string[] {
  return Array.from(
    { length: headers.count },
    (_, index) => `${headers.nameAt(index)}: ${headers.valueAt(index)}`,
  );
}
