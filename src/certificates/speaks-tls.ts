/**
 * Whether anything speaks TLS with a server: traffic, its checks, or a rule of the checks of its backend. What is said of
 * TLS to another server is told and keeps nothing from starting, as with HAProxy, which does not look at it.
 */
import type { CheckMethod } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';

/** `method`: the checks of its backend, where it has one. */
export function speaksTls({ ssl, check }: Server, method?: CheckMethod): boolean {
  const rules = method === undefined ? [] : [...method.httpCheck, ...method.tcpCheck];
  return (
    ssl !== undefined || check?.ssl === true || rules.some(rule => rule.some(({ text }) => text === 'ssl'))
  );
}
