/** From the names in a command to the objects they mean, or to the message that says why not. */
import type { DirectoryServer, ServerDirectory } from '../state/server-directory.ts';
import { fail, type Message } from './command.ts';
import type { AdminRuntime } from './runtime.ts';

export type Found<T> = { readonly found: T } | { readonly wrong: Message };

/** `<backend>/<server>`, each by name or `#<id>`. */
export function findServer(runtime: AdminRuntime, text: string): Found<DirectoryServer> {
  const slash = text.indexOf('/');
  if (slash < 0 || slash === text.length - 1) return wrong(`Require 'backend/server'.`);
  const backend = runtime.directory.backend(text.slice(0, slash));
  if (backend < 0) return wrong('No such backend.');
  const server = runtime.directory.server(backend, text.slice(slash + 1));
  return server === undefined ? wrong('No such server.') : { found: server };
}

/** One whose proxy is in use. */
export function findLiveServer(runtime: AdminRuntime, text: string): Found<DirectoryServer> {
  const server = findServer(runtime, text);
  return 'found' in server && server.found.proxy.disabled ? wrong('Proxy is disabled.') : server;
}

/** Its number in the configuration. */
export function findFrontend(runtime: AdminRuntime, name: string): Found<number> {
  if (name === '') return wrong('A frontend name is expected.');
  const proxy = runtime.directory.frontend(name);
  return proxy < 0 ? wrong('No such frontend.') : { found: proxy };
}

export function findBackend(runtime: AdminRuntime, name: string): Found<number> {
  if (name === '') return wrong('A backend name is expected.');
  const proxy = runtime.directory.backend(name);
  return proxy < 0 ? wrong('No such backend.') : { found: proxy };
}

/** Who has that `guid`: `backend <name>` or `server <backend>/<name>`; undefined: nobody. */
export function guidOwner(directory: ServerDirectory, guid: string): string | undefined {
  for (const [at, proxy] of directory.proxies.entries()) {
    if (proxy.guid === guid && proxy.removed !== true) return `${proxy.kind} ${proxy.name}`;
    const server = directory.serversOf(at).find(({ config }) => config.guid === guid);
    if (server !== undefined) return `server ${proxy.name}/${server.config.name}`;
  }
  return undefined;
}

function wrong(text: string): { readonly wrong: Message } {
  return { wrong: fail(text) };
}
