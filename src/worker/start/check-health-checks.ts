/** Compiles the checks of all servers without running any: the errors a start would report. */
import { judgeUnusedRules } from '../../health/compile-ruleset.ts';
import type { CheckExpressions } from '../../health/expressions.ts';
import { Rulesets, findHealthcheck } from '../../health/rulesets.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import { Environments } from '../../proxy/runtime/compile-environment.ts';
import { InheritedOnce } from '../../proxy/runtime/inherited-once.ts';
import { CheckExpressionCompiler } from '../servers/check-expressions.ts';

type Report = (diagnostic: Diagnostic) => void;

export function checkHealthChecks(config: Config): readonly Diagnostic[] {
  const once = new InheritedOnce();
  const { report } = once;
  const environments = new Environments(config, report);
  const rulesets = new Rulesets(config, proxy => new CheckExpressionCompiler(environments, proxy));
  for (const proxy of config.proxies) {
    if (proxy.disabled) continue;
    once.startSection(proxy);
    for (const server of proxy.servers)
      if (server.check?.enabled === true) checkServer(config, proxy, server, rulesets, report);
    checkUnused(proxy, rulesets, new CheckExpressionCompiler(environments, proxy));
  }
  return once.diagnostics;
}

/** Rules that no check of this configuration runs are looked at all the same. */
function checkUnused(proxy: Proxy, rulesets: Rulesets, expressions: CheckExpressions): void {
  const { kind, httpCheck, tcpCheck } = proxy.check;
  if (httpCheck.length === 0 && tcpCheck.length === 0) return;
  rulesets.of(proxy, undefined);
  judgeUnusedRules(
    {
      ...proxy.check,
      httpCheck: kind === 'httpchk' ? [] : httpCheck,
      tcpCheck: kind === 'tcp-check' ? [] : tcpCheck,
    },
    expressions,
  );
}

function checkServer(config: Config, proxy: Proxy, server: Server, rulesets: Rulesets, report: Report): void {
  const section = server.check?.healthcheckSection;
  const alert = (message: string): void => report({ severity: 'alert', position: server.position, message });
  if (section !== undefined && findHealthcheck(config, section) === undefined)
    alert(`healthcheck section '${section}' not found for server '${server.name}'.`);
  else rulesets.of(proxy, section);
}
