/** Proxies, servers and listeners as scripts see them, and what the process is and does (`core.get_info()`). */
import { STAT_COLUMNS } from '../stats/columns.ts';
import { valueOf } from '../stats/column.ts';
import { INFO_FIELDS } from '../stats/info.ts';
import { subjectsOf } from '../stats/rows.ts';
import type { Subject } from '../stats/subject.ts';
import { ADMIN_DRAIN } from '../state/server-words.ts';
import type { ServerEntry, StatsView } from '../stats/view.ts';
import type { LuaCallback } from './machine/machine.ts';
import { ScriptError } from './machine/script-errors.ts';
import type { LuaState } from './state.ts';

type Functions = Record<string, LuaCallback>;

/** Proxies are named by kind and name, servers by the name of their proxy and their own. */
export function proxyFunctions(state: LuaState): Functions {
  const { machine, host } = state;
  const names = (L: number, list: readonly string[]): number => {
    machine.newTable(L);
    for (const [index, name] of list.entries()) machine.setItem(L, index + 1, name);
    return 1;
  };
  return {
    // frontend, backend or any
    proxy_names: L =>
      names(
        L,
        proxiesOf(state, machine.text(L, 1)).map(({ proxy }) => proxy.name),
      ),
    proxy_servers: L =>
      names(
        L,
        viewOf(state)
          .servers(proxyAt(state, L).row)
          .map(({ config }) => config.name),
      ),
    proxy_listeners: L =>
      names(
        L,
        proxyAt(state, L).proxy.binds.map(({ name }, index) => name ?? `sock-${index + 1}`),
      ),
    // kind, name, of what
    proxy_fact: L => {
      machine.push(L, proxyFact(state, L, machine.text(L, 3)));
      return 1;
    },
    proxy_stats: L => {
      const { row, proxy } = proxyAt(state, L);
      const wanted = proxy.kind === 'frontend' ? 'frontend' : 'backend';
      return pushStats(state, L, row, subject => subject.kind === wanted);
    },
    // kind, name, server, of what
    server_fact: L => {
      machine.push(L, serverFact(state, serverAt(state, L), machine.text(L, 4)));
      return 1;
    },
    server_stats: L => {
      const { row, proxy } = serverAt(state, L);
      return pushStats(state, L, proxy, subject => subject.kind === 'server' && subject.server.row === row);
    },
    // proxy, name, revision of a server: whether it is there
    server_lives: L => {
      const [proxy, name, rid] = [machine.text(L, 1), machine.text(L, 2), machine.number(L, 3)];
      const row = proxiesOf(state, 'backend').find(one => one.proxy.name === proxy)?.row;
      const found = row === undefined ? [] : viewOf(state).servers(row);
      machine.push(
        L,
        found.some(({ config }) => config.name === name && (config.revision ?? 0) === rid),
      );
      return 1;
    },
    // of the server it tracks: proxy and name; or nil
    server_tracked: L => {
      const tracked = viewOf(state).tracked(serverAt(state, L));
      machine.push(L, tracked && host.config.proxies[tracked.proxy]?.name);
      machine.push(L, tracked?.config.name);
      return 2;
    },
    // tables with proxy and name
    server_trackers: L => {
      const view = viewOf(state);
      const { row } = serverAt(state, L);
      const all = host.config.proxies.flatMap((proxy, index) =>
        proxy.removed === true ? [] : view.servers(index),
      );
      machine.newTable(L);
      for (const [index, { proxy, config }] of all.filter(one => view.tracked(one)?.row === row).entries()) {
        machine.newTable(L, 2);
        machine.setField(L, 'proxy', host.config.proxies[proxy]?.name);
        machine.setField(L, 'name', config.name);
        machine.setTopItem(L, index + 1);
      }
      return 1;
    },
    // kind, name, listener: a table, or nil where it is not counted
    listener_stats: L => {
      const { row } = proxyAt(state, L);
      const name = machine.text(L, 3);
      return pushStats(state, L, row, subject => subject.kind === 'listener' && subject.name === name);
    },
    info: L => {
      const view = viewOf(state);
      machine.newTable(L);
      for (const { name, read } of INFO_FIELDS) machine.setField(L, name, read(view, false));
      return 1;
    },
  };
}

function viewOf({ host }: LuaState): StatsView {
  if (host.view === undefined)
    throw new ScriptError('this can be asked when the program serves, not at load');
  return host.view;
}

function proxiesOf(
  { host }: LuaState,
  kind: string,
): { readonly proxy: StatsView['config']['proxies'][number]; readonly row: number }[] {
  const other = kind === 'frontend' ? 'backend' : kind === 'backend' ? 'frontend' : '';
  return host.config.proxies
    .map((proxy, row) => ({ proxy, row }))
    .filter(({ proxy }) => proxy.removed !== true && proxy.kind !== other);
}

/** At 1 and 2: kind and name. */
export function proxyAt(state: LuaState, L: number): ReturnType<typeof proxiesOf>[number] {
  const name = state.machine.text(L, 2);
  const found = proxiesOf(state, state.machine.text(L, 1)).find(({ proxy }) => proxy.name === name);
  if (found === undefined) throw new ScriptError(`there is no proxy '${name}' any more`);
  return found;
}

function proxyFact(state: LuaState, L: number, what: string): string | number {
  const { proxy, row } = proxyAt(state, L);
  if (what === 'uuid') return String(proxy.id);
  if (what === 'mode') return proxy.mode;
  if (what === 'cap') return proxy.kind === 'listen' ? 'proxy' : proxy.kind;
  const view = viewOf(state);
  const wantsBackup = what === 'bck';
  return view
    .servers(row)
    .filter(server => view.state.servers.usable(server.row) && server.config.backup === wantsBackup).length;
}

function serverAt(state: LuaState, L: number): ServerEntry {
  const name = state.machine.text(L, 3);
  const found = viewOf(state)
    .servers(proxyAt(state, L).row)
    .find(({ config }) => config.name === name);
  if (found === undefined) throw new ScriptError(`there is no server '${name}' any more`);
  return found;
}

function serverFact(
  state: LuaState,
  { row, proxy, config }: ServerEntry,
  what: string,
): string | number | boolean {
  const { servers, plan } = viewOf(state).state;
  switch (what) {
    case 'rid':
      return String(config.revision ?? 0);
    case 'dynamic':
      return (
        row - (plan.firstServer[proxy] as number) >= (state.host.config.proxies[proxy]?.servers.length ?? 0)
      );
    case 'puid':
      return String(config.id);
    case 'backup':
      return config.backup;
    case 'draining':
      return servers.userWeight(row) === 0 || (servers.admin(row) & ADMIN_DRAIN) !== 0;
    case 'weight':
      return servers.shownWeight(row);
    case 'maxconn':
      return servers.maxconn(row);
    case 'sessions':
      return servers.served(row);
    case 'queued':
      return servers.queued(row);
    default: {
      const { ip, port } = servers.addresses.read(row);
      if (ip === undefined) return '<unknown>';
      return ip.family === 4 ? `${ip.toString()}:${port}` : `[${ip.toString()}]:${port}`;
    }
  }
}

/** A table, or nil; answers how many values that is. */
function pushStats(
  state: LuaState,
  L: number,
  proxyRow: number,
  wanted: (subject: Subject) => boolean,
): number {
  const view = viewOf(state);
  const { machine } = state;
  const proxy = view.config.proxies[proxyRow];
  for (const subject of proxy === undefined ? [] : subjectsOf(view, proxy, proxyRow, { legends: true })) {
    if (!wanted(subject)) continue;
    machine.newTable(L);
    for (const column of STAT_COLUMNS) machine.setField(L, column.name, valueOf(column, subject));
    return 1;
  }
  machine.push(L, undefined);
  return 1;
}
