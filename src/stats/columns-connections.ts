/** Columns 73 to 117: addresses, connections, highest times, versions of HTTP, bytes by direction. */
import type { Address } from '../model/address.ts';
import {
  column,
  counted,
  forKinds,
  highest,
  highestRate,
  isHttp,
  rate,
  total,
  type StatColumn,
} from './column.ts';
import type { BackendSubject, ListenerSubject, ServerSubject } from './subject.ts';

const ADDRESSES: readonly StatColumn[] = [
  column('addr', 'Address and port', {
    listener: {
      type: 'str',
      tags: 'CGS',
      read: ({ bind, options }) => (options.legends ? addressText(bind.address) : undefined),
    },
    server: {
      type: 'str',
      tags: 'CGS',
      read: subject => (subject.options.legends ? serverAddress(subject) : undefined),
    },
  }),
  column('cookie', 'Value of the cookie of the server; of a backend, its name', {
    server: {
      type: 'str',
      tags: 'CNS',
      read: ({ server, options, view }) => (options.legends ? view.cookie(server) : undefined),
    },
    backend: {
      type: 'str',
      tags: 'CNS',
      read: ({ proxy, options }) => (options.legends ? proxy.cookie?.name : undefined),
    },
  }),
  column(
    'mode',
    'Mode of the proxy',
    forKinds('LFBS', 'str', 'CGS', ({ proxy }) => proxy.mode),
  ),
  column('algo', 'Balancing algorithm', {
    backend: {
      type: 'str',
      tags: 'CGS',
      read: ({ proxy, options }: BackendSubject) => (options.legends ? proxy.balance.algorithm : undefined),
    },
  }),
];

const CONNECTIONS: readonly StatColumn[] = [
  rate('conn_rate', 'conn_rate', 'F', 'Connections during the last second'),
  column(
    'conn_rate_max',
    'Most connections in a second so far',
    forKinds('F', 'u32', 'MMP', highestRate('conn_rate')),
  ),
  total('conn_tot', 'LF', 'Connections so far'),
  total('intercepted', 'F', 'Requests answered here: redirections, statistics, services', isHttp),
  total('dcon', 'LF', 'Connections refused by tcp-request connection rules'),
  total('dses', 'LF', 'Sessions refused by tcp-request session rules'),
  total('wrew', 'LFBS', 'Headers that could not be rewritten'),
  total('connect', 'BS', 'Connections tried'),
  total('reuse', 'BS', 'Requests on a connection that served before'),
  total('cache_lookups', 'FB', 'Lookups in the cache', isHttp),
  total('cache_hits', 'FB', 'Lookups in the cache that found a response', isHttp),
  column('srv_icur', 'Idle connections now', {
    server: { type: 'u32', tags: 'MGP', read: idleConnections },
  }),
  column('src_ilim', 'Most idle connections that are kept', {
    server: {
      type: 'u32',
      tags: 'CLP',
      read: ({ server }) => (server.config.poolMaxConn < 0 ? undefined : server.config.poolMaxConn),
    },
  }),
  highest('qtime_max', 'BS', 'Most milliseconds in the queue'),
  highest('ctime_max', 'BS', 'Most milliseconds until connected'),
  highest('rtime_max', 'BS', 'Most milliseconds until the response began'),
  highest('ttime_max', 'BS', 'Most milliseconds in total'),
  total('eint', 'LFBS', 'Internal errors'),
];

const POOLS: readonly StatColumn[] = [
  column('idle_conn_cur', 'Idle connections now that never served a second request', {
    server: {
      type: 'u32',
      tags: 'MGP',
      read: subject => idleConnections(subject) - safeConnections(subject),
    },
  }),
  column('safe_conn_cur', 'Idle connections now that have served several requests', {
    server: { type: 'u32', tags: 'MGP', read: safeConnections },
  }),
  column('used_conn_cur', 'Connections in use now', {
    server: { type: 'u32', tags: 'MGP', read: ({ view, server }) => view.state.servers.served(server.row) },
  }),
  column('need_conn_est', 'Connections that are needed, by estimate', {
    server: { type: 'u32', tags: 'MGP', read: neededConnections },
  }),
  column('uweight', 'Weight as configured or set; of a backend, the sum over the servers in use', {
    server: {
      type: 'u32',
      tags: 'MaP',
      read: ({ view, server }) => view.state.servers.userWeight(server.row),
    },
    backend: { type: 'u32', tags: 'MaP', read: userWeights },
  }),
  // aggregates exist in the Prometheus output only, the column itself is always 0
  column(
    'agg_server_status',
    'Servers of the backend by state',
    forKinds('B', 'u32', 'MGP', () => 0),
  ),
  column(
    'agg_server_check_status',
    'Older name of agg_server_status',
    forKinds('B', 'u32', 'MGP', () => 0),
  ),
  column(
    'agg_check_status',
    'Servers of the backend by result of their check',
    forKinds('B', 'u32', 'MGP', () => 0),
  ),
  column('srid', 'How many servers had this number before', {
    server: { type: 'u32', tags: 'MCP', read: () => 0 },
  }),
];

const VERSIONS: readonly StatColumn[] = [
  column('sess_other', 'Sessions other than HTTP', forKinds('F', 'u64', 'MCP', otherSessions)),
  total('h1sess', 'F', 'HTTP/1 sessions'),
  total('h2sess', 'F', 'HTTP/2 sessions'),
  total('h3sess', 'F', 'HTTP/3 sessions'),
  total('req_other', 'F', 'Requests other than HTTP'),
  total('h1req', 'F', 'HTTP/1 requests'),
  total('h2req', 'F', 'HTTP/2 requests'),
  total('h3req', 'F', 'HTTP/3 requests'),
  column('proto', 'Protocol of the listener', { listener: { type: 'str', tags: 'SGP', read: protocolOf } }),
  column('priv_idle_cur', 'Idle connections now that belong to one client', {
    server: { type: 'u32', tags: 'MGP', read: () => 0 },
  }),
  total('reqbin', 'LFBS', 'Bytes of requests received'),
  total('reqbout', 'LFBS', 'Bytes of requests sent'),
  total('resbin', 'LFBS', 'Bytes of responses received'),
  total('resbout', 'LFBS', 'Bytes of responses sent'),
];

export const CONNECTION_COLUMNS: readonly StatColumn[] = [
  ...ADDRESSES,
  ...CONNECTIONS,
  ...POOLS,
  ...VERSIONS,
];

export function addressText(address: Address): string {
  switch (address.kind) {
    case 'ip':
      return address.family === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
    case 'name':
      return `${address.host}:${address.port}`;
    case 'unix':
    case 'abstract':
      return 'unix';
    case 'fd':
    case 'sockpair':
      return `${address.kind}@${address.fd}`;
    case 'reverse':
      return 'rhttp@';
  }
}

/** Where the server is now: names are resolved, and addresses may change. */
/** Undefined: it has a name, and no address yet. */
function serverAddress({ view, server }: ServerSubject): string | undefined {
  const { ip, port } = view.state.servers.addresses.read(server.row);
  const { address } = server.config;
  if (ip === undefined) return address.kind === 'name' ? undefined : addressText(address);
  return ip.family === 6 ? `[${ip.toString()}]:${port}` : `${ip.toString()}:${port}`;
}

function protocolOf({ bind }: ListenerSubject): string {
  const { address } = bind;
  if (address.kind === 'unix') return 'unix_stream';
  if (address.kind === 'abstract') return 'abns_stream';
  return address.kind === 'ip' && address.family === 6 ? 'tcpv6' : 'tcpv4';
}

function idleConnections({ view, server }: ServerSubject): number {
  return view.state.servers.idle(server.row);
}

function safeConnections({ view, server }: ServerSubject): number {
  return view.state.servers.idleSafe(server.row);
}

/** As many as were in use at once lately. */
function neededConnections({ view, row, server }: ServerSubject): number {
  return Math.max(view.state.servers.served(server.row), view.state.counters.read(row, 'used_conn_max', 0));
}

function userWeights({ view, proxyRow }: BackendSubject): number {
  const usable = view.state.usable(proxyRow);
  usable.refresh();
  return usable.list.reduce((sum, row) => sum + view.state.servers.userWeight(row), 0);
}

function otherSessions(subject: BackendSubject | Parameters<typeof counted>[0]): number {
  const http = counted(subject, 'h1sess') + counted(subject, 'h2sess') + counted(subject, 'h3sess');
  return Math.max(0, counted(subject, 'stot') - http);
}
