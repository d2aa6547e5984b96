/** Carries out in the control thread what administrators order on the statistics page; tells how many servers changed. */
import type { ServerOrders } from '../admin/runtime.ts';
import type { Checks } from '../health/checks.ts';
import type { CheckKind } from '../state/check-reports.ts';
import { ADMIN_FDRAIN, ADMIN_FMAINT } from '../state/server-words.ts';
import type { ServerTable } from '../state/server-table.ts';
import type { ServerAction } from '../stats/page/action-form.ts';
import type { ToData } from './threads/messages.ts';

interface PageActionEffects {
  readonly orders: ServerOrders;
  readonly servers: ServerTable;
  /** The streams on that server are cut. */
  readonly shutdown: (server: number) => void;
}

export function pageActionEffects(
  { steering }: Pick<Checks, 'steering'>,
  servers: ServerTable,
  tellAll: (message: ToData) => void,
): PageActionEffects {
  const shutdown = (server: number): void => tellAll({ kind: 'shutdown-sessions', server, why: 'admin' });
  return { orders: steering, servers, shutdown };
}

export function actOnServers(
  { orders, servers, shutdown }: PageActionEffects,
  action: ServerAction,
  rows: readonly number[],
): number {
  if (action !== 'shutdown') return rows.filter(row => ACTIONS[action](orders, servers, row)).length;
  for (const row of rows) shutdown(row);
  return rows.length;
}

/** False: there was nothing to do. */
type Act = (orders: ServerOrders, servers: ServerTable, row: number) => boolean;

const ACTIONS: Readonly<Record<Exclude<ServerAction, 'shutdown'>, Act>> = {
  ready: always('setReady'),
  drain: always('setDrain'),
  maint: always('setMaintenance'),
  disable: unless(ADMIN_FMAINT, 'setMaintenance'),
  enable: when(ADMIN_FMAINT, 'setReady'),
  stop: unless(ADMIN_FDRAIN, 'setDrain'),
  start: when(ADMIN_FDRAIN, 'setReady'),
  dhlth: (orders, _servers, row) => orders.enableCheck(row, 'check', false),
  ehlth: (orders, _servers, row) => orders.enableCheck(row, 'check', true),
  dagent: (orders, _servers, row) => orders.enableCheck(row, 'agent', false),
  eagent: (orders, _servers, row) => orders.enableCheck(row, 'agent', true),
  hrunn: forceHealth('check', 'up'),
  hnolb: forceHealth('check', 'stopping'),
  hdown: forceHealth('check', 'down'),
  arunn: forceHealth('agent', 'up'),
  adown: forceHealth('agent', 'down'),
};

type StateOrder = 'setReady' | 'setDrain' | 'setMaintenance';

function always(order: StateOrder): Act {
  return (orders, _servers, row) => {
    orders[order](row);
    return true;
  };
}

function when(flag: number, order: StateOrder): Act {
  return (orders, servers, row) => {
    const isSet = (servers.admin(row) & flag) !== 0;
    if (isSet) orders[order](row);
    return isSet;
  };
}

function unless(flag: number, order: StateOrder): Act {
  return (orders, servers, row) => {
    const isSet = (servers.admin(row) & flag) !== 0;
    if (!isSet) orders[order](row);
    return !isSet;
  };
}

/** As if the check, or the agent, had said so. An agent that is not there cannot. */
function forceHealth(kind: CheckKind, state: 'up' | 'stopping' | 'down'): Act {
  return (orders, servers, row) => {
    if (kind === 'agent' && !servers.checks.enabled(row, kind)) return false;
    orders.setHealth(row, kind, state);
    return true;
  };
}
