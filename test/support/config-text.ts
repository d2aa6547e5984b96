/**
 * A parsed configuration as stable text for golden cases: only what differs from an empty section of the same
 * kind is shown, positions are left out, words are their texts.
 */
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Config } from '../../src/model/config.ts';
import type { Proxy } from '../../src/model/proxy.ts';

type Lines = Map<string, string>;

function isWord(value: object): value is { text: string } {
  return 'text' in value && 'position' in value && Object.keys(value).length === 2;
}

function flattenEntries(path: string, entries: Iterable<readonly [string, unknown]>, lines: Lines): void {
  for (const [key, value] of entries) flatten(path === '' ? key : `${path}.${key}`, value, lines);
}

function flattenList(path: string, list: readonly unknown[], lines: Lines): void {
  const words = list.every(item => typeof item === 'object' && item !== null && isWord(item));
  if (words && list.length > 0) lines.set(path, list.map(item => JSON.stringify(item.text)).join(' '));
  else if (list.every(item => typeof item !== 'object')) lines.set(path, JSON.stringify(list));
  else list.forEach((item, index) => flatten(`${path}[${index}]`, item, lines));
}

function flatten(path: string, value: unknown, lines: Lines): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) lines.set(path, JSON.stringify(value));
  else if (value instanceof Map) flattenEntries(path, value as Map<string, unknown>, lines);
  else if (value instanceof Set) lines.set(path, JSON.stringify([...value].map(String).toSorted()));
  else if (Array.isArray(value)) flattenList(path, value, lines);
  else if (isWord(value)) lines.set(path, JSON.stringify(value.text));
  else
    flattenEntries(
      path,
      Object.entries(value).filter(([key]) => key !== 'position'),
      lines,
    );
}

function toLines(value: unknown): Lines {
  const lines: Lines = new Map();
  flatten('', value, lines);
  return lines;
}

function difference(value: unknown, baseline: unknown): string[] {
  const empty = toLines(baseline);
  return [...toLines(value)]
    .filter(([path, text]) => empty.get(path) !== text)
    .map(([path, text]) => `${path} = ${text}`);
}

const BASELINE_TEXT = `
frontend frontend
  bind 1.2.3.4:80
backend backend
  server s 1.2.3.4:80
listen listen
  bind 1.2.3.4:80
  server s 1.2.3.4:80
`;

function parseBaseline(): Config {
  const files = [{ path: 'baseline.cfg', text: BASELINE_TEXT }];
  const result = parseConfig(files, { environment: {}, readFile: () => ({ error: 'none' }) });
  if (result.config === undefined) throw new Error(result.diagnostics.map(one => one.message).join('\n'));
  return result.config;
}

let baseline: Config | undefined;

function describeProxy(proxy: Proxy): string[] {
  baseline ??= parseBaseline();
  const empty = baseline.proxies.find(one => one.kind === proxy.kind) as Proxy;
  const bare = { ...empty, binds: [], servers: [] };
  const { kind, name, id: _id, binds, servers, serverTemplates, ...rest } = proxy;
  const lines = difference(rest, bare);
  const emptyBind = empty.binds[0];
  const emptyServer = empty.servers[0];
  binds.forEach((bind, index) =>
    lines.push(
      ...difference(bind, emptyBind && { ...emptyBind, address: undefined }).map(
        line => `bind[${index}].${line}`,
      ),
    ),
  );
  servers.forEach(server =>
    lines.push(
      ...difference(
        server,
        emptyServer && { ...emptyServer, address: undefined, name: undefined, id: undefined },
      )
        .filter(line => !line.startsWith('name = '))
        .map(line => `server ${server.name}.${line}`),
    ),
  );
  serverTemplates.forEach(({ prefix, first, last, server }) =>
    lines.push(
      `server-template ${prefix} ${first}-${last}`,
      ...difference(server, emptyServer && { ...emptyServer, address: undefined }).map(
        line => `template ${prefix}.${line}`,
      ),
    ),
  );
  return [`${kind} ${name}`, ...lines.map(line => `  ${line}`)];
}

export function describeConfig(config: Config): string {
  baseline ??= parseBaseline();
  const lines = difference(config.global, baseline.global).map(line => `  ${line}`);
  if (lines.length > 0) lines.unshift('global');
  for (const proxy of config.proxies) lines.push(...describeProxy(proxy));
  for (const { name, ...rest } of config.userlists)
    lines.push(`userlist ${name}`, ...difference(rest, {}).map(line => `  ${line}`));
  for (const { name, ...rest } of config.httpErrors)
    lines.push(`http-errors ${name}`, ...difference(rest, {}).map(line => `  ${line}`));
  for (const { name, ...rest } of config.logForwards)
    lines.push(`log-forward ${name}`, ...difference(rest, {}).map(line => `  ${line}`));
  for (const { name, ...rest } of config.caches)
    lines.push(`cache ${name}`, ...difference(rest, {}).map(line => `  ${line}`));
  for (const { kind, name, lines: words } of config.otherSections)
    lines.push(
      `${kind} ${name}`,
      ...words.map(line => `  ${line.map(word => JSON.stringify(word.text)).join(' ')}`),
    );
  return lines.map(line => `${line}\n`).join('');
}
