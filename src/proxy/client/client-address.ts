/**
 * A client may reset its connection before it is accepted: its bytes can still be read. Should the kernel not know any more
 * where it came from, rules about addresses would let such a request pass, and logs would not know it: nobody serves it.
 */
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Connection } from '../../net/connection.ts';

/** Whether anything looks at where clients come from; if not, asking each of them is not worth the time. */
export function looksAtClients({ proxies }: Config): boolean {
  return proxies.some(looks);
}

function looks({
  rules,
  plainRules,
  acls,
  defaultsAcls,
  logs,
  logGlobal,
  useBackends,
  ...rest
}: Proxy): boolean {
  const { options, servers, serverTemplates, useServers, filters, otherLines } = rest;
  const lists = [rules, plainRules, acls, defaultsAcls, logs, useBackends, useServers, filters, otherLines];
  return (
    logGlobal ||
    lists.some(list => list.length > 0) ||
    options.forwardfor !== undefined ||
    options.forwarded !== undefined ||
    rest.uniqueIdFormat !== undefined ||
    [...servers, ...serverTemplates.map(({ server }) => server)].some(
      ({ sendProxy, source }) => sendProxy !== undefined || source !== undefined,
    )
  );
}

export function isGone({ remote, local }: Connection): boolean {
  return remote.family === 0 && local.family !== 0;
}
