/**
 * The objects statistics are told about, one after the other in the order of `show stat`: of each proxy its
 * frontend, its listeners (`option socket-stats`), its servers, its backend. A generator, so that a caller with
 * thousands of servers can stop after some and go on in a later turn.
 */
import type { Proxy } from '../model/proxy.ts';
import { isInMaintenance, isPlainlyDown } from './server-status.ts';
import {
  TYPE_CODES,
  type BackendSubject,
  type FrontendSubject,
  type ListenerSubject,
  type RowOptions,
  type ServerSubject,
  type Subject,
  type SubjectKind,
} from './subject.ts';
import type { ServerEntry, StatsView } from './view.ts';

export interface RowFilter {
  /** `show stat <iid> <type> <sid>`; -1 or undefined: any. */
  readonly iid?: number;
  /** Sum of 1 << type: 1 frontends, 2 backends, 4 servers, 8 listeners. */
  readonly types?: number;
  readonly sid?: number;
  /** `up`: no servers that are down. */
  readonly hideDown?: boolean;
  /** `no-maint`: no servers in maintenance. */
  readonly hideMaintenance?: boolean;
  readonly legends?: boolean;
  readonly proxy?: (proxy: Proxy) => boolean;
}

export function* statSubjects(view: StatsView, filter: RowFilter): Generator<Subject, void, void> {
  for (const [row, proxy] of view.config.proxies.entries()) {
    if (proxy.disabled || !takesProxy(filter, proxy)) continue;
    yield* subjectsOf(view, proxy, row, filter);
  }
}

function takesProxy({ iid = -1, proxy: accepts }: RowFilter, proxy: Proxy): boolean {
  return (iid === -1 || iid === proxy.id) && accepts?.(proxy) !== false;
}

export function* subjectsOf(
  view: StatsView,
  proxy: Proxy,
  row: number,
  filter: RowFilter,
): Generator<Subject, void, void> {
  const wanted = (kind: SubjectKind): boolean =>
    filter.types === undefined || (filter.types & (1 << TYPE_CODES[kind])) !== 0;
  const options = optionsOf(filter);
  if (proxy.kind !== 'backend') {
    if (wanted('frontend')) yield frontendSubject(view, row, options);
    if (wanted('listener')) yield* listeners(view, proxy, row, filter);
  }
  if (proxy.kind === 'frontend') return;
  if (wanted('server')) yield* servers(view, row, filter);
  if (wanted('backend')) yield backendSubject(view, row, options);
}

function optionsOf({ legends = false, hideDown = false, hideMaintenance = false }: RowFilter): RowOptions {
  return { legends, counted: hideDown || hideMaintenance };
}

function* listeners(
  view: StatsView,
  proxy: Proxy,
  row: number,
  filter: RowFilter,
): Generator<ListenerSubject> {
  if (!proxy.options.flags.has('socket-stats')) return;
  for (const [index, { id }] of proxy.binds.entries())
    if (takesId(filter, id)) yield listenerSubject(view, row, index, optionsOf(filter));
}

function* servers(view: StatsView, row: number, filter: RowFilter): Generator<ServerSubject> {
  for (const server of view.servers(row)) {
    if (!takesId(filter, server.config.id)) continue;
    if (filter.hideMaintenance === true && isInMaintenance(view, server)) continue;
    if (filter.hideDown === true && isPlainlyDown(view, server)) continue;
    yield serverSubject(view, server, optionsOf(filter));
  }
}

function takesId({ sid = -1 }: RowFilter, id: number): boolean {
  return sid === -1 || sid === id;
}

const PLAIN: RowOptions = { legends: false, counted: false };

function frontendSubject(view: StatsView, proxyRow: number, options = PLAIN): FrontendSubject {
  const proxy = view.config.proxies[proxyRow] as Proxy;
  const row = view.state.counters.frontend(proxyRow);
  return { kind: 'frontend', view, options, proxy, proxyRow, row, sid: 0, name: 'FRONTEND' };
}

function backendSubject(view: StatsView, proxyRow: number, options = PLAIN): BackendSubject {
  const proxy = view.config.proxies[proxyRow] as Proxy;
  const row = view.state.counters.backend(proxyRow);
  return { kind: 'backend', view, options, proxy, proxyRow, row, sid: 0, name: 'BACKEND' };
}

function serverSubject(view: StatsView, server: ServerEntry, options = PLAIN): ServerSubject {
  const proxy = view.config.proxies[server.proxy] as Proxy;
  const row = view.state.counters.server(server.row);
  const { id: sid, name } = server.config;
  return { kind: 'server', view, options, proxy, proxyRow: server.proxy, row, sid, name, server };
}

function listenerSubject(view: StatsView, proxyRow: number, index: number, options = PLAIN): ListenerSubject {
  const proxy = view.config.proxies[proxyRow] as Proxy;
  const listener = (view.state.plan.firstListener[proxyRow] as number) + index;
  const bind = proxy.binds[index] as ListenerSubject['bind'];
  const row = view.state.counters.listener(listener);
  const name = bind.name ?? `sock-${index + 1}`;
  return { kind: 'listener', view, options, proxy, proxyRow, row, sid: bind.id, name, bind, listener };
}
