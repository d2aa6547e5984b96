/** What of virtual servers has no effect, or another one than keepalived's manual says: told at load. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import { tellUnchecked } from './checkers/checks.ts';
import { resolveServices } from './resolve-services.ts';

export function notForwarded(config: KeepalivedConfig): Diagnostic[] {
  const { services, diagnostics } = resolveServices(config);
  const servers = services.map(({ config: server }) => server);
  return [...diagnostics, ...tellUnchecked(servers, config.trackFiles)];
}
