/** Whether rules of a proxy want to see responses that come from a cache. Nobody stores those once more. */
import type { ProxyRules } from './proxy-rules.ts';

export function looksAtStored({ tcpResponseContent, httpResponse, httpAfterResponse }: ProxyRules): boolean {
  const storesOnly = httpResponse.rules.every(({ title }) => title === 'http-response cache-store');
  return !tcpResponseContent.empty || !httpAfterResponse.empty || !storesOnly;
}
