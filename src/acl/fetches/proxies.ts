/** Names, numbers and load of frontends, backends, servers and listeners (manual, section 7.3.2 and 7.3.3). */
import type { Arguments } from '../arguments.ts';
import type { ProxyEntry } from '../environment.ts';
import type { SampleContext, StatsView, TimeoutFacts } from '../context.ts';
import type { FetchRow, Getter } from '../row.ts';

/** A backend argument; left out, the current backend of the exchange. */
function backendCounter(
  name: string,
  summary: string,
  read: (stats: StatsView, backend: number, ctx: SampleContext, entry: ProxyEntry | undefined) => number,
): FetchRow {
  return {
    name,
    args: ['backend:backend?'],
    out: 'int',
    sources: ['internal state'],
    summary,
    compile: args => {
      const entry = args[0]?.proxy;
      return ctx => {
        const id = entry?.id ?? ctx.backend?.id;
        return id === undefined ? undefined : read(ctx.stats, id, ctx, entry);
      };
    },
  };
}

function frontendCounter(
  name: string,
  summary: string,
  read: (stats: StatsView, id: number) => number,
): FetchRow {
  return {
    name,
    args: ['frontend:frontend?'],
    out: 'int',
    sources: ['internal state'],
    summary,
    compile: args => {
      const entry = args[0]?.proxy;
      return ctx => {
        const id = entry?.id ?? ctx.frontend?.id;
        return id === undefined ? undefined : read(ctx.stats, id);
      };
    },
  };
}

type ServerRead = (ctx: SampleContext, backend: number, server: number) => number | boolean;

function serverFact(name: string, out: 'int' | 'bool', summary: string, read: ServerRead): FetchRow {
  return {
    name,
    args: ['server:server'],
    out,
    sources: ['internal state'],
    summary,
    compile: args => {
      const server = args[0]?.server;
      if (server === undefined) return { error: 'missing server' };
      return ctx => read(ctx, server.backend.id, server.id);
    },
  };
}

/** Free connection slots of all servers that are up; -1: no limit somewhere. */
function freeConnections(ctx: SampleContext, backend: number): number {
  let free = 0;
  for (const server of ctx.servers.ids(backend)) {
    if (!ctx.servers.isUsable(backend, server)) continue;
    const maxconn = ctx.servers.maxconn(backend, server);
    if (maxconn === 0) return -1;
    const used = ctx.servers.connections(backend, server);
    if (maxconn > used) free += maxconn - used;
  }
  return free;
}

/** Connection and queue slots left; -1: no limit somewhere. */
function freeSlots(ctx: SampleContext, backend: number): number {
  let slots = 0;
  for (const server of ctx.servers.ids(backend)) {
    if (!ctx.servers.isUp(backend, server)) continue;
    const maxconn = ctx.servers.maxconn(backend, server);
    const maxqueue = ctx.servers.maxqueue(backend, server);
    if (maxconn === 0 || maxqueue === 0) return -1;
    slots += maxconn - ctx.servers.connections(backend, server);
    slots += maxqueue - ctx.servers.queue(backend, server);
  }
  return Math.max(slots, 0);
}

function averageQueue(ctx: SampleContext, backend: number): number {
  const servers = ctx.servers.ids(backend).filter(id => ctx.servers.isUsable(backend, id)).length;
  const queued = ctx.stats.backendQueue(backend);
  return servers === 0 ? queued * 16 : Math.ceil(queued / servers);
}

type TimeoutName = keyof TimeoutFacts;

/** The timeout a section was configured with. */
function configured(name: string, side: 'frontend' | 'backend', timeout: TimeoutName): FetchRow {
  return {
    name,
    out: 'int',
    sources: [side],
    summary: `configured ${timeout} timeout of the ${side}, in milliseconds`,
    compile: () => ctx => ctx[side]?.timeouts[timeout],
  };
}

function inForce(name: string, timeout: TimeoutName): FetchRow {
  const isFrontend = timeout === 'client';
  return {
    name,
    out: 'int',
    sources: [isFrontend ? 'frontend' : timeout === 'tarpit' ? 'client address' : 'backend'],
    summary: `${timeout} timeout in force, in milliseconds`,
    compile: () => ctx =>
      ctx.transaction?.timeouts[timeout] ?? (isFrontend ? ctx.frontend : ctx.backend)?.timeouts[timeout],
  };
}

function fact(
  name: string,
  out: 'int' | 'str' | 'bool',
  sources: FetchRow['sources'],
  summary: string,
  get: Getter,
): FetchRow {
  return { name, out, sources, summary, compile: (_args: Arguments) => get };
}

export const PROXY_FETCHES: readonly FetchRow[] = [
  fact('act_conn', 'int', ['constant'], 'connections of the whole process', ctx =>
    ctx.stats.processConnections(),
  ),
  backendCounter('avg_queue', 'requests queued per usable server, rounded up', (_stats, id, ctx) =>
    averageQueue(ctx, id),
  ),
  backendCounter('be_conn', 'connections established on the backend', (stats, id) =>
    stats.backendConnections(id),
  ),
  backendCounter(
    'be_conn_free',
    'free connection slots of the backend, -1 without limit',
    (_stats, id, ctx) => freeConnections(ctx, id),
  ),
  backendCounter('be_sess_rate', 'sessions per second of the backend', (stats, id) =>
    stats.backendSessionRate(id),
  ),
  backendCounter('connslots', 'free connection and queue slots, -1 without limit', (_stats, id, ctx) =>
    freeSlots(ctx, id),
  ),
  backendCounter('nbsrv', 'usable servers of the backend', (_stats, id, ctx) => ctx.servers.usable(id)),
  backendCounter('queue', 'requests queued on the backend and its servers', (stats, id) =>
    stats.backendQueue(id),
  ),
  frontendCounter('fe_conn', 'connections established on the frontend', (stats, id) =>
    stats.frontendConnections(id),
  ),
  frontendCounter('fe_req_rate', 'requests per second of the frontend', (stats, id) =>
    stats.frontendRequestRate(id),
  ),
  frontendCounter('fe_sess_rate', 'sessions per second of the frontend', (stats, id) =>
    stats.frontendSessionRate(id),
  ),
  serverFact('srv_conn', 'int', 'connections established on the server', (ctx, be, id) =>
    ctx.servers.connections(be, id),
  ),
  serverFact(
    'srv_conn_free',
    'int',
    'free connection slots of the server, -1 without limit',
    (ctx, be, id) => {
      const maxconn = ctx.servers.maxconn(be, id);
      return maxconn === 0 ? -1 : Math.max(maxconn - ctx.servers.connections(be, id), 0);
    },
  ),
  serverFact('srv_is_up', 'bool', 'the server is neither down nor in maintenance', (ctx, be, id) =>
    ctx.servers.isUp(be, id),
  ),
  serverFact('srv_queue', 'int', 'requests queued on the server', (ctx, be, id) => ctx.servers.queue(be, id)),
  serverFact('srv_sess_rate', 'int', 'sessions per second of the server', (ctx, be, id) =>
    ctx.servers.sessionRate(be, id),
  ),
  serverFact('srv_weight', 'int', 'weight in force', (ctx, be, id) => ctx.servers.weight(be, id)),
  serverFact('srv_uweight', 'int', 'weight the user set', (ctx, be, id) => ctx.servers.userWeight(be, id)),
  serverFact('srv_iweight', 'int', 'configured weight', (ctx, be, id) => ctx.servers.initialWeight(be, id)),
  fact('fe_id', 'int', ['frontend'], 'number of the frontend', ctx => ctx.frontend?.id),
  fact('fe_name', 'str', ['frontend'], 'name of the frontend', ctx => ctx.frontend?.name),
  fact(
    'fe_defbe',
    'str',
    ['frontend'],
    'default backend of the frontend',
    ctx => ctx.frontend?.defaultBackend,
  ),
  fact(
    'be_id',
    'int',
    ['backend'],
    'number of the backend, of the frontend before one is chosen',
    ctx => (ctx.backend ?? ctx.frontend)?.id,
  ),
  fact(
    'be_name',
    'str',
    ['backend'],
    'name of the backend, of the frontend before one is chosen',
    ctx => (ctx.backend ?? ctx.frontend)?.name,
  ),
  fact('srv_id', 'int', ['server'], 'number of the server', ctx => ctx.server?.id),
  fact('srv_name', 'str', ['server'], 'name of the server', ctx => ctx.server?.name),
  fact('so_id', 'int', ['listener'], 'number of the listening socket', ctx => ctx.listener?.id),
  fact('so_name', 'str', ['listener'], 'name of the listening socket', ctx => ctx.listener?.name),
  fact(
    'dst_conn',
    'int',
    ['listener'],
    'connections on the listening socket',
    ctx => ctx.listener?.connections,
  ),
  configured('fe_client_timeout', 'frontend', 'client'),
  configured('fe_tarpit_timeout', 'frontend', 'tarpit'),
  configured('be_connect_timeout', 'backend', 'connect'),
  configured('be_queue_timeout', 'backend', 'queue'),
  configured('be_server_timeout', 'backend', 'server'),
  configured('be_tarpit_timeout', 'backend', 'tarpit'),
  configured('be_tunnel_timeout', 'backend', 'tunnel'),
  inForce('cur_client_timeout', 'client'),
  inForce('cur_connect_timeout', 'connect'),
  inForce('cur_queue_timeout', 'queue'),
  inForce('cur_server_timeout', 'server'),
  inForce('cur_tarpit_timeout', 'tarpit'),
  inForce('cur_tunnel_timeout', 'tunnel'),
];
