/**
 * The end of a proxy section: checks what only the whole section shows, fills in what follows from it, and makes
 * the model Proxy. Names of other sections are resolved by resolve.ts.
 */
import type { Balance } from '../../model/balance.ts';
import type { Bind } from '../../model/bind.ts';
import type {
  CheckMethod,
  ErrorFile,
  LogFormatOption,
  Proxy,
  ProxyOptions,
  Timeouts,
} from '../../model/proxy.ts';
import type { Rule } from '../../model/rule.ts';
import { isCheckSetting } from './proxy-checks.ts';
import { checkDefaults } from './proxy-defaults.ts';
import { hasBackend, hasFrontend, proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import { unlessMisread } from './misread.ts';
import { checkHaterm } from './proxy-haterm.ts';
import { checkLogMode } from './proxy-log-mode.ts';
import { checkBindProtocols } from './protocols.ts';
import { warnWithoutHttp } from './proxy-http-only.ts';
import type { FinishFacts, Report } from './report.ts';
import { assignNumbers, finishServer, finishServers } from './server-finish.ts';
import { orNone } from './shared-parts.ts';

function finishTimeouts({ shared, frontend, backend }: ProxyDraft): Timeouts {
  return {
    client: frontend.clientMs,
    server: backend.serverMs,
    connect: backend.connectMs,
    // These two have always followed the connect timeout.
    queue: backend.queueMs === 0 ? backend.connectMs : backend.queueMs,
    tarpit: shared.tarpitMs === 0 ? backend.connectMs : shared.tarpitMs,
    check: backend.checkMs,
    tunnel: backend.tunnelMs,
    clientFin: frontend.clientFinMs,
    serverFin: backend.serverFinMs,
    httpRequest: shared.httpRequestMs,
    httpKeepAlive: shared.httpKeepAliveMs,
    clientHs: frontend.clientHsMs,
  };
}

const TIMEOUTS_ADVICE =
  '   | Connections of peers that went away are kept for ever without them. Please set all of these\n' +
  `   | to a non-zero value: 'client', 'connect', 'server'.`;

function warnMissingTimeouts(draft: ProxyDraft, report: Report): void {
  const { frontend, backend, shared, own } = draft;
  if (shared.mode !== 'tcp' && shared.mode !== 'http') return;
  const client = hasFrontend(draft) && frontend.clientMs === 0;
  const noServer = backend.serverMs === 0 && (shared.mode === 'http' || backend.tunnelMs === 0);
  const server = own.servers.length > 0 && (backend.connectMs === 0 || noServer);
  if (!client && !(hasBackend(draft) && server)) return;
  report.warn(draft.position, `missing timeouts for ${proxyLabel(draft)}.\n${TIMEOUTS_ADVICE}`);
}

/** In a proxy that is not http some algorithms have nothing to look at; in one that is not for logs, others. */
function finishBalance(draft: ProxyDraft, report: Report): Balance {
  const { balance } = draft.backend;
  const { mode } = draft.shared;
  const label = proxyLabel(draft);
  if (balance === undefined) {
    const elsewhere = draft.own.dispatch !== undefined || draft.shared.flags.has('transparent');
    return elsewhere ? { algorithm: 'none' } : { algorithm: 'random', draws: 2 };
  }
  const needsHttp = ['uri', 'url_param', 'hdr'].includes(balance.algorithm);
  if (needsHttp && mode !== 'http' && hasBackend(draft)) {
    const how = `(needs 'mode http'). Falling back to round robin.`;
    report.warn(draft.position, `Layer 7 hash not possible for ${label} ${how}`);
    return { algorithm: 'roundrobin' };
  }
  if (balance.algorithm === 'log-hash' && mode !== 'log') {
    const how = `(needs 'mode log'). Falling back to round robin.`;
    report.warn(draft.position, `Unusable balance algorithm for ${label} ${how}`);
    return { algorithm: 'roundrobin' };
  }
  if (draft.shared.flags.has('transparent'))
    report.alert(draft.position, `${label} cannot use both transparent and balance mode.`);
  else if (draft.own.dispatch !== undefined)
    report.warn(draft.position, `dispatch address of ${label} will be ignored in balance mode.`);
  return balance;
}

function finishCheck(draft: ProxyDraft, report: Report): CheckMethod {
  const { check } = draft.backend;
  const label = proxyLabel(draft);
  if (check.kind !== 'httpchk' && check.ownHttpCheck && !check.httpCheck.every(isCheckSetting))
    report.warn(
      draft.position,
      `${label} uses http-check rules without 'option httpchk', so the rules are ignored.`,
    );
  if (check.kind !== 'tcp-check' && check.ownTcpCheck && check.tcpCheck.length > 0)
    report.warn(
      draft.position,
      `${label} uses tcp-check rules without 'option tcp-check', so the rules are ignored.`,
    );
  const { externalCommand, externalPath } = draft.shared;
  return {
    kind: check.kind,
    args: check.args,
    httpCheck: check.httpCheck,
    tcpCheck: check.tcpCheck,
    ...(externalCommand === undefined ? {} : { externalCommand }),
    ...(externalPath === undefined ? {} : { externalPath }),
  };
}

function checkExternal(draft: ProxyDraft, { global }: FinishFacts, report: Report): void {
  const { externalCommand, externalPath } = draft.shared;
  if (draft.backend.check.kind !== 'external') {
    if (draft.kind === 'frontend') return;
    for (const [name, value] of [
      ['command', externalCommand],
      ['path', externalPath],
    ] as const) {
      if (value === undefined) continue;
      const why = `(requires 'option external-check').`;
      report.warn(draft.position, `'external-check ${name}' will be ignored for ${proxyLabel(draft)} ${why}`);
    }
    return;
  }
  const proxy = `Proxy '${draft.name}'`;
  if (global.externalCheck === 'no')
    report.alert(
      draft.position,
      `${proxy} : 'option external-check' unable to find required 'global.external-check'.`,
    );
  if (externalCommand === undefined)
    report.alert(
      draft.position,
      `${proxy} : 'option external-check' unable to find required 'external-check command'.`,
    );
  else if (!externalCommand.startsWith('/') && externalPath === undefined) {
    const why = `does not have a leading '/' and 'external-check path' is not set.`;
    report.alert(draft.position, `${proxy}: 'external-check command' ${why}`);
  }
}

function checkEmail(draft: ProxyDraft, report: Report): Proxy['email'] {
  const { email } = draft.shared;
  if (email === undefined) return undefined;
  if (email.mailers !== undefined && email.from !== undefined && email.to !== undefined) return email;
  const needs = `requires each of 'email-alert from', 'email-alert mailers' and 'email-alert to' to be present`;
  report.warn(draft.position, `'email-alert' will be ignored for ${proxyLabel(draft)} (it ${needs}).`);
  return undefined;
}

function checkStats(draft: ProxyDraft, { global }: FinishFacts, report: Report): Proxy['stats'] {
  const { stats } = draft.shared;
  if (stats === undefined) return undefined;
  if (stats.httpRequest.length > 0 && (stats.auths.length > 0 || stats.realm !== undefined)) {
    const both = `stats 'auth'/'realm' and 'http-request' can't be used at the same time.`;
    report.alert(draft.position, `proxy '${draft.name}': ${both}`);
  }
  if (stats.showDesc !== '') return stats;
  if (global.description !== undefined) return { ...stats, showDesc: global.description };
  const why = `requires a parameter or 'desc' to be set in the global section.`;
  report.warn(draft.position, `'show-desc' ${why}`);
  const { showDesc: _, ...rest } = stats;
  return rest;
}

const TCP_LOG: Readonly<Record<LogFormatOption, LogFormatOption>> = {
  httplog: 'tcplog',
  'httplog clf': 'tcplog clf',
  httpslog: 'tcplog',
  tcplog: 'tcplog',
  'tcplog clf': 'tcplog clf',
};

function finishLogOption(draft: ProxyDraft, report: Report): LogFormatOption | undefined {
  const { httpLog } = draft.frontend;
  if (httpLog === undefined || draft.shared.mode === 'http') return httpLog;
  const instead = TCP_LOG[httpLog];
  if (instead !== httpLog && hasFrontend(draft)) {
    const how = `(needs 'mode http'). Falling back to 'option ${instead}'.`;
    report.warn(draft.position, `'option ${httpLog}' not usable with ${proxyLabel(draft)} ${how}`);
  }
  return instead;
}

/** Flags of the other side are of no use to a frontend or a backend. */
function finishOptions(draft: ProxyDraft, ignored: ReadonlySet<string>, report: Report): ProxyOptions {
  const { shared } = draft;
  const httpLog = finishLogOption(draft, report);
  return {
    flags: new Set([...shared.flags].filter(flag => !ignored.has(flag))),
    noFlags: shared.noFlags,
    ...(shared.forwardfor === undefined ? {} : { forwardfor: shared.forwardfor }),
    ...(shared.originalto === undefined ? {} : { originalto: shared.originalto }),
    ...(shared.forwarded === undefined ? {} : { forwarded: shared.forwarded }),
    ...(httpLog === undefined ? {} : { httpLog }),
    ...(shared.restrictHeaderNames === undefined ? {} : { restrictHeaderNames: shared.restrictHeaderNames }),
  };
}

/** The last page of a status counts; a whole http-errors section replaces what stands above it only where it has one. */
function finishErrorFiles(pages: readonly ErrorFile[]): readonly ErrorFile[] {
  return pages.filter((page, index) => {
    if (page.status === 0) return true;
    return !pages.some((later, at) => at > index && later.status === page.status);
  });
}

function finishRules(draft: ProxyDraft): readonly Rule[] {
  const inherited = draft.from?.own.rules.map(rule => ({ ...rule, fromDefaults: true as const })) ?? [];
  return inherited.length === 0 ? draft.own.rules : [...inherited, ...draft.own.rules];
}

function finishBinds(draft: ProxyDraft): readonly Bind[] {
  const numbers = assignNumbers(draft.own.binds);
  return draft.own.binds.map((bind, index) => ({
    ...bind,
    id: numbers[index] as number,
    backlog: bind.backlog === 0 ? draft.frontend.backlog : bind.backlog,
  }));
}

function finishCookie(draft: ProxyDraft): Proxy['cookie'] {
  const { cookie, dynamicCookieKey } = draft.backend;
  if (cookie === undefined || dynamicCookieKey === undefined) return cookie;
  return { ...cookie, dynamicKey: dynamicCookieKey };
}

function finishCookieCapture(
  draft: ProxyDraft,
  { global }: FinishFacts,
  report: Report,
): Proxy['captures']['cookie'] {
  const capture = draft.own.cookieCapture;
  const most = global.tune.cookieLen - 1;
  if (capture === undefined || capture.len <= most) return capture;
  report.warn(draft.position, `truncating capture length to ${most} bytes for ${proxyLabel(draft)}.`);
  return { ...capture, len: most };
}

function finishCaptures(draft: ProxyDraft, facts: FinishFacts, report: Report): Proxy['captures'] {
  const { requestCaptures: request, responseCaptures: response, declaredCaptures: declared } = draft.own;
  const cookie = finishCookieCapture(draft, facts, report);
  return cookie === undefined ? { request, response, declared } : { request, response, declared, cookie };
}

function warnUselessStateFile(draft: ProxyDraft, facts: FinishFacts, report: Report): void {
  if (draft.backend.loadServerStateFrom !== 'global' || facts.global.serverStateFile !== undefined) return;
  const why = `Unfortunately, 'server-state-file' is not set!`;
  const what = `backend '${draft.name}' configured to load server state file from global section`;
  report.warn(draft.position, `${what} 'server-state-file' directive. ${why}`);
}

function finishTemplates({ own }: ProxyDraft, facts: FinishFacts): Proxy['serverTemplates'] {
  return own.serverTemplates.map(({ server, ...template }) => ({
    ...template,
    server: finishServer(server, server.id ?? 0, facts),
  }));
}

function checkSection(draft: ProxyDraft, facts: FinishFacts, report: Report): void {
  checkDefaults(draft, report);
  if (draft.kind !== 'backend' && draft.own.binds.length === 0) {
    const advice = 'Please declare it as a backend if this was intended.';
    report.warn(draft.position, `${proxyLabel(draft)} has no 'bind' directive. ${advice}`);
  }
  checkExternal(draft, facts, unlessMisread(draft, facts, report, 'external-check', 'option'));
  warnMissingTimeouts(draft, report);
  checkBindProtocols(draft, report);
  const logs = draft.shared.logs.length > 0 || (draft.shared.logGlobal && facts.global.logs.length > 0);
  const format = draft.frontend.httpLog ?? draft.frontend.logFormat ?? draft.frontend.logFormatSd;
  if (hasFrontend(draft) && !logs && format !== undefined)
    report.warn(draft.position, `log format ignored for ${proxyLabel(draft)} since it has no log address.`);
}

type Finished = { -readonly [Key in keyof Proxy]: Proxy[Key] };

type Checked = Pick<Proxy, 'options' | 'captures' | 'check' | 'balance'>;

/** What can be wrong with the section, and the parts in which the search for it results. */
function finishChecked(draft: ProxyDraft, facts: FinishFacts, report: Report): Checked {
  const { parts } = facts;
  checkSection(draft, facts, report);
  const ignored = warnWithoutHttp(draft, facts, report);
  const options = parts.same('options', finishOptions(draft, ignored, report));
  const captures = parts.same('captures', finishCaptures(draft, facts, report));
  const check = parts.same('check', finishCheck(draft, report));
  warnUselessStateFile(draft, facts, report);
  const aboutBalance = unlessMisread(draft, facts, report, 'mode', 'balance', 'hash-type', 'option');
  const balance = parts.same('balance', finishBalance(draft, aboutBalance));
  checkHaterm(draft, report);
  checkLogMode(draft, balance, unlessMisread(draft, facts, report, 'mode', 'balance', 'hash-type', 'server'));
  return { options, captures, check, balance };
}

/**
 * `id` is the number the proxy got: its own, or the next free one. Field by field, for the reason finishServer has:
 * those every proxy has, then those that were said.
 */
export function finishProxy(draft: ProxyDraft, id: number, facts: FinishFacts, report: Report): Proxy {
  const { own, shared, frontend, backend } = draft;
  const { parts } = facts;
  const { options, captures, check, balance } = finishChecked(draft, facts, report);
  const proxy: Finished = {
    kind: draft.kind as Proxy['kind'],
    name: draft.name,
    id,
    position: draft.position,
    mode: shared.mode,
    disabled: shared.disabled,
    timeouts: parts.same('timeouts', finishTimeouts(draft)),
    options,
    binds: orNone(finishBinds(draft)),
    maxconn: frontend.maxconn,
    rateLimitSessions: frontend.rateLimitSessions,
    useBackends: orNone(own.useBackends),
    monitorFail: orNone(own.monitorFail),
    captures,
    maxSessionSrvConns: frontend.maxSessionSrvConns,
    clientKeepAlive: parts.same('clientKeepAlive', frontend.clientKeepAlive),
    balance,
    hashType: parts.same('hashType', backend.hashType),
    hashBalanceFactor: backend.hashBalanceFactor,
    servers: finishServers(draft, check, facts, report),
    serverTemplates: orNone(finishTemplates(draft, facts)),
    transparent: shared.flags.has('transparent') && own.dispatch === undefined,
    useServers: orNone(own.useServers),
    retries: backend.retries,
    retryOn: shared.retryOn,
    redispatchAfter: backend.redispatchAfter,
    fullconn: backend.fullconn,
    maxKeepAliveQueue: backend.maxKeepAliveQueue,
    serverKeepAlive: parts.same('serverKeepAlive', backend.serverKeepAlive),
    httpReuse: shared.httpReuse,
    loadServerStateFrom: backend.loadServerStateFrom ?? 'none',
    check,
    acls: orNone(own.acls),
    defaultsAcls: orNone(draft.from?.own.acls ?? []),
    rules: orNone(finishRules(draft)),
    plainRules: orNone(own.plainRules),
    inspectDelayMs: parts.same('inspectDelayMs', shared.inspectDelayMs),
    errorFiles: orNone(finishErrorFiles(shared.errorFiles)),
    filters: orNone(own.filters),
    bandwidthLimits: orNone(own.bandwidthLimits),
    logs: orNone(shared.logs),
    logGlobal: shared.logGlobal,
    otherLines: orNone(own.otherLines),
  };
  addNames(proxy, draft);
  addFrontend(proxy, draft);
  addBackend(proxy, draft);
  const stats = checkStats(draft, facts, report);
  if (stats !== undefined) proxy.stats = stats;
  const email = checkEmail(draft, report);
  if (email !== undefined) proxy.email = email;
  return proxy;
}

function addNames(proxy: Finished, { own }: ProxyDraft): void {
  if (own.id !== undefined) proxy.explicitId = true;
  if (own.description !== undefined) proxy.description = own.description;
  if (own.guid !== undefined) proxy.guid = own.guid;
}

function addFrontend(proxy: Finished, draft: ProxyDraft): void {
  const { frontend, shared } = draft;
  if (shared.haterm && hasFrontend(draft)) proxy.haterm = true;
  if (frontend.monitorUri !== undefined) proxy.monitorUri = frontend.monitorUri;
  if (shared.uniqueIdFormat !== undefined) proxy.uniqueIdFormat = shared.uniqueIdFormat;
  if (shared.uniqueIdHeader !== undefined) proxy.uniqueIdHeader = shared.uniqueIdHeader;
  if (frontend.logSteps !== undefined) proxy.logSteps = frontend.logSteps;
  if (shared.logTag !== undefined) proxy.logTag = shared.logTag;
  if (!hasFrontend(draft)) return;
  if (frontend.defaultBackend !== undefined) proxy.defaultBackend = frontend.defaultBackend;
  if (frontend.logFormat !== undefined) proxy.logFormat = frontend.logFormat;
  if (frontend.errorLogFormat !== undefined) proxy.errorLogFormat = frontend.errorLogFormat;
  if (frontend.logFormatSd !== undefined) proxy.logFormatSd = frontend.logFormatSd;
}

function addBackend(proxy: Finished, draft: ProxyDraft): void {
  const { own, backend, shared } = draft;
  const cookie = finishCookie(draft);
  if (shared.hashPreserveAffinity !== undefined) proxy.hashPreserveAffinity = shared.hashPreserveAffinity;
  if (own.dispatch !== undefined) proxy.dispatch = own.dispatch;
  if (cookie !== undefined) proxy.cookie = cookie;
  if (shared.sendNameHeader !== undefined) proxy.sendNameHeader = shared.sendNameHeader;
  if (backend.persistRdpCookie !== undefined) proxy.persistRdpCookie = backend.persistRdpCookie;
  if (backend.source !== undefined) proxy.source = backend.source;
  if (own.serverStateFileName !== undefined) proxy.serverStateFileName = own.serverStateFileName;
  if (own.filterSequence !== undefined) proxy.filterSequence = own.filterSequence;
  if (shared.compression !== undefined) proxy.compression = shared.compression;
  if (own.stickTable !== undefined) proxy.stickTable = own.stickTable;
}
