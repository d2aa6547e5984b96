/** Columns 0 to 35: who it is, its load, its failures, its state. */
import { NOBODY } from '../state/connection-limits.ts';
import { SRV_STARTING } from '../state/server-words.ts';
import { column, forKinds, highest, highestRate, rate, total, type StatColumn } from './column.ts';
import { backendStatus, frontendStatus, listenerStatus, serverStatus } from './server-status.ts';
import { TYPE_CODES, type BackendSubject, type ServerSubject, type Subject } from './subject.ts';
import type { Cells } from './column.ts';

const IDENTITY: readonly StatColumn[] = [
  column(
    'pxname',
    'Name of the proxy',
    forKinds('LFBS', 'str', 'KNS', ({ proxy }) => proxy.name),
  ),
  column(
    'svname',
    'FRONTEND, BACKEND, or the name of the server or listener',
    forKinds('LFBS', 'str', 'KNS', ({ name }) => name),
  ),
];

const SESSIONS: readonly StatColumn[] = [
  column('qcur', 'Requests that wait in the queue now', {
    server: { type: 'u32', tags: 'MGP', read: serverQueue },
    backend: { type: 'u32', tags: 'MGP', read: backendQueue },
  }),
  highest('qmax', 'BS', 'Most requests that waited at a time'),
  column('scur', 'Sessions now', sessionsNow()),
  highest('smax', 'LFBS', 'Most sessions at a time'),
  column('slim', 'Most sessions that are allowed', sessionLimit()),
  total('stot', 'LFBS', 'Sessions so far'),
  total('bin', 'LFBS', 'Bytes of requests so far'),
  total('bout', 'LFBS', 'Bytes of responses so far'),
  total('dreq', 'LFB', 'Requests that rules refused'),
  total('dresp', 'LFBS', 'Responses that rules refused'),
  total('ereq', 'LF', 'Requests that were invalid or not finished'),
  total('econ', 'BS', 'Requests that found no server connection'),
  total('eresp', 'BS', 'Responses that were invalid or never came'),
  total('wretr', 'BS', 'Connections tried again'),
  total('wredis', 'BS', 'Requests sent to another server than planned'),
];

const STATE: readonly StatColumn[] = [
  column('status', 'State in words', {
    frontend: { type: 'str', tags: 'SGP', read: frontendStatus },
    listener: { type: 'str', tags: 'SGP', read: listenerStatus },
    server: { type: 'str', tags: 'SGP', read: serverStatus },
    backend: { type: 'str', tags: 'SGP', read: backendStatus },
  }),
  column('weight', 'Effective weight; of a backend, the sum over the servers in use', {
    server: {
      type: 'u32',
      tags: 'MaP',
      read: ({ view, server }) => view.state.servers.shownWeight(server.row),
    },
    backend: { type: 'u32', tags: 'MaP', read: backendWeight },
  }),
  column('act', 'Active servers that take requests; of a server, whether it is one', {
    server: { type: 'u32', tags: 'SGP', read: ({ server }) => (server.config.backup ? 0 : 1) },
    backend: { type: 'u32', tags: 'MGP', read: subject => usableCount(subject, false) },
  }),
  column('bck', 'Backup servers that take requests; of a server, whether it is one', {
    server: { type: 'u32', tags: 'SGP', read: ({ server }) => (server.config.backup ? 1 : 0) },
    backend: { type: 'u32', tags: 'MGP', read: subject => usableCount(subject, true) },
  }),
  total('chkfail', 'S', 'Checks that failed while it was up', isChecked),
  total('chkdown', 'BS', 'Times it went down', isChecked),
  { ...column('lastchg', 'Seconds since its state changed', lastChange()), persistent: true },
  column('downtime', 'Seconds it was down', {
    server: { type: 'u32', tags: 'MCP', read: serverDownTime },
    backend: { type: 'u32', tags: 'MCP', read: backendDownTime },
  }),
  column('qlimit', 'Most requests that may wait for the server', {
    server: {
      type: 'u32',
      tags: 'CGS',
      read: ({ view, server }) => view.state.servers.maxqueue(server.row) || undefined,
    },
  }),
];

const NUMBERS: readonly StatColumn[] = [
  column(
    'pid',
    'Number of the worker process, always 1',
    forKinds('LFBS', 'u32', 'KGP', () => 1),
  ),
  column(
    'iid',
    'Number of the proxy',
    forKinds('LFBS', 'u32', 'KGS', ({ proxy }) => proxy.id),
  ),
  column(
    'sid',
    'Number of the server or listener within its proxy',
    forKinds('LFBS', 'u32', 'KGS', ({ sid }) => sid),
  ),
  column('throttle', 'Percentage of its weight that a starting server has', {
    server: { type: 'u32', tags: 'MaP', read: throttle },
  }),
  total('lbtot', 'BS', 'Times the balancing algorithm chose it'),
  column('tracked', 'The server whose state it follows', {
    server: { type: 'str', tags: 'CNS', read: trackedName },
  }),
  column(
    'type',
    'What it is: 0 frontend, 1 backend, 2 server, 3 listener',
    forKinds('LFBS', 'u32', 'CGS', ({ kind }) => TYPE_CODES[kind]),
  ),
  rate('rate', 'rate', 'FBS', 'Sessions during the last second'),
  column('rate_lim', 'Most new sessions a second', {
    frontend: {
      type: 'u32',
      tags: 'CLP',
      read: ({ view, proxyRow }) => view.state.rates.limit(view.state.rates.frontendSessions(proxyRow)),
    },
  }),
  column('rate_max', 'Most new sessions in a second so far', {
    ...forKinds('FS', 'u32', 'MMP', highestRate('rate')),
    ...forKinds('B', 'u32', 'MGP', highestRate('rate')),
  }),
];

export const LOAD_COLUMNS: readonly StatColumn[] = [...IDENTITY, ...SESSIONS, ...STATE, ...NUMBERS];

function sessionsNow(): Cells {
  const tags = 'MGP';
  const type = 'u32';
  return {
    frontend: {
      type,
      tags,
      read: ({ view, proxyRow }) => view.state.limits.current(view.state.limits.frontend(proxyRow)),
    },
    listener: {
      type,
      tags,
      read: ({ view, listener }) => view.state.limits.current(view.state.limits.listener(listener)),
    },
    server: { type, tags, read: ({ view, server }) => view.state.servers.served(server.row) },
    backend: {
      type,
      tags,
      read: ({ view, proxyRow }) => view.state.limits.current(view.state.limits.backend(proxyRow)),
    },
  };
}

function sessionLimit(): Cells {
  const tags = 'CLP';
  const type = 'u32';
  return {
    frontend: {
      type,
      tags,
      read: ({ view, proxyRow }) => {
        const limit = view.state.limits.limit(view.state.limits.frontend(proxyRow));
        return limit === NOBODY ? 0 : limit || view.process.maxConnections;
      },
    },
    listener: {
      type,
      tags,
      read: ({ view, listener }) => view.state.limits.limit(view.state.limits.listener(listener)),
    },
    server: { type, tags, read: ({ view, server }) => view.state.servers.maxconn(server.row) || undefined },
    backend: { type, tags, read: ({ view, proxyRow }) => view.state.servers.fullconn(proxyRow) },
  };
}

function serverQueue({ view, server }: ServerSubject): number {
  return view.state.servers.queued(server.row);
}

/** Those that wait for any server. */
function backendQueue({ view, proxyRow }: BackendSubject): number {
  return view.state.servers.backendQueued(proxyRow);
}

/** The weight of the servers in use, on the scale of the configuration. */
function backendWeight({ view, proxyRow }: BackendSubject): number {
  const usable = view.state.usable(proxyRow);
  usable.refresh();
  return view.state.servers.shownScale(proxyRow, usable.totalWeight);
}

function usableCount({ view, proxyRow }: BackendSubject, backup: boolean): number {
  const usable = view.state.usable(proxyRow);
  usable.refresh();
  return backup ? usable.backups.length : usable.activeCount;
}

function isChecked(subject: Subject): boolean {
  return subject.kind !== 'server' || subject.view.state.servers.checks.enabled(subject.server.row, 'check');
}

function lastChange(): Cells {
  const age = (view: Subject['view'], since: number): number =>
    Math.max(0, Math.floor(view.now() / 1000) - since);
  return {
    server: {
      type: 'u32',
      tags: 'MAP',
      read: ({ view, server }) => age(view, view.state.servers.lastChangeSeconds(server.row)),
    },
    backend: {
      type: 'u32',
      tags: 'MAP',
      read: ({ view, proxyRow }) => age(view, view.state.servers.backendLastChangeSeconds(proxyRow)),
    },
  };
}

function serverDownTime(subject: ServerSubject): number | undefined {
  return isChecked(subject) ? subject.view.state.servers.downSeconds(subject.server.row) : undefined;
}

function backendDownTime({ view, proxyRow }: BackendSubject): number | undefined {
  const { servers } = view.state;
  return servers.serversOf(proxyRow).length === 0 ? undefined : servers.backendDownSeconds(proxyRow);
}

function throttle({ view, server }: ServerSubject): number | undefined {
  const { servers } = view.state;
  if (servers.state(server.row) !== SRV_STARTING) return undefined;
  const seconds = servers.slowstartSeconds(server.row);
  const elapsed = Math.floor(view.now() / 1000) - servers.lastChangeSeconds(server.row);
  return seconds === 0 ? 100 : Math.min(100, Math.max(1, Math.floor((100 * elapsed) / seconds)));
}

function trackedName({ view, server }: ServerSubject): string | undefined {
  const tracked = view.tracked(server);
  return tracked && `${view.config.proxies[tracked.proxy]?.name}/${tracked.config.name}`;
}
