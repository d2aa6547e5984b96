/** A data thread: its engine, its copy of the runtime, its listeners. Started by control.ts as a worker. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { ProcessVariables } from '../acl/process-variables.ts';
import type { Bind } from '../model/bind.ts';
import { BufferPool } from '../net/buffer-pool.ts';
import { NodeEngine } from '../net/engines/node/engine.ts';
import { openEngine } from '../net/engines/open-engine.ts';
import { Reception } from '../proxy/accept.ts';
import { Runtime } from '../proxy/compile-runtime.ts';
import { Compressors } from '../proxy/compressors.ts';
import { BadMessages } from '../proxy/bad-messages.ts';
import { LiveStreams } from '../proxy/live-streams.ts';
import { ListenerService } from '../proxy/listener-service.ts';
import type { DataThread } from '../proxy/runtime.ts';
import { StreamsByServer } from '../proxy/server-streams.ts';
import { WaitingClients } from '../proxy/waiting-clients.ts';
import { StatusKinds } from '../rules/status-kinds.ts';
import { ConfiguredView } from '../stats/view.ts';
import { FIELD } from '../state/counter-fields.ts';
import { SharedState } from '../state/shared-state.ts';
import { Drain } from './drain.ts';
import { ThreadLogSink } from './log-sink.ts';
import type { ThreadLaunch } from './launch.ts';
import type { ThreadStart, ToControl, ToData } from './messages.ts';
import { OrderDesk } from './order-desk.ts';
import type { ChangedServer, ListenerHandover } from './orders.ts';
import { runOn } from './process-calls.ts';
import { ThreadProcessFacts } from './process-facts.ts';
import { ThreadCopies } from './thread-copies.ts';
import { serversView, statsView } from './state-views.ts';
import { threadNumbers } from './thread-numbers.ts';
import { NameLookups } from '../proxy/name-lookups.ts';
import { ThreadServices } from './thread-services.ts';

/** How often a draining thread looks whether its last connection is gone. */
const DRAIN_LOOK_MS = 100;

const SHUTDOWN_LETTERS = { down: 'D', up: 'U', admin: 'K' } as const;

const port = parentPort;
if (port === null) throw new Error('data-thread.ts runs as a worker thread only');

const start = await startMessage();
if (start.processors !== undefined) runOn(start.processors);
const state = SharedState.attach(start.state, start.plan, start.thread, start.tables);
const { bufsize, engine: wanted } = start.config.global.tune;
const opened = openEngine(wanted, { bufsize });
const engine = opened.engine ?? new NodeEngine({ bufsize });
const facts = new ThreadProcessFacts(start);
const logs = new ThreadLogSink(start.config.global.logSendHostname);
const numbers = threadNumbers({
  node: facts.node,
  startTimeMs: start.startTimeMs,
  maxconn: start.config.global.maxconn,
  nbthread: start.plan.threads,
  engine: engine.name,
  stopping: () => facts.stopping,
  droppedLogs: () => logs.lost,
});
const statistics = new ConfiguredView(start.config, state, numbers);
const services = new ThreadServices(statistics, tell);
const variables = new ProcessVariables();
const stopping = new Drain(start.config.global.closeSpreadTimeMs);
const thread: DataThread = {
  index: start.thread,
  engine,
  wheel: engine.wheel,
  buffers: new BufferPool(bufsize),
  process: facts,
  stats: statsView(start.config, state, () => engine.wheel.now),
  servers: serversView(start.config, state, () => engine.wheel.now),
  variables,
  state,
  compressors: new Compressors(start.config.global, start.plan.threads, state.counters),
  logs,
  services,
  statusKinds: new StatusKinds(start.config.global),
  liveStreams: new LiveStreams(),
  names: new NameLookups((id, question) => tell({ kind: 'resolve', id, question })),
  badMessages: new BadMessages(),
  publishPatternUpdate: update => copies.publish(update),
  streams: new StreamsByServer(),
  reportErrors: (server, errors, last) => tell({ kind: 'observed-errors', server, errors, last }),
  clients: new WaitingClients(),
  get stopping() {
    return stopping.sendsAway();
  },
};
state.tables.clock = () => engine.wheel.now;
state.queues.notify = (other, server, queue) => tell({ kind: 'grant', thread: other, server, queue });
const runtime = new Runtime(
  start.config,
  thread,
  path => start.patternFiles.get(path) ?? { error: 'not read at start' },
);
const copies = new ThreadCopies(runtime, variables, (change, seen) =>
  tell({ kind: 'changed', change, seen }),
);
copies.follow(start.changes, 0);
const reception = new Reception(thread);
for (const change of start.changedServers) knowServer(change);
const listeners: ListenerService[] = [];
const desk = new OrderDesk({
  knowServer,
  listeners,
  listen,
  copies,
  streams: thread.liveStreams,
  badMessages: thread.badMessages,
  serverStreams: thread.streams,
  thread: thread.index,
  now: () => engine.wheel.now,
  accepted: () => state.counters.own[state.counters.process + FIELD.conn_tot] ?? 0,
  droppedLogs: () => logs.lost,
});

function knowServer({ backend, row, server }: ChangedServer): void {
  runtime.serverChanged(backend, row, server);
  statistics.setServer(row, server);
}

/** The thread may have been started before there was a configuration: the port is its own, for this one message. */
async function startMessage(): Promise<ThreadStart> {
  const { startPort } = workerData as ThreadLaunch;
  const [message] = (await once(startPort, 'message')) as [ThreadStart];
  startPort.close();
  return message;
}

function listen({ proxy, bind, fd }: ListenerHandover): void {
  const config = start.config.proxies[proxy];
  const settings = config?.binds[bind];
  if (settings === undefined)
    throw new Error('a listener was handed over that the configuration does not have');
  const row = (start.plan.firstListener[proxy] as number) + bind;
  const known = listeners.find(listener => listener.row === row);
  const listener = known ?? createListener(settings, row, proxy);
  if (known === undefined) listeners.push(listener);
  listener.open(fd, code =>
    tell({
      kind: 'notice',
      level: 'warning',
      text: `Proxy ${config?.name} cannot accept connections: ${code}`,
    }),
  );
}

function createListener(settings: Bind, row: number, proxy: number): ListenerService {
  return new ListenerService(settings, row, runtime.frontend(proxy), thread, {
    serve: (service, connection) => reception.serve(service, connection),
    roomAgain: () => tell({ kind: 'room' }),
  });
}

function tell(message: ToControl): void {
  port?.postMessage(message);
}

function hear(message: ToData): void {
  switch (message.kind) {
    case 'listen':
      for (const handover of message.listeners) listen(handover);
      return;
    case 'grant':
      return state.queues.onGrant(message.server, message.queue);
    case 'resolved':
      return thread.names.answered(message.id, message.host);
    case 'room':
      for (const listener of listeners) listener.retry();
      return;
    case 'vrrp':
      statistics.vrrp = message.snapshot;
      return;
    case 'acted':
      return services.acted(message.id, message.changed);
    case 'flush':
      return flush(message.server, message.backend);
    case 'shutdown-sessions':
      thread.streams.shutdown(message.server, SHUTDOWN_LETTERS[message.why]);
      return;
    case 'stopping':
      facts.stopping = true;
      return;
    case 'order':
      return tell({ kind: 'done', id: message.id, result: desk.run(message.order) });
    case 'soft-stop':
      return drain();
    case 'stop':
      return end();
  }
}

function flush(server: number, backend: number | undefined): void {
  const waiting = state.queues.flushServer(server);
  if (backend !== undefined) waiting.push(...state.queues.flushBackend(backend));
  for (const { waiter } of waiting) waiter.onFlushed?.();
}

let drainLook: NodeJS.Timeout | undefined;

/** Idle server connections do not hold the thread up: they are closed with the last client. */
function drain(): void {
  stopping.begin();
  for (const listener of listeners) listener.close();
  drainLook = setInterval(() => {
    stopping.look(thread.clients);
    if (listeners.every(listener => listener.unused)) end();
  }, DRAIN_LOOK_MS);
}

/** Messages on their way find nobody any more. */
function end(): void {
  port?.off('message', hear);
  clearInterval(drainLook);
  for (const listener of listeners) listener.close();
  engine.destroy();
  port?.close();
}

port.on('message', hear);
if (opened.engine === undefined)
  tell({
    kind: 'notice',
    level: 'warning',
    text: `tune.engine uring cannot be had, the node engine serves: ${opened.reason}`,
  });
tell({ kind: 'ready', engine: engine.name });
