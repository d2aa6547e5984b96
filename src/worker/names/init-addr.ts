/**
 * The address a server with a name starts with (manual, `init-addr`): the one of the state file, what the system
 * resolves, one that is written down, or none. Without an address a server waits in maintenance for `resolvers`.
 */
import { isIP } from 'node:net';
import type { Address } from '../../model/address.ts';
import type { Server } from '../../model/server.ts';
import type { IpAddress } from '../../base/ip-address.ts';

export type NameAddress = Extract<Address, { kind: 'name' }>;

type IpOnly = { readonly family: 4 | 6; readonly host: string };

/** `init-addr`, or what it is by default. */
export function initialMethods({ initAddr, resolvers }: Server): readonly string[] {
  if (initAddr.length > 0) return initAddr;
  return resolvers === undefined ? ['last', 'libc'] : ['last', 'libc', 'none'];
}

/** The system has to be asked: nothing that comes before it in the list of methods gives an address. */
export function needsSystem(server: Server, last: IpAddress | undefined): boolean {
  const first = initialMethods(server).find(method => method !== 'last' || last !== undefined);
  return first === 'libc';
}

interface InitialAddress {
  /** `unresolved`: the server starts without one. Undefined: no method was left, it cannot start. */
  readonly address: IpOnly | 'unresolved' | undefined;
  /** A method before failed. */
  readonly afterFailure: boolean;
}

export function initialAddress(
  server: Server,
  last: IpAddress | undefined,
  system: IpOnly | undefined,
): InitialAddress {
  let afterFailure = false;
  for (const method of initialMethods(server)) {
    if (method === 'last') {
      if (last !== undefined)
        return { address: { family: last.family, host: last.toString() }, afterFailure };
    } else if (method === 'libc') {
      if (system !== undefined) return { address: system, afterFailure };
      afterFailure = true;
    } else if (method === 'none') return { address: 'unresolved', afterFailure };
    else return { address: { family: isIP(method) === 6 ? 6 : 4, host: method }, afterFailure };
  }
  return { address: undefined, afterFailure };
}
