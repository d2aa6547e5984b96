/** Compiles everything that rules say, without serving it: the errors a start would report. */
import type { Config } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { compileProxyRules } from '../rules/compile.ts';
import { Environments } from './compile-environment.ts';
import { compileForwarded } from './forwarded-header.ts';
import { hasRules } from './no-rules.ts';
import { compileLogFormats } from './log-line.ts';

export function checkRules(config: Config): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const environments = new Environments(config, diagnostic => diagnostics.push(diagnostic));
  for (const proxy of config.proxies) {
    const { forwarded } = proxy.options;
    if (proxy.kind === 'backend' && !hasRules(proxy) && forwarded === undefined) continue;
    const environment = environments.of(proxy);
    if (proxy.kind !== 'frontend') compileForwarded(proxy, environment);
    compileProxyRules(proxy, environment);
    compileLogFormats(proxy, environment, config.global);
  }
  return diagnostics;
}
