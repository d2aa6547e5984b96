/** Turns the servers of a section into model Servers when the section ends: numbers, limits, what contradicts itself. */
import type { Global } from '../../model/global.ts';
import type { CheckMethod, Mode } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import { isSrvName } from '../address.ts';
import { unlessMisread } from './misread.ts';
import { proxyLabel, type ProxyDraft } from './proxy-draft.ts';
import type { FinishFacts, Report } from './report.ts';
import { sendProxyOf, type ServerDraft } from './server-draft.ts';
import { checkServerProtocol } from './protocols.ts';
import { asReverse, checkReverseServer } from './server-reverse.ts';
import { checkServerTls, serverTls } from './server-tls.ts';

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

function refuseRepeatedNames(draft: ProxyDraft, report: Report): void {
  const seen = new Map<string, ServerDraft>();
  for (const server of draft.own.servers) {
    const first = seen.get(server.name);
    if (first === undefined) {
      seen.set(server.name, server);
      continue;
    }
    const where = `was already defined at line ${first.position.line}, please use distinct names.`;
    report.alert(server.position, `${proxyLabel(draft)}, another server named '${server.name}' ${where}`);
  }
}

/** A tcp-check or http-check `connect` rule that says where to go. */
function connectsElsewhere(check: CheckMethod): boolean {
  const rules = check.kind === 'httpchk' ? check.httpCheck : check.kind === 'tcp-check' ? check.tcpCheck : [];
  const connects = rules.filter(rule => rule[0]?.text === 'connect');
  return (
    connects.length > 0 && connects.every(rule => rule.some(({ text }) => text === 'port' || text === 'addr'))
  );
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function refuseCheckWithoutPort(
  draft: ProxyDraft,
  server: ServerDraft,
  check: CheckMethod,
  report: Report,
): void {
  const target = server.check.address ?? server.address;
  // an address that says nothing (`:`, `*`) is none to HAProxy: it does not ask for a port then
  const internet =
    (target.kind === 'name' && !isSrvName(target.host)) ||
    (target.kind === 'ip' && !isUnspecified(target.host));
  const asks =
    server.check.enabled && server.track === undefined && server.check.healthcheckSection === undefined;
  if (!asks || !internet || check.kind === 'external') return;
  const own = server.address.kind === 'ip' || server.address.kind === 'name' ? server.address.port : 0;
  if ((server.check.port ?? 0) > 0 || target.port > 0 || own > 0 || connectsElsewhere(check)) return;
  const what = `server '${server.name}' has neither service port nor check port`;
  report.alert(server.position, `${proxyLabel(draft)}: ${what}.`);
}

function checkMode(draft: ProxyDraft, server: ServerDraft, mode: Mode, report: Report): void {
  if (mode === 'http') return;
  const label = proxyLabel(draft);
  if (server.redirPrefix !== undefined)
    report.alert(
      server.position,
      `${label} : server cannot have cookie or redirect prefix in non-HTTP mode.`,
    );
  if (server.cookie !== undefined)
    report.warn(
      server.position,
      `${label} : ignoring cookie for server '${server.name}' as HTTP mode is disabled.`,
    );
  if (server.mapPorts && draft.backend.persistRdpCookie !== undefined) {
    const why = 'because it lacks an explicit port number.';
    report.warn(
      server.position,
      `${label} : RDP cookie persistence will not work for server '${server.name}' ${why}`,
    );
  }
}

const LOST_IN_A_SYN = ['conn-failure', 'empty-response', 'response-timeout'] as const;

/** A request that went out with the first packet is lost with it, unless it may go out again. */
function checkFastOpen(
  { shared }: ProxyDraft,
  { name, position, otherOptions }: ServerDraft,
  report: Report,
): void {
  if (!otherOptions.has('tfo') || LOST_IN_A_SYN.every(reason => shared.retryOn.includes(reason))) return;
  const advice =
    `the backend should be configured with at least 'conn-failure', 'empty-response' and 'response-timeout' ` +
    `or we wouldn't be able to retry the connection on failure.`;
  report.warn(position, `server '${name}' : server has tfo activated, ${advice}`);
}

/** A minconn above the maxconn, or alone, is the maxconn; a maxconn alone does not move with the load. */
function limits({ minconn, maxconn }: ServerDraft): { minconn: number; maxconn: number } {
  if (minconn > maxconn) return { minconn, maxconn: minconn };
  return minconn === 0 ? { minconn: maxconn, maxconn } : { minconn, maxconn };
}

/** `port` is that of the agent, too, where `agent-port` says no other. */
function agentPortOf({ agent, check }: ServerDraft): number {
  return agent.port === 0 ? (check.port ?? 0) : agent.port;
}

function agentOf(server: ServerDraft): Server['agent'] {
  const { agent, check } = server;
  if (!agent.enabled) return undefined;
  const port = agentPortOf(server);
  const address = agent.address ?? check.address;
  return address === undefined ? { ...agent, port } : { ...agent, port, address };
}

type Finished = { -readonly [Key in keyof Server]: Server[Key] };

/**
 * Field by field, first those every server has, then those that were said: an object that is filled in a loop, by names
 * it is given, becomes a dictionary to V8, which costs ten thousand servers five times the memory and time.
 */
export function finishServer(written: ServerDraft, id: number, { global, parts }: FinishFacts): Server {
  const server = asReverse(written);
  const { minconn, maxconn } = limits(server);
  const finished: Finished = {
    id,
    minconn,
    maxconn,
    name: server.name,
    position: server.position,
    address: server.address,
    ...(server.datagram && { datagram: true as const }),
    mapPorts: server.mapPorts,
    portOffset: server.portOffset,
    weight: server.weight,
    backup: server.backup,
    disabled: server.disabled,
    nonStick: server.nonStick,
    maxqueue: server.maxqueue,
    poolMaxConn: server.poolMaxConn,
    poolLowConn: server.poolLowConn,
    poolPurgeDelayMs: server.poolPurgeDelayMs,
    maxReuse: server.maxReuse,
    tcpUserTimeoutMs: server.tcpUserTimeoutMs,
    errorLimit: server.errorLimit,
    onError: server.onError,
    slowstartMs: server.slowstartMs,
    initAddr: server.initAddr,
    hashKey: server.hashKey,
    otherOptions: server.otherOptions,
    check: parts.same('server.check', server.check),
  };
  addSaid(finished, server);
  addTransport(finished, server, global);
  return finished;
}

function addSaid(finished: Finished, server: ServerDraft): void {
  if (server.id !== undefined) finished.explicitId = true;
  if (server.strictMaxconn) finished.strictMaxconn = true;
  if (server.cookie !== undefined) finished.cookie = server.cookie;
  if (server.redirPrefix !== undefined) finished.redirPrefix = server.redirPrefix;
  if (server.source !== undefined) finished.source = server.source;
  if (server.namespace !== undefined) finished.namespace = server.namespace;
  if (server.socks4 !== undefined) finished.socks4 = server.socks4;
  if (server.md5Signature !== undefined) finished.md5Signature = server.md5Signature;
  if (server.poolConnName !== undefined) finished.poolConnName = server.poolConnName;
  if (server.track !== undefined) finished.track = server.track;
  if (server.observe !== undefined) finished.observe = server.observe;
  if (server.onMarkedDown !== undefined) finished.onMarkedDown = server.onMarkedDown;
  if (server.onMarkedUp !== undefined) finished.onMarkedUp = server.onMarkedUp;
  if (server.initState !== undefined) finished.initState = server.initState;
  if (server.resolvers !== undefined) finished.resolvers = server.resolvers;
  if (server.guid !== undefined) finished.guid = server.guid;
}

function addTransport(finished: Finished, server: ServerDraft, global: Global): void {
  const sendProxy = sendProxyOf(server, global.flags.has('pp2-never-send-local'));
  const agent = agentOf(server);
  const tls = serverTls(server, global);
  if (server.proto !== undefined) finished.proto = server.proto;
  if (server.ws !== undefined) finished.ws = server.ws;
  if (sendProxy !== undefined) finished.sendProxy = sendProxy;
  if (agent !== undefined) finished.agent = agent;
  else if (agentPortOf(server) > 0) finished.agentPort = agentPortOf(server);
  if (server.refusesSsl) finished.refusesSsl = true;
  if (tls !== undefined) finished.tls = tls;
  if (tls !== undefined && server.useSsl) finished.ssl = tls;
}

export function finishServers(
  draft: ProxyDraft,
  check: CheckMethod,
  facts: FinishFacts,
  report: Report,
): Server[] {
  const { servers } = draft.own;
  const { mode } = draft.shared;
  refuseRepeatedNames(draft, report);
  const numbers = assignNumbers(servers);
  const about = (...keywords: Parameters<typeof unlessMisread>[3][]): Report =>
    unlessMisread(draft, facts, report, ...keywords);
  const aboutChecks = about('default-server', 'option', 'http-check', 'tcp-check');
  const aboutTls = about('default-server', 'ssl-server-verify');
  const aboutMode = about('mode');
  const aboutProtocol = about('mode', 'default-server', 'option', 'http-check', 'tcp-check');
  for (const server of servers) {
    refuseCheckWithoutPort(draft, server, check, aboutChecks);
    if (server.address.kind !== 'reverse') checkServerTls(draft, server, check, facts.global, aboutTls);
    checkReverseServer(draft, server, mode, aboutMode);
    checkMode(draft, server, mode, aboutMode);
    checkServerProtocol(draft, server, mode, check, aboutProtocol);
    if (mode === 'http' || mode === 'tcp') checkFastOpen(draft, server, report);
  }
  return servers.map((server, index) => finishServer(server, numbers[index] as number, facts));
}
