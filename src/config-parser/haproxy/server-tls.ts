/** TLS settings of a server when its section ends: with the defaults of `global`, and one range of versions. */
import type { Global } from '../../model/global.ts';
import type { CheckMethod } from '../../model/proxy.ts';
import type { ServerTls } from '../../model/server.ts';
import { constantName } from './constant-name.ts';
import { proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import type { Report } from './report.ts';
import { saysTls, type ServerDraft } from './server-draft.ts';
import { TLS_VERSIONS } from './tls-versions.ts';

/** Undefined: nothing was said of TLS. */
export function serverTls(server: ServerDraft, global: Global): ServerTls | undefined {
  if (!server.useSsl && server.check.ssl !== true && !saysTls(server)) return undefined;
  const { verifySaid, without: _without, caFile, crlFile, crt, earlyData, ...said } = server.tls;
  const trustsAll = !verifySaid && global.ssl.get('ssl-server-verify')?.[0] === 'none';
  const range = versionRange(versionsSaid(server, global)).range;
  const sniName = said.sni && constantName(said.sni.text);
  return {
    ...defaultFlags(optionsOf(global)),
    ...said,
    ...(sniName !== undefined && { sniName }),
    ...(caFile !== undefined && { caFile: withBase(caFile, global.caBase) }),
    ...(crlFile !== undefined && { crlFile: withBase(crlFile, global.caBase) }),
    ...(crt !== undefined && { crt: withBase(crt, global.crtBase) }),
    ...(earlyData === true && isHttp1Only(server) && { earlyData }),
    ...(trustsAll && { verify: 'none' as const }),
    ...(range !== undefined && { minVersion: range[0], maxVersion: range[1] }),
  };
}

function withBase(name: string, base: string | undefined): string {
  return base === undefined || /^[/@]/.test(name) ? name : `${base}/${name}`;
}

function optionsOf({ ssl }: Global): readonly string[] {
  return ssl.get('ssl-default-server-options') ?? [];
}

function defaultFlags(options: readonly string[]): Partial<ServerTls> {
  const renegotiates = options.findLast(option => /^(?:no-)?renegotiate$/.test(option));
  return {
    ...(options.includes('no-tls-tickets') && { noTickets: true }),
    ...(renegotiates !== undefined && { renegotiate: renegotiates === 'renegotiate' }),
  };
}

type Version = (typeof TLS_VERSIONS)[number];

interface VersionsSaid {
  readonly lowest: string | undefined;
  readonly highest: string | undefined;
  readonly without: ReadonlySet<string>;
}

function versionsSaid({ tls }: ServerDraft, global: Global): VersionsSaid {
  const words = optionsOf(global);
  const behind = (name: string): string | undefined => {
    const at = words.lastIndexOf(name);
    return at < 0 ? undefined : words[at + 1];
  };
  const forced = TLS_VERSIONS.find(version => words.includes(`force-${flagOf(version)}`));
  const without = TLS_VERSIONS.filter(version => words.includes(`no-${flagOf(version)}`));
  return {
    lowest: tls.minVersion ?? forced ?? behind('ssl-min-ver'),
    highest: tls.maxVersion ?? forced ?? behind('ssl-max-ver'),
    without: new Set([...without, ...(tls.without ?? [])]),
  };
}

/** As `no-tlsv12` names it. */
function flagOf(version: Version): string {
  return version.toLowerCase().replace('.', '');
}

interface VersionRange {
  /** Undefined: nothing was said, or nothing is left. */
  readonly range?: readonly [Version, Version];
  /** A version between two that are allowed, which is allowed therefore. */
  readonly hole?: Version;
  readonly wrong?: 'ignored' | 'none left';
}

function versionRange({ lowest, highest, without }: VersionsSaid): VersionRange {
  const isBounded = lowest !== undefined || highest !== undefined;
  if (!isBounded && without.size === 0) return {};
  const [low, high] = [lowest ?? 'SSLv3', highest ?? 'TLSv1.3'].map(name =>
    TLS_VERSIONS.indexOf(name as Version),
  );
  const isAllowed = (version: Version, index: number): boolean =>
    version !== 'SSLv3' &&
    index >= (low ?? 0) &&
    index <= (high ?? 0) &&
    (isBounded || !without.has(version));
  const allowed = TLS_VERSIONS.filter(isAllowed);
  const [first, last] = [allowed[0], allowed.at(-1)];
  if (first === undefined || last === undefined) return { wrong: 'none left' };
  const between = TLS_VERSIONS.slice(TLS_VERSIONS.indexOf(first), TLS_VERSIONS.indexOf(last));
  const hole = between.findLast(version => !allowed.includes(version));
  return {
    range: [first, last],
    ...(hole !== undefined && { hole }),
    ...(isBounded && without.size > 0 && { wrong: 'ignored' as const }),
  };
}

function usesTls(server: ServerDraft, check: CheckMethod): boolean {
  const rules = check.kind === 'httpchk' ? check.httpCheck : check.kind === 'tcp-check' ? check.tcpCheck : [];
  const isTlsRule = rules.some(
    rule => rule[0]?.text === 'connect' && rule.some(({ text }) => text === 'ssl'),
  );
  return server.useSsl || server.check.ssl === true || isTlsRule;
}

/** Unless told otherwise the certificate of a server is checked, and for that an authority has to be known. */
export function refuseUnverifiable(
  section: string,
  server: ServerDraft,
  global: Global,
  report: Pick<Report, 'alert'>,
): void {
  const verifyOff = global.ssl.get('ssl-server-verify')?.[0] === 'none' && !server.tls.verifySaid;
  if (verifyOff || server.tls.verify === 'none' || server.tls.caFile !== undefined) return;
  const advice = `set 'ca-file', or 'verify none' if the network can be trusted.`;
  const what = `server '${server.name}': verify is enabled by default but no CA file specified`;
  report.alert(server.position, `${section}: ${what}. Please ${advice}`);
}

/** Early data is a request of HTTP/1: what HTTP/2 says first is none yet. */
function isHttp1Only({ proto, tls: { alpn } }: ServerDraft): boolean {
  return proto !== 'h2' && alpn?.includes('h2') !== true;
}

function warnEarlyData(draft: ProxyDraft, server: ServerDraft, report: Report): void {
  const why =
    draft.shared.mode !== 'http'
      ? 'only requests in mode http are sent early'
      : isHttp1Only(server)
        ? undefined
        : 'requests are sent early over HTTP/1 only';
  if (server.tls.earlyData === true && why !== undefined)
    report.warn(server.position, `server '${server.name}' : 'allow-0rtt' has no effect: ${why}.`);
}

/** What of a server's TLS settings cannot be, and what is not as it was meant. */
export function checkServerTls(
  draft: ProxyDraft,
  server: ServerDraft,
  check: CheckMethod,
  global: Global,
  report: Report,
): void {
  if (!usesTls(server, check)) return;
  refuseUnverifiable(proxyLabel(draft), server, global, report);
  warnEarlyData(draft, server, report);
  const { wrong, hole } = versionRange(versionsSaid(server, global));
  const { name, position } = server;
  if (wrong === 'none left')
    report.alert(position, `${proxyLabel(draft)}: all SSL/TLS versions are disabled for server '${name}'.`);
  if (wrong === 'ignored') {
    const advice = `Use only 'ssl-min-ver' and 'ssl-max-ver' to fix.`;
    report.warn(position, `server '${name}' : no-sslv3/no-tlsv1x are ignored for this server. ${advice}`);
  }
  if (hole === undefined) return;
  const what = `SSL/TLS versions range not contiguous for server '${name}'. Hole find for ${hole}.`;
  report.warn(position, `${proxyLabel(draft)}: ${what} Use only 'ssl-min-ver' and 'ssl-max-ver' to fix.`);
}
