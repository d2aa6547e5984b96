/** The rules of a proxy that has none. */
import { CaptureSlots } from '../../rules/capture-slots.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { ProxyRules } from '../../rules/proxy-rules.ts';
import { CompiledRuleset } from '../../rules/ruleset.ts';

const none = (name: string): CompiledRuleset => CompiledRuleset.of(name, []);

export const NO_RULES: ProxyRules = {
  tcpRequestConnection: none('tcp-request connection'),
  tcpRequestSession: none('tcp-request session'),
  tcpRequestContent: none('tcp-request content'),
  tcpResponseContent: none('tcp-response content'),
  httpRequest: none('http-request'),
  redirects: none('redirect'),
  httpResponse: none('http-response'),
  httpAfterResponse: none('http-after-response'),
  backendSwitch: { readsRequest: false, choose: () => -1, forced: () => false },
  serverSwitch: { empty: true, choose: () => -1 },
  persistence: { empty: true, decide: () => 0 },
  sticking: { empty: true, onRequest: (_ctx, chosen) => chosen, onResponse: () => undefined },
  monitorFails: () => false,
  statsRequest: none('stats http-request'),
  statsAdmin: () => false,
  errorPages: new Map(),
  captures: new CaptureSlots({ request: [], response: [], declared: [] }),
  filters: [],
};

/** Most backends of a large configuration have nothing to compile: they share NO_RULES. */
export function hasRules(proxy: Proxy): boolean {
  const lists = [
    proxy.rules,
    proxy.plainRules,
    proxy.useBackends,
    proxy.useServers,
    proxy.errorFiles,
    proxy.monitorFail,
    proxy.acls,
    proxy.filters,
    proxy.captures.declared,
    proxy.captures.request,
    proxy.captures.response,
  ];
  return proxy.stats !== undefined || lists.some(list => list.length > 0);
}
