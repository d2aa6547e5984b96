/**
 * Gives a server the state it had in an earlier process (manual, `load-server-state-from-file`): where the
 * configuration has changed since, the configuration counts; otherwise what happened at run time. Once, before
 * data threads and checks start.
 */
import type { Server } from '../model/server.ts';
import type { ServerStateValues } from './server-state-values.ts';
import type { ServerWriter } from './server-writer.ts';
import {
  ADMIN_CMAINT,
  ADMIN_FDRAIN,
  ADMIN_FMAINT,
  ADMIN_FQDN_CHANGED,
  ADMIN_MAINT,
  SRV_RUNNING,
  SRV_STARTING,
  SRV_STOPPED,
  SRV_STOPPING,
} from './server-words.ts';
import { nowSeconds } from './server-table.ts';

interface Standing {
  readonly state: number;
  readonly health: number;
}

const DOWN: Standing = { state: SRV_STOPPED, health: 0 };
const DEFAULT_RISE = 2;
const DEFAULT_FALL = 3;

export function restoreServer(
  servers: ServerWriter,
  row: number,
  { check, weight }: Server,
  values: ServerStateValues,
): void {
  const { rise = DEFAULT_RISE, fall = DEFAULT_FALL } = check ?? {};
  restoreAdmin(servers, row, values, weight);
  const inMaintenance = (servers.admin(row) & ADMIN_MAINT) !== 0;
  const { state, health } = inMaintenance ? DOWN : restoredState(values, rise, fall);
  servers.setState(row, state);
  servers.publishCheck(row, 'check', { health, status: values.checkStatus, paused: inMaintenance });
  if (values.checkDisabled && servers.checks.enabled(row, 'check'))
    servers.publishCheck(row, 'check', { enabled: false });
  if (values.agentDisabled && servers.checks.enabled(row, 'agent'))
    servers.publishCheck(row, 'agent', { enabled: false });
  // slow start goes on where it was
  servers.setLastChange(row, nowSeconds() - values.secondsSinceChange);
  servers.recomputeWeight(row);
  // a weight that the configuration has changed since counts as it stands there
  if (values.initialWeight === weight) servers.setWeight(row, values.userWeight);
  if (values.fqdnChanged && values.fqdn !== undefined) servers.setAdmin(row, ADMIN_FQDN_CHANGED, 0);
}

/** A state that `rise` or `fall` of 1 do not know becomes the next one; the counter of checks fits the state. */
function restoredState(
  { state, admin, checkHealth }: ServerStateValues,
  rise: number,
  fall: number,
): Standing {
  const most = rise + fall - 1;
  // it was in maintenance, and the configuration has let it out
  if ((admin & ADMIN_FMAINT) !== 0) return { state: SRV_RUNNING, health: rise };
  if (state === SRV_STARTING && rise > 1)
    return { state, health: checkHealth < 1 || checkHealth >= rise ? rise - 1 : checkHealth };
  if (state === SRV_STOPPING && fall > 1)
    return { state, health: checkHealth < rise || checkHealth > most - 1 ? rise : checkHealth };
  if (state === SRV_RUNNING || state === SRV_STARTING) return { state: SRV_RUNNING, health: most };
  return DOWN;
}

/** `disabled` in the configuration counts when it was added or taken out; else what was ordered at run time. */
function restoreAdmin(servers: ServerWriter, row: number, values: ServerStateValues, weight: number): void {
  const configured = servers.admin(row) & ADMIN_CMAINT;
  const isChanged = (values.admin & ADMIN_CMAINT) !== configured;
  const inMaintenance = isChanged ? configured !== 0 : (values.admin & ADMIN_FMAINT) !== 0;
  if (inMaintenance) servers.setAdmin(row, ADMIN_FMAINT, 0);
  else servers.setAdmin(row, 0, ADMIN_FMAINT);
  // a weight of 0 once meant drain: not any more when the configuration gives it a weight
  const wasDrained = (values.admin & ADMIN_FDRAIN) !== 0 && !inMaintenance;
  if (wasDrained && (values.initialWeight > 0 || weight === 0)) servers.setAdmin(row, ADMIN_FDRAIN, 0);
}
