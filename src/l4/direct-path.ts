/**
 * How packets of direct routing go on: to a server of this host, or to a neighbour, whose hardware address the kernel
 * itself finds out and keeps true. Pure; routes.ts reads them from the kernel.
 */

export type DirectPath =
  | { readonly kind: 'local' }
  | {
      readonly kind: 'hop';
      readonly device: string;
      readonly deviceIndex: number;
      /** The server itself, or the gateway on the way to it. */
      readonly via: string;
    };

/** An interface by which clients may come. */
export interface Entrance {
  readonly device: string;
  readonly index: number;
  /** Ethernet: packets have hardware addresses, some are for others, some are of VLANs. */
  readonly framed: boolean;
}

export interface DirectPaths {
  readonly entrances: readonly Entrance[];
  /** By the address of the server; one without a path gets nothing. */
  readonly servers: ReadonlyMap<string, DirectPath>;
}

export function samePaths(one: DirectPaths, other: DirectPaths): boolean {
  return asText(one) === asText(other);
}

function asText({ entrances, servers }: DirectPaths): string {
  return JSON.stringify([entrances, [...servers]]);
}
