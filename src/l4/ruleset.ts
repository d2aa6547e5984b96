/**
 * The whole ruleset as text for `nft -f`, and how one service's change is carried into it. Pure; nothing here touches
 * the kernel.
 */
import { directGeneration, renderDirect, type DirectPaths } from './direct.ts';
import { clientsOf, generationChain, TABLE } from './nft-words.ts';
import type { ConnectionTimeouts, ServiceState } from './service.ts';
import { renderGeneration, renderGone, renderTranslation } from './translate.ts';

/** One transaction; an earlier table of ours goes in the same one. */
export function renderRuleset(
  states: readonly ServiceState[],
  timeouts: ConnectionTimeouts,
  paths: DirectPaths,
): string {
  const [translated, direct] = (['NAT', 'DR'] as const).map(method =>
    states.filter(({ service }) => service.method === method),
  ) as [ServiceState[], ServiceState[]];
  return `${[...removal(), ...renderTranslation(translated, timeouts), ...renderDirect(direct, paths)].join('\n')}\n`;
}

/** Leaves nothing behind; that there was nothing is no error. */
export function removal(): string[] {
  return (['inet', 'netdev'] as const).flatMap(family => [
    `add table ${family} ${TABLE}`,
    `delete table ${family} ${TABLE}`,
  ]);
}

/**
 * Transactions, one a line, that take a service from one generation to the next. The new chain is made first, then the
 * service turns to it, last the old one goes: a packet that is on its way through the old chain finds all of it. What is
 * in both tables at once, connections to servers that are gone, changes with the turn.
 */
export function renderExchange(
  old: ServiceState,
  next: ServiceState,
  all: readonly ServiceState[],
  paths: DirectPaths,
): string[] {
  const family = next.service.method === 'NAT' ? 'inet' : 'netdev';
  const { id } = next.service;
  const made = family === 'inet' ? renderGeneration(next) : directGeneration(next, paths);
  const turn = [
    `flush chain ${family} ${TABLE} ${id}`,
    `add rule ${family} ${TABLE} ${id} goto ${generationChain(next)}`,
    ...(family === 'inet' ? goneAnew(all) : []),
    ...forgotten(old, next).map(set => `flush set ${family} ${TABLE} ${set}`),
  ];
  return [
    made.join('; '),
    turn.join('; '),
    `flush chain ${family} ${TABLE} ${generationChain(old)}; delete chain ${family} ${TABLE} ${generationChain(old)}`,
  ];
}

function goneAnew(all: readonly ServiceState[]): string[] {
  return [
    `flush chain inet ${TABLE} gone`,
    ...renderGone(all.filter(({ service }) => service.method === 'NAT')),
  ];
}

/** Clients of a server that goes are free to choose again, also after it has come back. */
function forgotten({ service, states }: ServiceState, next: ServiceState): string[] {
  if (service.persistence === undefined) return [];
  return service.servers.flatMap((_, index) =>
    states[index]?.gone === false && next.states[index]?.gone === true ? [clientsOf(service, index)] : [],
  );
}
