/** Servers with the address `rhttp@` (manual, section 4.2): what they cannot be, and what says nothing about them. */
import type { Mode } from '../../model/proxy.ts';
import { proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import type { Report } from './report.ts';
import type { ServerDraft } from './server-draft.ts';

/** Settings of connections that are made, each with whether a server has it. */
const OF_CONNECTING: readonly (readonly [string, (server: ServerDraft) => boolean])[] = [
  ['ssl', server => server.useSsl],
  ['send-proxy', server => server.sendProxyV1 || server.sendProxyV2],
  ['source', server => server.source !== undefined],
  ['socks4', server => server.socks4 !== undefined],
  ['strict-maxconn', server => server.strictMaxconn],
];

export function checkReverseServer(draft: ProxyDraft, server: ServerDraft, mode: Mode, report: Report): void {
  const { address, name, position, proto } = server;
  if (address.kind !== 'reverse') return;
  const who = `${proxyLabel(draft)} : server '${name}'`;
  if (mode !== 'http') report.alert(position, `${who}: 'rhttp@' needs 'mode http'.`);
  if (proto !== undefined && proto !== 'h2')
    report.alert(position, `${who}: reverse HTTP is HTTP/2: no 'proto ${proto}'.`);
  for (const [option, has] of OF_CONNECTING)
    if (has(server))
      report.warn(position, `${who}: '${option}' has no effect: connections are made by the other side.`);
  if (server.poolMaxConn === 0)
    report.warn(position, `${who}: with 'pool-max-conn 0' none of its connections can be kept.`);
}

/** As it is from here on: what is spoken is known, and what concerns connections made here is gone. */
export function asReverse(server: ServerDraft): ServerDraft {
  if (server.address.kind !== 'reverse') return server;
  return {
    ...server,
    proto: 'h2',
    useSsl: false,
    sendProxyV1: false,
    sendProxyV2: false,
    strictMaxconn: false,
    source: undefined,
  };
}
