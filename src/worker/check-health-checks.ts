/** Compiles the checks of all servers without running any: the errors a start would report. */
import { Rulesets, findHealthcheck } from '../health/rulesets.ts';
import { readTlsSettings } from '../health/tls-connection.ts';
import type { Config } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import { Environments } from '../proxy/compile-environment.ts';
import { CheckExpressionCompiler } from './check-expressions.ts';

type Report = (diagnostic: Diagnostic) => void;

export function checkHealthChecks(config: Config): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const report: Report = diagnostic => void diagnostics.push(diagnostic);
  const environments = new Environments(config, report);
  const rulesets = new Rulesets(config, proxy => new CheckExpressionCompiler(environments, proxy));
  for (const proxy of config.proxies)
    for (const server of proxy.servers)
      if (server.check?.enabled === true && !proxy.disabled)
        checkServer(config, proxy, server, rulesets, report);
  return diagnostics;
}

function checkServer(config: Config, proxy: Proxy, server: Server, rulesets: Rulesets, report: Report): void {
  const section = server.check?.healthcheckSection;
  const alert = (message: string): void => report({ severity: 'alert', position: server.position, message });
  if (section !== undefined && findHealthcheck(config, section) === undefined)
    alert(`healthcheck section '${section}' not found for server '${server.name}'.`);
  else rulesets.of(proxy, section);
  const tls = server.check?.ssl === true ? readTlsSettings(server.ssl) : undefined;
  if (typeof tls === 'string') alert(`server '${server.name}' : ${tls}`);
}
