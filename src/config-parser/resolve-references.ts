/** Names of other things a proxy refers to: backends, servers, sections. Unknown ones stop the load. */
import type { Config } from '../model/config.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';
import type { Word } from '../model/word.ts';
import { ringNames } from './event-sinks.ts';
import { didYouMean } from './nearest.ts';
import type { ParserContext } from './parser-context.ts';

/** What can be referred to. */
interface Names {
  readonly config: Config;
  readonly backends: ReadonlyMap<string, Proxy>;
  /** `<kind> <name>` */
  readonly sections: ReadonlySet<string>;
  /** Proxies whose `mode` line has a mistake. */
  readonly ofUnknownMode: ReadonlySet<string>;
}

export function createNames(config: Config, ofUnknownMode: ReadonlySet<string>): Names {
  const backends = config.proxies.filter(({ kind }) => kind !== 'frontend');
  return {
    config,
    backends: new Map(backends.map(proxy => [proxy.name, proxy])),
    sections: new Set(config.otherSections.map(({ kind, name }) => `${kind} ${name}`)),
    ofUnknownMode,
  };
}

function title({ kind, name }: Proxy): string {
  return `${kind === 'listen' ? 'proxy' : kind} '${name}'`;
}

function describe(proxy: Proxy): string {
  return `${proxy.mode} ${title(proxy)} (${proxy.position.file}:${proxy.position.line})`;
}

/** The name is computed for every request (log format). */
function isDynamic(name: string): boolean {
  return name.includes('%');
}

interface Reference {
  readonly keyword: 'default_backend' | 'use_backend';
  readonly target: Word;
}

function checkBackend(
  proxy: Proxy,
  { keyword, target }: Reference,
  { backends, ofUnknownMode }: Names,
  context: ParserContext,
): void {
  if (isDynamic(target.text)) return;
  const found = backends.get(target.text);
  const what = `Proxy '${proxy.name}'`;
  if (found === undefined) {
    const message = `${what}: unable to find required ${keyword}: '${target.text}'.`;
    context.alert(target, message, didYouMean(target.text, backends.keys()));
  } else if (found === proxy)
    context.alert(target, `${what}: loop detected for ${keyword}: '${target.text}'.`);
  else if (ofUnknownMode.has(proxy.name) || ofUnknownMode.has(found.name)) return;
  else if (found.mode !== proxy.mode && !(proxy.mode === 'tcp' && found.mode === 'http')) {
    const place = keyword === 'default_backend' ? 'as its default backend' : `in a 'use_backend' rule`;
    const who = `${describe(proxy)} tries to use incompatible ${describe(found)}`;
    context.alert(target, `${who} ${place} (see 'mode').`);
  } else if (keyword === 'default_backend' && proxy.servers.length > 0) {
    const always = `the 'default_backend' rule always has precedence over the servers`;
    context.warn(target, `In proxy '${proxy.name}', ${always}, which will never be used.`);
  }
}

function checkUseServers(proxy: Proxy, context: ParserContext): void {
  if (proxy.useServers.length === 0) return;
  const servers = new Set(proxy.servers.map(({ name }) => name));
  for (const { target } of proxy.useServers) {
    if (isDynamic(target.text) || servers.has(target.text)) continue;
    const what = `unable to find server '${target.text}' referenced in a 'use-server' rule.`;
    context.alert(target, `${title(proxy)} : ${what}`, didYouMean(target.text, servers));
  }
}

function checkErrorSections(proxy: Proxy, { config }: Names, context: ParserContext): void {
  for (const { source, status, position } of proxy.errorFiles) {
    if (source.kind !== 'section') continue;
    const section = config.httpErrors.find(({ name }) => name === source.name);
    if (section === undefined)
      context.alert(
        position,
        `proxy '${proxy.name}': unable to find the http-errors section '${source.name}'.`,
      );
    else if (status !== 0 && !section.errorFiles.some(page => page.status === status))
      context.warn(
        position,
        `proxy '${proxy.name}' : status '${status}' not declared in http-errors section '${source.name}'.`,
      );
  }
}

function checkLogBackend(
  name: string,
  position: Position,
  { backends, ofUnknownMode }: Names,
  context: ParserContext,
): void {
  const backend = backends.get(name);
  if (backend === undefined) context.alert(position, `unable to find log backend '${name}'.`);
  else if (backend.mode !== 'log' && !ofUnknownMode.has(name))
    context.alert(position, `'${name}' is no log backend: its mode is '${backend.mode}', 'log' is expected.`);
}

function checkLogTargets(logs: Proxy['logs'], names: Names, context: ParserContext): void {
  for (const { target, profile, position } of logs) {
    if (target.kind === 'ring' && !ringNames(names.config).includes(target.name))
      context.alert(position, `unable to find ring '${target.name}' for the log server.`);
    if (target.kind === 'backend') checkLogBackend(target.name, position, names, context);
    if (profile !== undefined && !names.sections.has(`log-profile ${profile}`))
      context.alert(position, `unknown log-profile '${profile}'.`);
  }
}

/** `stick-table ... peers <section>` */
function checkStickTable(proxy: Proxy, names: Names, context: ParserContext): void {
  const words = proxy.stickTable ?? [];
  const at = words.findIndex(word => word.text === 'peers');
  const name = at < 0 ? undefined : words[at + 1];
  if (name !== undefined && !names.sections.has(`peers ${name.text}`))
    context.alert(name, `Proxy '${proxy.name}': unable to find sync peers '${name.text}'.`);
}

function checkMailers(proxy: Proxy, names: Names, context: ParserContext): void {
  const name = proxy.email?.mailers;
  if (name !== undefined && !names.sections.has(`mailers ${name}`))
    context.alert(proxy.position, `Proxy '${proxy.name}': unable to find mailers '${name}'.`);
}

/** `track [<backend>/]<server>` */
function checkTrack(proxy: Proxy, server: Server, names: Names, context: ParserContext): void {
  if (server.track === undefined) return;
  const { text } = server.track;
  const slash = text.indexOf('/');
  const backend = slash < 0 ? proxy : names.backends.get(text.slice(0, slash));
  const name = text.slice(slash + 1);
  const who = `${title(proxy)}, server '${server.name}'`;
  if (backend === undefined) {
    const hint = didYouMean(text.slice(0, slash), names.backends.keys());
    const what = `unable to find required proxy '${text.slice(0, slash)}' for tracking.`;
    context.alert(server.track, `${who}: ${what}`, hint);
    return;
  }
  const tracked = backend.servers.find(one => one.name === name);
  if (tracked === undefined) {
    const servers = backend.servers.map(one => one.name);
    const what = `unable to find required server '${name}' for tracking.`;
    context.alert(server.track, `${who}: ${what}`, didYouMean(name, servers));
  } else if (comesBack(proxy, server, names)) {
    const what = `unable to track ${backend.name}/${name} as it belongs to a tracking chain looping back to`;
    context.alert(server.track, `${who}: ${what} ${proxy.name}/${server.name}.`);
  } else if (!isJudged(tracked)) {
    const what = `unable to use ${backend.name}/${name} for tracking as it does not have any check nor agent enabled.`;
    context.alert(server.track, `${who}: ${what}`);
  }
}

/** Something says whether it is up. */
function isJudged({ check, agent, track }: Server): boolean {
  return check?.enabled === true || agent?.enabled === true || track !== undefined;
}

/** Whether the servers that follow each other end where they began. */
function comesBack(proxy: Proxy, server: Server, names: Names): boolean {
  const passed = new Set<Server>();
  let [home, at]: readonly [Proxy, Server | undefined] = [proxy, server];
  while (at?.track !== undefined && !passed.has(at)) {
    passed.add(at);
    const [name = '', backend] = at.track.text.split('/').toReversed();
    home = backend === undefined ? home : (names.backends.get(backend) ?? home);
    at = home.servers.find(one => one.name === name);
  }
  return at === server;
}

/** The section `default` exists always, made of the system's settings. */
function checkResolvers(proxy: Proxy, server: Server, names: Names, context: ParserContext): void {
  const { resolvers } = server;
  if (resolvers === undefined || resolvers === 'default' || names.sections.has(`resolvers ${resolvers}`))
    return;
  const what = `unable to find required resolvers '${resolvers}'`;
  context.alert(server.position, `${title(proxy)}, server '${server.name}': ${what}`);
}

/** `do-resolve(<var>,<resolvers>[,...])` */
function checkResolvingRules(proxy: Proxy, names: Names, context: ParserContext): void {
  for (const { action, actionArgs, position } of proxy.rules) {
    if (action !== 'do-resolve') continue;
    const name = actionArgs?.split(',')[1]?.trim() ?? '';
    if (name === '' || name === 'default' || names.sections.has(`resolvers ${name}`)) continue;
    context.alert(
      position,
      `${title(proxy)}: do-resolve action: unable to find resolvers section '${name}'.`,
    );
  }
}

export function checkReferences(proxy: Proxy, names: Names, context: ParserContext): void {
  if (proxy.defaultBackend !== undefined)
    checkBackend(proxy, { keyword: 'default_backend', target: proxy.defaultBackend }, names, context);
  for (const { target } of proxy.useBackends)
    checkBackend(proxy, { keyword: 'use_backend', target }, names, context);
  checkUseServers(proxy, context);
  checkErrorSections(proxy, names, context);
  checkLogTargets(proxy.logs, names, context);
  checkStickTable(proxy, names, context);
  checkMailers(proxy, names, context);
  checkResolvingRules(proxy, names, context);
  for (const server of proxy.servers) {
    checkTrack(proxy, server, names, context);
    checkResolvers(proxy, server, names, context);
  }
}

/** `log` lines of the global section and of `log-forward` sections. */
export function checkGlobalReferences(names: Names, context: ParserContext): void {
  checkLogTargets(names.config.global.logs, names, context);
  for (const { logs } of names.config.logForwards) checkLogTargets(logs, names, context);
  checkHttpClient(names, context);
}

const RESOLVERS = 'resolvers ';

/** `httpclient.resolvers.id` */
function checkHttpClient({ config, sections }: Names, context: ParserContext): void {
  const wordOf = (keyword: string): Word | undefined =>
    config.global.httpClientLines.findLast(
      ([first]) => first?.text === `httpclient.resolvers.${keyword}`,
    )?.[1];
  const word = wordOf('id');
  if (word === undefined || wordOf('disabled')?.text === 'on') return;
  if (word.text === 'default' || sections.has(`${RESOLVERS}${word.text}`)) return;
  const known = [...sections].filter(one => one.startsWith(RESOLVERS));
  context.alert(
    word,
    `'httpclient.resolvers.id' : unable to find required resolvers '${word.text}'.`,
    didYouMean(
      word.text,
      known.map(one => one.slice(RESOLVERS.length)),
    ),
  );
}
