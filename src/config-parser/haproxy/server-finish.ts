/** Turns the servers of a section into model Servers when the section ends: numbers, limits, what contradicts itself. */
import type { Global } from '../../model/global.ts';
import type { Server } from '../../model/server.ts';
import { proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import type { Report } from './report.ts';
import { sendProxyOf, type ServerDraft } from './server-draft.ts';

/** Numbers not given by hand: the next free one, counting on past every server (the key of hash placement). */
export function assignNumbers(items: readonly { readonly id: number | undefined }[]): number[] {
  const taken = new Set(items.map(item => item.id).filter(id => id !== undefined && id > 0));
  let next = 1;
  return items.map(({ id }) => {
    let number = id ?? 0;
    if (number === 0) {
      while (taken.has(next)) next++;
      number = next;
      taken.add(number);
    }
    next++;
    return number;
  });
}

function warnRdpCookie(draft: ProxyDraft, server: ServerDraft, report: Report): void {
  if (draft.shared.mode === 'http' || !server.mapPorts || draft.backend.persistRdpCookie === undefined)
    return;
  const what = `RDP cookie persistence will not work for server '${server.name}'`;
  report.warn(server.position, `${proxyLabel(draft)} : ${what} because it lacks an explicit port number.`);
}

/** Leaves out what was not said, as exactOptionalPropertyTypes wants it. */
function defined<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Value]: Exclude<Value[Key], undefined> };
}

/** A minconn above the maxconn, or alone, is the maxconn; a maxconn alone does not move with the load. */
function limits({ minconn, maxconn }: ServerDraft): { minconn: number; maxconn: number } {
  if (minconn > maxconn) return { minconn, maxconn: minconn };
  return minconn === 0 ? { minconn: maxconn, maxconn } : { minconn, maxconn };
}

function agentOf({ agent, check }: ServerDraft): Server['agent'] {
  if (!agent.enabled) return undefined;
  const port = agent.port === 0 ? (check.port ?? 0) : agent.port;
  const address = agent.address ?? check.address;
  return address === undefined ? { ...agent, port } : { ...agent, port, address };
}

function tlsOf(server: ServerDraft, global: Global): Server['ssl'] {
  if (!server.useSsl) return undefined;
  const { verifySaid, ...tls } = server.tls;
  if (verifySaid || global.ssl.get('ssl-server-verify')?.[0] !== 'none') return tls;
  return { ...tls, verify: 'none' };
}

export function finishServer(server: ServerDraft, id: number, global: Global): Server {
  const { written: _, useSsl: __, tls: ___, sendProxyV1: ____, sendProxyV2: _____, ...rest } = server;
  const { sendProxyOptions: ______, check, ...plain } = rest;
  return defined({
    ...plain,
    ...limits(server),
    id,
    sendProxy: sendProxyOf(server),
    check: check.enabled ? check : undefined,
    agent: agentOf(server),
    ssl: tlsOf(server, global),
  }) as Server;
}

export function finishServers(draft: ProxyDraft, global: Global, report: Report): Server[] {
  const { servers } = draft.own;
  const numbers = assignNumbers(servers);
  for (const server of servers) warnRdpCookie(draft, server, report);
  return servers.map((server, index) => finishServer(server, numbers[index] as number, global));
}
