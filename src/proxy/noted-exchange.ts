/** An exchange that is over, as its log line will tell of it: its stream serves another one by then. */
import type { ProxyFacts, TransactionFacts } from '../acl/context.ts';
import { serverName } from '../acl/log-format/facts.ts';
import type { LoggedExchange } from '../acl/logged-exchange.ts';
import type { Endpoint } from '../net/connection.ts';
import type { ExchangeContext } from './runtime.ts';

const NO_LINE = { method: '', target: '', text: '', targetStart: 0, targetEnd: 0, version: 11 };

export class NotedExchange implements LoggedExchange {
  /** Of its line. */
  level = 0;
  frontend: ProxyFacts | undefined;
  backend: ProxyFacts | undefined;
  requestCookieCapture: string | undefined;
  responseCookieCapture: string | undefined;
  readonly client = {
    source: undefined as Endpoint | undefined,
    transport: 'tcp' as 'tcp' | 'tls',
    acceptTimeMs: 0,
  };
  readonly listener = { id: 0 };
  readonly server = { name: '' };
  readonly #connections = { process: 0 };
  readonly stats = {
    processConnections: (): number => this.#connections.process,
    frontendConnections: (): number => this.transaction.frontendConnections,
    backendConnections: (): number => this.transaction.backendConnections,
  };
  readonly transaction = {
    status: 0,
    terminationState: '--',
    cookieState: '--',
    retries: 0,
    redispatched: false,
    serverQueue: 0,
    backendQueue: 0,
    servedBy: undefined,
    badRequest: false,
    frontendConnections: 0,
    backendConnections: 0,
    serverConnections: 0,
    timers: {
      requestTimeMs: 0,
      acceptTimeMs: 0,
      request: 0,
      queue: 0,
      connect: 0,
      response: 0,
      active: 0,
      total: 0,
    },
    bytes: { fromServer: 0 },
  };
  requestLine: typeof NO_LINE | undefined;
  readonly #line = { ...NO_LINE };

  note(ctx: ExchangeContext, level: number): void {
    this.level = level;
    this.frontend = ctx.frontend;
    this.backend = ctx.backend;
    this.requestCookieCapture = ctx.requestCookieCapture;
    this.responseCookieCapture = ctx.responseCookieCapture;
    this.server.name = serverName(ctx);
    this.listener.id = ctx.listener?.id ?? 0;
    this.#connections.process = ctx.stats.processConnections();
    this.#noteClient(ctx);
    this.#noteLine(ctx);
    this.#noteTransaction(ctx.transaction as TransactionFacts);
  }

  #noteClient({ client }: ExchangeContext): void {
    const own = this.client;
    own.source = client?.source;
    own.transport = client?.transport ?? 'tcp';
    own.acceptTimeMs = client?.acceptTimeMs ?? 0;
  }

  #noteLine({ requestLine }: ExchangeContext): void {
    if (requestLine === undefined) {
      this.requestLine = undefined;
      return;
    }
    const own = this.#line;
    const { text, method, version } = requestLine;
    own.method = method;
    own.version = version;
    own.text = text ?? requestLine.target;
    own.targetStart = text === undefined ? 0 : (requestLine.targetStart ?? 0);
    own.targetEnd = text === undefined ? own.text.length : (requestLine.targetEnd ?? 0);
    this.requestLine = own;
  }

  #noteTransaction(transaction: TransactionFacts): void {
    const own = this.transaction;
    own.status = transaction.status;
    own.terminationState = transaction.terminationState;
    own.cookieState = transaction.cookieState;
    own.retries = transaction.retries;
    own.redispatched = transaction.redispatched;
    own.serverQueue = transaction.serverQueue;
    own.backendQueue = transaction.backendQueue;
    own.badRequest = transaction.badRequest;
    own.frontendConnections = transaction.frontendConnections;
    own.backendConnections = transaction.backendConnections;
    own.serverConnections = transaction.serverConnections;
    own.bytes.fromServer = transaction.bytes.fromServer;
    const { timers } = transaction;
    const kept = own.timers;
    kept.requestTimeMs = timers.requestTimeMs;
    kept.acceptTimeMs = timers.acceptTimeMs;
    kept.request = timers.request;
    kept.queue = timers.queue;
    kept.connect = timers.connect;
    kept.response = timers.response;
    kept.active = timers.active;
    kept.total = timers.total;
  }
}
