/** Servers in an order where each stands behind the one it tracks (manual, `track`). */
import type { Proxy } from '../model/proxy.ts';
import type { Server } from '../model/server.ts';

interface PlacedServer {
  readonly proxy: Proxy;
  /** Number of the proxy in the configuration. */
  readonly backend: number;
  readonly server: Server;
  /** Place among the servers of the proxy. */
  readonly index: number;
}

export function inTrackingOrder(proxies: readonly Proxy[]): PlacedServer[] {
  const placed = proxies.flatMap((proxy, backend) =>
    proxy.servers.map((server, index) => ({ proxy, backend, server, index })),
  );
  const byName = new Map(placed.map(one => [`${one.proxy.name}/${one.server.name}`, one]));
  const ordered = new Set<PlacedServer>();
  for (const one of placed) visit(one, byName, ordered, new Set());
  return [...ordered];
}

function visit(
  one: PlacedServer,
  byName: ReadonlyMap<string, PlacedServer>,
  ordered: Set<PlacedServer>,
  path: Set<PlacedServer>,
): void {
  // a circle was refused when the configuration was read
  if (ordered.has(one) || path.has(one)) return;
  path.add(one);
  const track = one.server.track?.text;
  const name = track === undefined || track.includes('/') ? track : `${one.proxy.name}/${track}`;
  const tracked = name === undefined ? undefined : byName.get(name);
  if (tracked !== undefined) visit(tracked, byName, ordered, path);
  ordered.add(one);
}
