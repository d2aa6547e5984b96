/**
 * The whole ruleset as text for `nft -f`, and how one service's change is carried into it. Pure; nothing here touches
 * the kernel.
 */
import { directGeneration, type DirectLayout } from './direct.ts';
import { chainOf, DIRECT_FAMILIES, directClientsOf, familyOf, type DirectFamily } from './direct-words.ts';
import { clientsOf, generationChain, TABLE } from './nft-words.ts';
import { remembers } from './selection.ts';
import type { ConnectionTimeouts, Service, ServiceState } from './service.ts';
import { renderGeneration, renderGone, renderTranslation } from './translate.ts';

type TableFamily = 'inet' | DirectFamily;

/** Of services by address translation, one transaction; an earlier table of ours goes in the same one. */
export function renderRuleset(states: readonly ServiceState[], timeouts: ConnectionTimeouts): string {
  return `${[...removal(['inet']), ...renderTranslation(states, timeouts)].join('\n')}\n`;
}

/** Leaves nothing behind; that there was nothing is no error. */
export function removal(families: readonly TableFamily[] = ['inet', ...DIRECT_FAMILIES]): string[] {
  return families.flatMap(family => [`add table ${family} ${TABLE}`, `delete table ${family} ${TABLE}`]);
}

/** `all` are the services as they will be; what is in two chains at once changes with the turn. */
export function renderExchange(
  old: ServiceState,
  next: ServiceState,
  all: readonly ServiceState[],
): string[] {
  return exchange(
    'inet',
    { service: next.service.id, before: generationChain(old), after: generationChain(next) },
    renderGeneration(next),
    [
      `flush chain inet ${TABLE} gone`,
      ...renderGone(all),
      ...forgotten(old, next, clientsOf).map(set => `flush set inet ${TABLE} ${set}`),
    ],
  );
}

export function renderDirectExchange(old: ServiceState, next: ServiceState, layout: DirectLayout): string[] {
  const named = (name: string): string => chainOf(layout.edition, name);
  const family = familyOf(next.service);
  return exchange(
    family,
    {
      service: named(next.service.id),
      before: named(generationChain(old)),
      after: named(generationChain(next)),
    },
    directGeneration(next, layout),
    forgotten(old, next, directClientsOf).map(set => `flush set ${family} ${TABLE} ${set}`),
  );
}

/**
 * Transactions, one a line, that take a service from one generation to the next. The new chain is made first, then the
 * service turns to it, last the old one goes: a packet that is on its way through the old chain finds all of it.
 */
function exchange(
  family: TableFamily,
  chains: { readonly service: string; readonly before: string; readonly after: string },
  made: readonly string[],
  withTheTurn: readonly string[],
): string[] {
  const turn = [
    `flush chain ${family} ${TABLE} ${chains.service}`,
    `add rule ${family} ${TABLE} ${chains.service} goto ${chains.after}`,
    ...withTheTurn,
  ];
  return [
    made.join('; '),
    turn.join('; '),
    `flush chain ${family} ${TABLE} ${chains.before}; delete chain ${family} ${TABLE} ${chains.before}`,
  ];
}

/** Clients of a server that goes are free to choose again, also after it has come back. */
function forgotten(
  { service, states }: ServiceState,
  next: ServiceState,
  setOf: (service: Service, index: number) => string,
): string[] {
  if (service.persistence === undefined) return [];
  return states.flatMap((one, index) => {
    const after = next.states[index];
    return remembers(one) && after !== undefined && !remembers(after) ? [setOf(service, index)] : [];
  });
}
