/**
 * `add server` and `del server`: servers that the configuration does not have, or no longer. A new one is in
 * maintenance, its checks disabled, until commands say otherwise (management manual, `add server`).
 */
import { serverSeed } from '../../balancers/server-seed.ts';
import { findServerOption, SERVER_OPTIONS } from '../../config-parser/haproxy/server-options.ts';
import { NOT_SUPPORTED_YET } from '../../config-parser/not-supported-yet.ts';
import { parseConfig } from '../../config-parser/parse.ts';
import { hasDynamicWeights } from '../../state/plan.ts';
import { ADMIN_MAINT } from '../../state/server-words.ts';
import type { Severity } from '../../model/diagnostic.ts';
import type { Global } from '../../model/global.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import type { Word } from '../../model/word.ts';
import { dump, fail, INFO, say, type Answer, type Call, type Command } from '../command.ts';
import { findServer, guidOwner } from '../find.ts';
import type { AdminRuntime } from '../runtime.ts';

/** What a server added at run time cannot have: it is in maintenance, its name is never resolved, namespaces are opened at the start. */
const UNSUITED: ReadonlySet<string> = new Set([
  'enabled',
  'init-addr',
  'namespace',
  'resolve-net',
  'resolve-opts',
  'resolve-prefer',
  'resolvers',
]);

function suitedOptions(): readonly string[] {
  return SERVER_OPTIONS.map(({ name }) => name).filter(
    name => !UNSUITED.has(name) && !NOT_SUPPORTED_YET.has(`server ${name}`),
  );
}

function findUnsuited(words: readonly string[]): string | undefined {
  return words.find(
    (word, index) => UNSUITED.has(word) && findServerOption(words[index - 1] ?? '')?.words !== 1,
  );
}

const HIGHEST_ID = 0x7fff_ffff;

async function addServer(call: Call): Promise<Answer> {
  const { args, runtime } = call;
  if (args.at(2) === 'help')
    return dump(['List of keywords supported for dynamic servers:\n', `${suitedOptions().join('\n')}\n`]);
  const slash = args.at(2).indexOf('/');
  const name = args.at(2).slice(slash + 1);
  if (slash < 0 || name === '') return fail(`Require 'backend/server'.`);
  const { directory } = runtime;
  const backend = directory.backend(args.at(2).slice(0, slash));
  if (backend < 0) return fail('No such backend.');
  const proxy = directory.proxies[backend] as Proxy;
  if (proxy.mode === 'log')
    return fail(`Backend does not support dynamic servers : backend '${proxy.name}' uses mode log.`);
  if (proxy.servers.length > 0 && !hasDynamicWeights(proxy.balance, proxy.hashType))
    return fail(
      `Backend does not support dynamic servers : backend '${proxy.name}' uses a non dynamic load balancing method.`,
    );
  if (directory.server(backend, name) !== undefined)
    return fail('Already exists a server with the same name in backend.');
  const { words, track } = withoutTracking(args.from(3));
  const tracked = track === undefined ? undefined : trackable(runtime, backend, track);
  if (tracked !== undefined && 'wrong' in tracked) return fail(tracked.wrong);
  const unsuited = findUnsuited(args.from(4));
  if (unsuited !== undefined) return fail(`'${unsuited}' option is not accepted for dynamic server`);
  const parsed = parseServer(runtime.config.global, proxy, name, words);
  if ('wrong' in parsed) return fail(parsed.wrong);
  const mistake =
    contradiction(runtime, parsed.server, track !== undefined) ?? runtime.mistakeIn(parsed.server, proxy);
  if (mistake !== undefined) return fail(mistake);
  const server = withFreeId(runtime, backend, parsed.server, words);
  const seen = tracked === undefined ? server : { ...server, track: tracked.track };
  return register(runtime, backend, seen, parsed.warnings);
}

/** The parser of configurations does not see the other servers: `track` is read here. */
function withoutTracking(words: readonly string[]): { words: readonly string[]; track: string | undefined } {
  const at = words.indexOf('track');
  if (at < 0) return { words, track: undefined };
  return { words: [...words.slice(0, at), ...words.slice(at + 2)], track: words[at + 1] ?? '' };
}

/** `[<backend>/]<server>`: one of the configuration that is checked. */
function trackable(
  { directory, servers }: AdminRuntime,
  own: number,
  text: string,
): { readonly track: Word } | { readonly wrong: string } {
  const slash = text.indexOf('/');
  const backend = slash < 0 ? own : directory.backend(text.slice(0, slash));
  if (backend < 0) return { wrong: `unable to find required proxy '${text.slice(0, slash)}' for tracking.` };
  const server = directory.server(backend, text.slice(slash + 1));
  if (server === undefined)
    return { wrong: `unable to find required server '${text.slice(slash + 1)}' for tracking.` };
  const name = `${server.proxy.name}/${server.config.name}`;
  if (server.isDynamic) return { wrong: `unable to use ${name} for tracking as it is a dynamic server.` };
  const { check, agent, track } = server.config;
  const isChecked = check?.enabled === true || agent?.enabled === true || track !== undefined;
  if (!isChecked && !servers.checks.enabled(server.row, 'check'))
    return { wrong: `unable to use ${name} for tracking as it does not have any check nor agent enabled.` };
  return { track: { text: name, position: { file: 'CLI', line: 0, column: 0 } } };
}

/** What the parser cannot say of a server without the rest of the configuration. */
function contradiction(
  { config, directory }: AdminRuntime,
  { check, guid }: Server,
  tracks: boolean,
): string | undefined {
  if (tracks && check?.enabled === true) return 'unable to enable checks and tracking at the same time!';
  const section = check?.healthcheckSection;
  const isKnown = config.otherSections.some(({ kind, name }) => kind === 'healthcheck' && name === section);
  if (section !== undefined && !isKnown) return `healthcheck section '${section}' not found.`;
  const owner = guid === undefined ? undefined : guidOwner(directory, guid);
  return owner === undefined ? undefined : `'guid': duplicate entry with ${owner}.`;
}

/** By the parser of configurations, as the only server of a backend of that name and mode. */
function parseServer(
  global: Global,
  { mode, name: backend }: Proxy,
  name: string,
  words: readonly string[],
): { readonly server: Server; readonly warnings: readonly string[] } | { readonly wrong: string } {
  if (words.length === 0) return { wrong: `'server' expects <name> and <addr>[:<port>] as arguments.` };
  const line = ['server', name, ...words].map(quoted).join(' ');
  const content = `global\n${tlsLines(global)}backend ${quoted(backend)}\n mode ${mode}\n ${line}\n`;
  const { config, diagnostics } = parseConfig([{ path: 'CLI', text: content }], {
    environment: process.env,
    readFile: () => ({ error: 'no files are read at run time' }),
  });
  const lineNumber = content.split('\n').length - 1;
  const [server] = config?.proxies.at(-1)?.servers ?? [];
  const said = (severity: Severity): readonly string[] =>
    diagnostics
      .filter(one => one.severity === severity && (severity === 'alert' || one.position?.line === lineNumber))
      .map(({ message }) => message.replace(`'server ${backend}/${name}' : `, ''));
  const alerts = said('alert');
  if (server === undefined || alerts.length > 0)
    return { wrong: alerts[0] ?? 'This server cannot be added.' };
  return { server: checkedAsSaid(server), warnings: said('warning') };
}

/** What `global` says of the TLS of servers. */
function tlsLines({ ssl, caBase, crtBase }: Global): string {
  const lines = [...ssl].filter(([name]) => /^ssl-(default-server-|server-verify$)/.test(name));
  if (caBase !== undefined) lines.push(['ca-base', [caBase]]);
  if (crtBase !== undefined) lines.push(['crt-base', [crtBase]]);
  return lines.map(([name, words]) => ` ${name} ${words.map(quoted).join(' ')}\n`).join('');
}

/** Checks take over neither TLS nor the PROXY header of a server that is added at run time. */
function checkedAsSaid(server: Server): Server {
  const { check } = server;
  return check === undefined ? server : { ...server, check: { ...check, unlikeTraffic: true } };
}

function quoted(word: string): string {
  return `'${word.replaceAll(`'`, `'\\''`)}'`;
}

/** `id` if one was given, else the first that no server of the backend has. */
function withFreeId(
  { directory }: AdminRuntime,
  backend: number,
  server: Server,
  words: readonly string[],
): Server {
  if (words.includes('id')) return server;
  const taken = new Set(directory.serversOf(backend).map(({ config }) => config.id));
  let id = 1;
  while (taken.has(id) && id < HIGHEST_ID) id++;
  return { ...server, id };
}

async function register(
  runtime: AdminRuntime,
  backend: number,
  server: Server,
  warnings: readonly string[],
): Promise<Answer> {
  const { directory, servers, state } = runtime;
  if (directory.serversOf(backend).some(({ config }) => config.id === server.id))
    return fail(`The custom id ${server.id} is already used in backend.`);
  const row = servers.addServer(backend, server, serverSeed(server));
  if (row === undefined) return fail('Cannot attach server : no room for more servers is left.');
  state.counters.clearRow(state.counters.server(row));
  directory.add(row, backend, server);
  await runtime.threads.serversKnown();
  return say([...warnings, 'New server registered.'].join('\n'));
}

interface Obstacle {
  readonly text: string;
  /** It may go away by itself. */
  readonly passes: boolean;
}

/** What stands against the removal of a server; undefined: nothing does. */
export function removalObstacle(runtime: AdminRuntime, name: string): Obstacle | undefined {
  const found = findServer(runtime, name);
  if ('wrong' in found) return { text: found.wrong.text, passes: false };
  const { row, backend, config } = found.found;
  const { servers } = runtime;
  const isNamed = runtime.namedServers.has(`${found.found.proxy.id}/${config.id}`);
  if (isNamed || isReferred(runtime, backend, config))
    return {
      text: 'This server cannot be removed at runtime due to other configuration elements pointing to it.',
      passes: false,
    };
  if ((servers.admin(row) & ADMIN_MAINT) === 0)
    return { text: 'Only servers in maintenance mode can be deleted.', passes: false };
  if (servers.served(row) > 0 || servers.queued(row) > 0)
    return { text: 'Server still has connections attached to it, cannot remove it.', passes: true };
  return undefined;
}

/** `track` of another server, `use-server`. */
function isReferred({ directory }: AdminRuntime, backend: number, { name }: Server): boolean {
  const proxy = directory.proxies[backend] as Proxy;
  if (proxy.useServers.some(({ target }) => target.text === name)) return true;
  return directory.proxies.some((other, at) =>
    directory.serversOf(at).some(({ config: { track } }) => {
      if (track === undefined) return false;
      return track.text === `${proxy.name}/${name}` || (other === proxy && track.text === name);
    }),
  );
}

async function deleteServer({ args, runtime }: Call): Promise<Answer> {
  const obstacle = removalObstacle(runtime, args.at(2));
  if (obstacle !== undefined) return fail(obstacle.text);
  const found = findServer(runtime, args.at(2));
  if ('wrong' in found) return found.wrong;
  const { row } = found.found;
  runtime.directory.remove(row);
  await runtime.threads.serversKnown();
  runtime.servers.removeServer(row);
  return { severity: INFO, text: 'Server deleted.' };
}

export const DYNAMIC_SERVER_COMMANDS: readonly Command[] = [
  {
    words: 'add server',
    args: '<bk>/<srv>',
    summary: 'adds a server, in maintenance',
    level: 'admin',
    run: addServer,
  },
  {
    words: 'del server',
    args: '<bk>/<srv>',
    summary: 'removes a server that is in maintenance',
    level: 'admin',
    run: deleteServer,
  },
];
