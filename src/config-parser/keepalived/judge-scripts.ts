/**
 * Programs that cannot be run are left out, as keepalived leaves them out: what they track counts as if it was not
 * tracked, and a server they check as if it was not checked. Called by parse.ts.
 */
import type { KeepalivedConfig, VrrpScript } from '../../model/keepalived.ts';
import type { ScriptAccounts, ScriptCommand } from '../../model/script-command.ts';
import type { RealServer, VirtualServer } from '../../model/virtual-server.ts';
import type { Scope } from './scope.ts';

export function usableScripts(
  scripts: readonly VrrpScript[],
  accounts: ScriptAccounts,
  { source, report }: Scope,
): VrrpScript[] {
  return scripts.filter(({ name, script }) => {
    const trouble = source.scriptTrouble?.(script, accounts);
    if (trouble !== undefined) report.warn(script.position, `Disabling track script ${name}: ${trouble}`);
    return trouble === undefined;
  });
}

export function withUsableCheckers(
  servers: readonly VirtualServer[],
  accounts: ScriptAccounts,
  scope: Scope,
): VirtualServer[] {
  return servers.map(server => ({
    ...server,
    realServers: server.realServers.map(real => withUsable(real, accounts, scope)),
  }));
}

function withUsable(real: RealServer, accounts: ScriptAccounts, { source, report }: Scope): RealServer {
  const checkers = real.checkers.filter(({ misc }) => {
    const trouble = misc === undefined ? undefined : source.scriptTrouble?.(misc.script, accounts);
    if (misc !== undefined && trouble !== undefined)
      report.remark(misc.script.position, `Disabling misc script ${misc.script.argv.join(' ')}: ${trouble}`);
    return trouble === undefined;
  });
  return { ...real, checkers };
}

/** Scripts of events, which are tried each time all the same: a program may come later. */
function notifyScripts(config: KeepalivedConfig): ScriptCommand[] {
  const ofRouters = [...config.instances, ...config.syncGroups].flatMap(({ notify }) =>
    Object.values(notify).filter(value => typeof value !== 'boolean'),
  );
  const ofServers = config.virtualServers.flatMap(server => [
    server.quorumUp,
    server.quorumDown,
    ...server.realServers.flatMap(real => [real.notifyUp, real.notifyDown]),
  ]);
  const { startupScript, shutdownScript } = config.globalDefs;
  const ofProcess = [startupScript?.script, shutdownScript?.script];
  return [...ofRouters, ...ofServers, ...ofProcess].filter(found => found !== undefined);
}

export function warnAboutScripts(config: KeepalivedConfig, { source, report }: Scope): void {
  const { globalDefs: accounts } = config;
  const notify = notifyScripts(config).filter(script => {
    const trouble = source.scriptTrouble?.(script, accounts);
    if (trouble !== undefined) report.remark(script.position, `this script cannot be run: ${trouble}`);
    return trouble === undefined;
  });
  if (accounts.enableScriptSecurity) return;
  const checkers = config.virtualServers.flatMap(server =>
    server.realServers.flatMap(real => real.checkers.flatMap(({ misc }) => misc?.script ?? [])),
  );
  const byRoot = [...notify, ...checkers, ...config.scripts.map(({ script }) => script)].find(({ user }) =>
    /^(root|0)$/.test(user ?? accounts.scriptUser?.user ?? 'root'),
  );
  if (byRoot !== undefined)
    report.insecure(
      byRoot.position,
      'SECURITY VIOLATION - scripts are being executed but script_security not enabled.',
    );
}
