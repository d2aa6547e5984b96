/**
 * `add backend` and `del backend`: backends that the configuration does not have, or no longer. A new one starts from a
 * named defaults section, has no servers and is unpublished (management manual, `add backend`, `del backend`).
 */
import { hasDynamicWeights } from '../../state/plan.ts';
import { PROXY_UNPUBLISHED } from '../../state/server-words.ts';
import type { Mode, Proxy } from '../../model/proxy.ts';
import { fail, say, type Answer, type Call, type Command } from '../command.ts';
import { guidOwner } from '../find.ts';
import type { AdminRuntime } from '../runtime.ts';

const MODES: ReadonlySet<string> = new Set([
  'tcp',
  'http',
  'health',
  'syslog',
  'log',
  'peers',
  'spop',
  'haterm',
]);
const USAGE = 'Usage: add backend <name> from <defproxy> [mode <px_mode>] [guid <val>].';

interface Wishes {
  readonly mode: Mode | undefined;
  readonly guid: string | undefined;
}

/** `[mode <mode>] [guid <guid>]`, each once. */
function readWishes(words: readonly string[]): Wishes | { readonly wrong: string } {
  let mode: Mode | undefined;
  let guid: string | undefined;
  for (let at = 0; at < words.length; at += 2) {
    const [key, value = ''] = [words[at], words[at + 1]];
    if (value !== '' && key === 'mode' && mode === undefined) {
      if (!MODES.has(value)) return { wrong: 'Unknown proxy mode.' };
      if (value !== 'tcp' && value !== 'http')
        return { wrong: 'Dynamic backends are compatible with only TCP or HTTP mode.' };
      mode = value;
    } else if (value !== '' && key === 'guid' && guid === undefined) guid = value;
    else return { wrong: USAGE };
  }
  return { mode, guid };
}

async function addBackend({ args, runtime }: Call): Promise<Answer> {
  const [name, defaults] = [args.at(2), args.at(4)];
  if (name === '') return fail('Require backend name.');
  const bad = /[^A-Za-z0-9_:.-]/.exec(name)?.[0];
  if (bad !== undefined) return fail(`Invalid character '${bad}' in backend name.`);
  if (args.at(3) !== 'from' || defaults === '') return fail('Usage: add backend <name> from <defproxy>.');
  const wishes = readWishes(args.from(5));
  if ('wrong' in wishes) return fail(wishes.wrong);
  const wrong = wrongDefaults(runtime, defaults, wishes) ?? taken(runtime, name, wishes);
  if (wrong !== undefined) return fail(wrong);
  const added = await runtime.backends.add(defaults, { name, ...wishes });
  if ('wrong' in added) return fail(`Error during backend creation : ${added.wrong}.`);
  return say(`New backend registered${withoutServers(runtime.directory.proxies[added.row] as Proxy)}.`);
}

function wrongDefaults({ backends }: AdminRuntime, name: string, { mode }: Wishes): string | undefined {
  const found = backends.modeOf(name);
  if (found === undefined) return `Cannot find default proxy '${name}'.`;
  if (!found.said && mode === undefined)
    return `Mode is required as '${name}' default proxy does not explicitly defines it.`;
  if (found.mode === 'tcp' || found.mode === 'http') return undefined;
  return `Dynamic backends only support TCP or HTTP mode, whereas default proxy '${name}' uses 'mode ${found.mode}'.`;
}

function taken({ directory, backends }: AdminRuntime, name: string, { guid }: Wishes): string | undefined {
  const refused = (why: string): string => `Error during backend creation : ${why}.`;
  const other = directory.proxies.find(proxy => proxy.name === name);
  if (other !== undefined) return refused(`name is already used by other proxy '${other.kind} ${name}'`);
  if (backends.modeOf(name) !== undefined)
    return refused(`name is already used by other proxy 'defaults ${name}'`);
  const isTaken = guid !== undefined && guidOwner(directory, guid) !== undefined;
  return isTaken ? refused(`GUID insertion : duplicate entry with GUID '${guid}'`) : undefined;
}

function withoutServers({ name, balance, hashType }: Proxy): string {
  if (hasDynamicWeights(balance, hashType)) return '';
  return ` (no support for dynamic servers: backend '${name}' uses a non dynamic load balancing method)`;
}

interface BackendObstacle {
  readonly text: string;
  /** It may go away by itself. */
  readonly passes: boolean;
}

/** What stands against the removal of a backend; undefined: nothing does. */
export function backendObstacle(runtime: AdminRuntime, name: string): BackendObstacle | undefined {
  const { directory, servers, state } = runtime;
  const row = directory.backend(name);
  if (row < 0 || name.startsWith('#')) return { text: 'No such backend.', passes: false };
  const proxy = directory.proxies[row] as Proxy;
  const lasting = unremovable(runtime, proxy);
  if (lasting !== undefined) return { text: lasting, passes: false };
  if ((servers.proxyFlags(row) & PROXY_UNPUBLISHED) === 0)
    return { text: 'Backend must be unpublished prior to its deletion.', passes: false };
  if (directory.serversOf(row).length > 0)
    return { text: 'Only a backend without server can be deleted.', passes: false };
  if (state.limits.current(state.limits.backend(row)) > 0)
    return { text: 'Backend still has attached streams on it.', passes: true };
  return undefined;
}

function unremovable(runtime: AdminRuntime, proxy: Proxy): string | undefined {
  if (proxy.kind === 'listen') return 'Cannot delete a listen section.';
  if (proxy.dispatch !== undefined || proxy.transparent)
    return 'Deletion of backend with deprecated dispatch/transparent options is not supported.';
  if (proxy.stickTable !== undefined) return 'Cannot remove a backend with stick-table.';
  if (isReferred(runtime, proxy.name))
    return 'This proxy cannot be removed at runtime due to other configuration elements pointing to it.';
  if (proxy.mode !== 'tcp' && proxy.mode !== 'http')
    return 'Only TCP or HTTP proxies can be removed at runtime.';
  return undefined;
}

/** `use_backend`, `default_backend`, arguments of samples. */
function isReferred({ directory, backends }: AdminRuntime, name: string): boolean {
  return (
    backends.named.has(name) ||
    directory.proxies.some(
      ({ defaultBackend, useBackends }) =>
        defaultBackend?.text === name || useBackends.some(({ target }) => target.text === name),
    )
  );
}

async function deleteBackend({ args, runtime }: Call): Promise<Answer> {
  if (args.at(3) !== '') return fail('Usage: del backend <name>.');
  const obstacle = backendObstacle(runtime, args.at(2));
  if (obstacle !== undefined) return fail(obstacle.text);
  const removed = await runtime.backends.remove(runtime.directory.backend(args.at(2)));
  return removed ? say('Backend deleted.') : fail('Backend still has attached streams on it.');
}

export const DYNAMIC_BACKEND_COMMANDS: readonly Command[] = [
  {
    words: 'add backend',
    args: '<name> from <defaults> [mode <mode>] [guid <guid>]',
    summary: 'adds a backend, unpublished and without servers',
    level: 'admin',
    run: addBackend,
  },
  {
    words: 'del backend',
    args: '<backend>',
    summary: 'removes a backend that is unpublished and empty',
    level: 'admin',
    run: deleteBackend,
  },
];
