/** Timers, counters and the outcome of an exchange (manual, sections 7.3.2, 7.3.3, 7.3.6 and 8.4). */
import type { SampleContext, Timers, TransactionFacts, WorkFacts } from '../context.ts';
import type { FetchRow, Getter } from '../row.ts';

type Sources = FetchRow['sources'];

function fact(
  name: string,
  out: 'int' | 'str' | 'bool',
  sources: Sources,
  summary: string,
  read: (transaction: TransactionFacts) => ReturnType<Getter>,
): FetchRow {
  return {
    name,
    out,
    sources,
    summary,
    compile: () => ctx => (ctx.transaction === undefined ? undefined : read(ctx.transaction)),
  };
}

function timer(name: string, sources: Sources, summary: string, read: (timers: Timers) => number): FetchRow {
  return fact(name, 'int', sources, `${summary}, in milliseconds; -1: not reached`, facts =>
    read(facts.timers),
  );
}

/** Seconds, milliseconds or microseconds of a moment. */
function moment(
  name: string,
  sources: Sources,
  summary: string,
  at: (ctx: SampleContext) => Moment,
): FetchRow {
  return {
    name,
    args: ['unit:str?'],
    out: 'int',
    sources,
    summary,
    compile: args => {
      const unit = args[0]?.text ?? 's';
      if (unit === 's' || unit === '') return scaled(at, ({ ms }) => Math.floor(ms / 1000));
      if (unit === 'ms') return scaled(at, ({ ms }) => Math.floor(ms));
      if (unit === 'us') return scaled(at, ({ ms, us }) => Math.floor(ms) * 1000 + us);
      return { error: `'s', 'ms' or 'us' expected, got '${unit}'` };
    },
  };
}

type Moment = { readonly ms: number; readonly us: number } | undefined;

function scaled(at: (ctx: SampleContext) => Moment, scale: (moment: NonNullable<Moment>) => number): Getter {
  return ctx => {
    const found = at(ctx);
    return found === undefined ? undefined : scale(found);
  };
}

/** Handshake, idle time and request together. */
export function tq({ handshake, idle, request }: Timers): number {
  return request < 0 ? -1 : handshake + Math.max(idle, 0) + request;
}

export function userTime({ total, idle }: Timers): number {
  return total - Math.max(idle, 0);
}

const REQUEST: Sources = ['HTTP request'];
const REQUEST_END: Sources = ['request buffer statistics'];
const RESPONSE_END: Sources = ['response buffer statistics'];
const SERVER: Sources = ['server address'];
const INTERNAL: Sources = ['internal state'];

/** Measured by `profiling.tasks`, of HTTP requests; else 0. */
function work(name: string, summary: string, read: (work: WorkFacts) => number): FetchRow {
  return fact(name, 'int', INTERNAL, `${summary}, while profiling.tasks measures; 0 else`, ({ work }) =>
    work === undefined ? 0 : read(work),
  );
}

function perCall(ns: number, { calls }: WorkFacts): number {
  return calls === 0 ? 0 : Math.round(ns / calls);
}

export const TRANSACTION_FETCHES: readonly FetchRow[] = [
  work('cpu_calls', 'calls of what serves the request', ({ calls }) => calls),
  work('cpu_ns_tot', 'nanoseconds spent on the request', ({ cpuNs }) => cpuNs),
  work('cpu_ns_avg', 'nanoseconds of a call', facts => perCall(facts.cpuNs, facts)),
  work('lat_ns_tot', 'nanoseconds that calls waited behind others', ({ latencyNs }) => latencyNs),
  work('lat_ns_avg', 'nanoseconds that a call waited', facts => perCall(facts.latencyNs, facts)),
  moment(
    'accept_date',
    ['client address'],
    'when the connection was accepted, or ready for this request',
    ctx =>
      ctx.client === undefined
        ? undefined
        : {
            ms: ctx.transaction?.timers.acceptTimeMs ?? ctx.client.acceptTimeMs,
            us: ctx.client.acceptTimeUs,
          },
  ),
  moment('request_date', REQUEST, 'when the request started', ctx =>
    ctx.transaction === undefined
      ? undefined
      : { ms: ctx.transaction.timers.requestTimeMs, us: ctx.transaction.timers.requestTimeUs },
  ),
  timer(
    'fc.timer.handshake',
    ['client address'],
    'time of the client handshakes',
    timers => timers.handshake,
  ),
  timer('fc.timer.total', ['session statistics'], 'whole time of the stream', timers => timers.total),
  timer('bc.timer.connect', SERVER, 'time to connect to the server', timers => timers.connect),
  timer('req.timer.idle', ['HTTP request headers'], 'idle time before the request', timers => timers.idle),
  timer('req.timer.tq', ['HTTP request headers'], 'handshake, idle and request time together', tq),
  timer('req.timer.hdr', ['HTTP request headers'], 'time to receive the request', timers => timers.request),
  timer('req.timer.queue', ['server address'], 'time spent queued', timers => timers.queue),
  timer(
    'res.timer.hdr',
    ['HTTP response headers'],
    'time until the response came',
    timers => timers.response,
  ),
  timer('res.timer.data', RESPONSE_END, 'time to transfer the response', timers => timers.data),
  timer('txn.timer.total', ['transaction statistics'], 'active time of the request', timers => timers.active),
  timer('txn.timer.user', ['transaction statistics'], 'time the client saw', userTime),
  fact('bc_be_queue', 'int', SERVER, 'requests ahead in the backend queue', facts => facts.backendQueue),
  fact('bc_srv_queue', 'int', SERVER, 'requests ahead in the server queue', facts => facts.serverQueue),
  fact('req.bytes_in', 'int', REQUEST_END, 'bytes received from the client', facts => facts.bytes.fromClient),
  fact('req.bytes_out', 'int', REQUEST_END, 'bytes sent to the server', facts => facts.bytes.toServer),
  fact(
    'res.bytes_in',
    'int',
    RESPONSE_END,
    'bytes received from the server',
    facts => facts.bytes.fromServer,
  ),
  fact('res.bytes_out', 'int', RESPONSE_END, 'bytes sent to the client', facts => facts.bytes.toClient),
  fact('txn.status', 'int', ['HTTP response'], 'status answered to the client', ({ status }) =>
    status === 0 ? undefined : status,
  ),
  fact('server_status', 'int', ['HTTP response'], 'status the server answered', ({ serverStatus }) =>
    serverStatus === 0 ? undefined : serverStatus,
  ),
  fact('txn.conn_retries', 'int', SERVER, 'connection retries so far', facts => facts.retries),
  fact(
    'txn.redispatched',
    'bool',
    SERVER,
    'another server was chosen after a failure',
    facts => facts.redispatched,
  ),
  fact(
    'txn.sess_term_state',
    'str',
    INTERNAL,
    'termination state, two letters',
    facts => facts.terminationState,
  ),
  fact('txn.id32', 'int', INTERNAL, 'number of the exchange, 32 bits', facts => facts.id32),
  fact('prio_class', 'int', INTERNAL, 'queue priority class in force', facts => facts.priorityClass),
  fact('prio_offset', 'int', INTERNAL, 'queue priority offset in force', facts => facts.priorityOffset),
  fact('last_rule_file', 'str', INTERNAL, 'file of the last final rule', facts => facts.lastRule?.file),
  fact('last_rule_line', 'int', INTERNAL, 'line of the last final rule', facts => facts.lastRule?.line),
  fact('last_entity', 'str', INTERNAL, 'last rule evaluated, as file:line', ({ lastRule }) =>
    lastRule === undefined ? undefined : `${lastRule.file}:${lastRule.line}`,
  ),
  fact('waiting_entity', 'str', INTERNAL, 'rule that was waiting', facts => facts.waitingEntity),
  fact('fs.aborted', 'bool', ['client-side connection'], 'the client aborted', facts => facts.clientAborted),
  fact('bs.aborted', 'bool', ['server-side connection'], 'the server aborted', facts => facts.serverAborted),
  fact(
    'res.cache_hit',
    'bool',
    ['HTTP response', 'server'],
    'the answer came from a cache',
    facts => facts.cacheHit !== undefined,
  ),
  fact('res.cache_name', 'str', ['HTTP response', 'server'], 'cache that answered', facts => facts.cacheHit),
  fact(
    'res.comp',
    'bool',
    ['HTTP response'],
    'the answer was compressed here',
    facts => facts.compression !== undefined,
  ),
  fact(
    'res.comp_algo',
    'str',
    ['HTTP response'],
    'how the answer was compressed',
    facts => facts.compression,
  ),
  {
    name: 'unique-id',
    out: 'str',
    sources: ['constant'],
    summary: 'identifier of the request',
    compile: () => ctx => ctx.uniqueId,
  },
];
