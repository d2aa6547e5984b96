/** What a backend in mode log can have, and that datagrams go to servers of such backends only. */
import type { Balance } from '../../model/balance.ts';
import { constantName } from './constant-name.ts';
import { hasBackend, proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import type { Report } from './report.ts';
import type { ServerDraft } from './server-draft.ts';

const ALGORITHMS: ReadonlySet<string> = new Set(['roundrobin', 'random', 'sticky', 'log-hash']);

function refuseDatagrams(draft: ProxyDraft, report: Report): void {
  for (const server of draft.own.servers)
    if (server.datagram) {
      const why = `dgram-type address not acceptable in '${server.written}'`;
      report.alert(server.position, `'server ${draft.name}/${server.name}' : ${why}`);
    }
}

/** Words without a meaning for log lines, with how HAProxy names them. */
function ignoredWords({ own, shared, backend }: ProxyDraft): string[] {
  const rules = (kind: string): boolean => own.rules.some(({ ruleset }) => ruleset.startsWith(kind));
  const found: readonly (readonly [boolean, string])[] = [
    [rules('tcp-request'), 'use tcp-request rules'],
    [rules('tcp-response'), 'use tcp-response rules'],
    [own.stickTable !== undefined, 'use stick table'],
    [own.plainRules.some(({ keyword }) => keyword.startsWith('stick ')), 'use sticking rules'],
    [shared.sendNameHeader !== undefined, 'set "http-send-name-header"'],
    [backend.dynamicCookieKey !== undefined, 'set "dynamic-cookie-key"'],
    [own.useServers.length > 0, 'use "use-server" rules'],
  ];
  return found.filter(([said]) => said).map(([, what]) => what);
}

/** Lines leave from the address the system chooses, with nothing in front of the first. */
function unusedOptions({
  source,
  sendProxyV1,
  sendProxyV2,
  tcpUserTimeoutMs,
  namespace,
  md5Signature,
  socks4,
  tls,
  otherOptions,
}: ServerDraft): string[] {
  const found: readonly (readonly [boolean, string])[] = [
    [source !== undefined, 'source'],
    [sendProxyV1, 'send-proxy'],
    [sendProxyV2, 'send-proxy-v2'],
    [tcpUserTimeoutMs > 0, 'tcp-ut'],
    [namespace !== undefined, 'namespace'],
    [md5Signature !== undefined, 'tcp-md5sig'],
    [socks4 !== undefined, 'socks4'],
    [tls.sni !== undefined && constantName(tls.sni.text) === undefined, 'sni'],
    [otherOptions.has('tfo'), 'tfo'],
    [otherOptions.has('cc'), 'cc'],
  ];
  return found.filter(([said]) => said).map(([, what]) => what);
}

export function checkLogMode(draft: ProxyDraft, balance: Balance, report: Report): void {
  if (!hasBackend(draft)) return;
  if (draft.shared.mode !== 'log') return refuseDatagrams(draft, report);
  const label = proxyLabel(draft);
  for (const what of ignoredWords(draft))
    report.warn(draft.position, `Cannot ${what} with 'mode log' in ${label}. It will be ignored.`);
  for (const server of draft.own.servers)
    for (const option of unusedOptions(server))
      report.warn(
        server.position,
        `'server ${draft.name}/${server.name}' : '${option}' has no effect in mode log, it is ignored.`,
      );
  if (!ALGORITHMS.has(balance.algorithm)) {
    const known = `'roundrobin', 'random', 'sticky' and 'log-hash'`;
    report.alert(draft.position, `in ${label}: "balance" only supports ${known}.`);
  }
  const failed = `log ${label}: failed to initialize:`;
  if (balance.algorithm === 'log-hash' && draft.backend.hashType?.method === 'consistent')
    report.alert(draft.position, `${failed} unsupported hash method (from "hash-type").`);
  const odd = draft.own.servers.find(server => server.datagram !== draft.own.servers[0]?.datagram);
  if (odd !== undefined) {
    const how = `'${odd.name}' srv's network type differs from previous server`;
    report.alert(odd.position, `${failed} cannot mix server types within a log backend, ${how}.`);
  }
}
