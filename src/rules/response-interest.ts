/** Whether rules of a proxy want to see responses that come from a cache. Nobody stores those once more. */
import type { ProxyRules } from './proxy-rules.ts';

export function looksAtStored(rules: ProxyRules): boolean {
  const { tcpResponseContent, httpResponse, httpAfterResponse, filters } = rules;
  const storesOnly = httpResponse.rules.every(({ title }) => title === 'http-response cache-store');
  return filters.length > 0 || !tcpResponseContent.empty || !httpAfterResponse.empty || !storesOnly;
}
