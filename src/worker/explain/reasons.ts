/** Why a request goes to this backend and this server, in words. */
import type { Balance } from '../../model/balance.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { BackendRuntime, ServerRuntime, WatchedExchange } from '../../proxy/runtime/runtime.ts';
import type { ExplainedRule } from '../../rules/explain.ts';
import type { Explanation, Place } from './explanation.ts';

export function explainBackend(
  { config }: BackendRuntime,
  frontend: Proxy,
  rules: readonly ExplainedRule[],
): Place {
  const { name, position } = config;
  return { name, file: position.file, line: position.line, reason: backendReason(config, frontend, rules) };
}

function backendReason(backend: Proxy, frontend: Proxy, rules: readonly ExplainedRule[]): string {
  const rule = lastMatched(rules, 'use_backend', frontend.name);
  if (rule !== undefined) return `chosen by use_backend at ${rule.file}:${rule.line}`;
  const word = frontend.defaultBackend;
  if (word !== undefined) return `default_backend at ${word.position.file}:${word.position.line}`;
  return backend === frontend ? 'the listen section itself' : 'chosen by the frontend';
}

export function explainServer(
  server: ServerRuntime,
  rules: readonly ExplainedRule[],
  byCookie: boolean,
  exchange: WatchedExchange,
): NonNullable<Explanation['server']> {
  const { name, position } = server.config;
  return {
    name,
    file: position.file,
    line: position.line,
    address: addressOf(server, exchange),
    reason: serverReason(server, rules, byCookie),
  };
}

function addressOf(server: ServerRuntime, { client }: WatchedExchange): string {
  const target = server.target({ client, request: undefined });
  if (target.kind === 'unix') return `unix@${target.path.replace(/^\0/, '@')}`;
  return target.family === 6 ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
}

function serverReason(
  { backend }: ServerRuntime,
  rules: readonly ExplainedRule[],
  byCookie: boolean,
): string {
  if (byCookie) return `the request's cookie ${backend.config.cookie?.name ?? ''} names it`;
  const rule = lastMatched(rules, 'use-server', backend.config.name);
  if (rule !== undefined) return `chosen by use-server at ${rule.file}:${rule.line}`;
  const usable = backend.usableServers();
  const all = backend.servers.length;
  if (usable === 1) return all === 1 ? 'the only server' : `the only usable one of ${all} servers`;
  return `${describeBalance(backend.config.balance)} among ${usable === all ? all : `${usable} usable of ${all}`} servers`;
}

function lastMatched(
  rules: readonly ExplainedRule[],
  title: string,
  proxy: string,
): ExplainedRule | undefined {
  return rules.findLast(
    rule => rule.matched === true && rule.proxy === proxy && rule.rule.startsWith(`${title} `),
  );
}

function describeBalance(balance: Balance): string {
  switch (balance.algorithm) {
    case 'roundrobin':
    case 'static-rr':
      return `balance ${balance.algorithm}: the first turn after a start,`;
    case 'leastconn':
      return 'balance leastconn: the first of those without connections,';
    case 'first':
      return 'balance first: the lowest id with room';
    case 'random':
      return 'balance random: drawn by chance';
    case 'source':
      return 'balance source: by hash of the source address';
    case 'uri':
      return 'balance uri: by hash of the URI';
    case 'url_param':
      return `balance url_param ${balance.name}: by hash of that parameter, or in turn without it,`;
    case 'hdr':
      return `balance hdr(${balance.name}): by hash of that header, or in turn without it,`;
    case 'rdp-cookie':
      return `balance rdp-cookie(${balance.name}): by hash of that cookie, or in turn without it,`;
    case 'hash':
      return `balance hash ${balance.expression.text}: by hash of that value, or in turn without it,`;
    case 'sticky':
      return 'balance sticky: the one chosen before, or the first usable';
    case 'log-hash':
    case 'none':
      return `balance ${balance.algorithm}`;
  }
}
