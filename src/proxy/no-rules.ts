/** The rules of a proxy that has none. */
import { CaptureSlots } from '../rules/capture-slots.ts';
import type { ProxyRules } from '../rules/proxy-rules.ts';
import { CompiledRuleset } from '../rules/ruleset.ts';

const none = (name: string): CompiledRuleset => new CompiledRuleset(name, []);

export const NO_RULES: ProxyRules = {
  tcpRequestConnection: none('tcp-request connection'),
  tcpRequestSession: none('tcp-request session'),
  tcpRequestContent: none('tcp-request content'),
  tcpResponseContent: none('tcp-response content'),
  httpRequest: none('http-request'),
  redirects: none('redirect'),
  httpResponse: none('http-response'),
  httpAfterResponse: none('http-after-response'),
  backendSwitch: { choose: () => -1, forced: () => false },
  serverSwitch: { empty: true, choose: () => -1 },
  persistence: { empty: true, decide: () => 0 },
  monitorFails: () => false,
  statsRequest: none('stats http-request'),
  statsAdmin: () => false,
  errorPages: new Map(),
  captures: new CaptureSlots({ request: [], response: [], declared: [] }),
};
