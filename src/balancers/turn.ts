/**
 * Taking turns: all threads draw tickets from one shared counter, so that the turns are exact over all of them.
 * Used by roundrobin, static-rr and, for requests without a key, by the hashes.
 */
import type { ServerTable } from '../state/server-table.ts';
import type { UsableServers } from '../state/usable-servers.ts';
import { ALL_FULL } from './balancer.ts';

/** An endless order of turns that repeats after `length`. */
export interface TurnOrder {
  readonly length: number;
  at(turn: number): number;
}

/** Turns drawn before the servers are looked through one by one. */
const DRAWS = 32;

/** The next server that has room, a full one loses its turn; `avoid` only if no other has room. */
export function takeTurn(table: ServerTable, usable: UsableServers, order: TurnOrder, avoid: number): number {
  const draws = Math.min(order.length, DRAWS);
  let ticket = 0;
  for (let draw = 0; draw < draws; draw++) {
    ticket = table.nextTicket(usable.backend);
    const server = order.at(ticket % order.length);
    if (server !== avoid && table.hasRoom(server)) return server;
  }
  return firstWithRoom(table, usable.list, ticket, avoid);
}

function firstWithRoom(table: ServerTable, list: Int32Array, from: number, avoid: number): number {
  let avoided = ALL_FULL;
  for (let step = 0; step < list.length; step++) {
    const server = list[(from + step) % list.length] as number;
    if (!table.hasRoom(server)) continue;
    if (server !== avoid) return server;
    avoided = server;
  }
  return avoided;
}

/**
 * Requests already wait at the backend while it serves others: all servers were full a moment ago. Spares
 * roundrobin, static-rr and first the search, and keeps a newcomer from overtaking those that wait.
 */
export function othersWait(table: ServerTable, backend: number): boolean {
  const queued = table.backendQueued(backend);
  return queued !== 0 && table.backendSessions(backend) > queued;
}
