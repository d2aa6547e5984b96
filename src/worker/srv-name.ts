/**
 * Servers of one backend that a SRV record fills (RFC 2782; manual, `server-template`): each gets one target with its
 * port and weight. The address comes along with the record, or the target's name is followed like any other.
 */
import type { Requester, Resolution } from '../dns/resolution.ts';
import type { Resolvers } from '../dns/resolvers.ts';
import type { SrvTarget } from '../dns/outcome.ts';
import { HostName, type AddressUse } from './host-name.ts';
import { nameOf, type NamedServer, type ServerNaming } from './server-names.ts';

const GONE = 'entry removed from SRV record';

class Place {
  readonly server: NamedServer;
  readonly host: HostName;
  readonly ignoresWeight: boolean;
  /** `host port` of the record it stands for. */
  key: string | undefined;
  /** From a state file: it waits for this very target. */
  expected: string | undefined;
  /** The name whose address is followed. */
  following = '';

  constructor(server: NamedServer, host: HostName) {
    this.server = server;
    this.host = host;
    const options = server.config.otherOptions.get('resolve-opts')?.[0] ?? '';
    this.ignoresWeight = options.split(',').includes('ignore-weight');
  }
}

export class SrvName implements Requester {
  readonly #naming: ServerNaming;
  readonly #resolvers: Resolvers;
  readonly #places: readonly Place[];

  constructor(
    servers: readonly NamedServer[],
    naming: ServerNaming,
    resolvers: Resolvers,
    uses: WeakMap<Resolution, AddressUse>,
  ) {
    this.#naming = naming;
    this.#resolvers = resolvers;
    this.#places = servers.map(server => {
      const place = new Place(server, new HostName(server, naming, resolvers, uses));
      const { fqdn } = server.config;
      if (fqdn !== undefined) place.expected = `${fqdn} ${naming.address(server).port}`;
      return place;
    });
  }

  follow(record: string): void {
    this.#resolvers.link(record, 'SRV', this);
  }

  resolved(resolution: Resolution): void {
    const { targets } = resolution.cache;
    const keys = new Set(targets.map(keyOf));
    for (const place of this.#places) if (place.key !== undefined && !keys.has(place.key)) this.#free(place);
    for (const target of targets) {
      const place = this.#placeFor(keyOf(target));
      if (place !== undefined) this.#fill(place, target);
    }
  }

  failed(resolution: Resolution): void {
    if (!resolution.heldOut) return;
    for (const place of this.#places) if (place.key !== undefined) this.#free(place);
  }

  /** The server that has the target, else the one that had it in an earlier process, else a free one. */
  #placeFor(key: string): Place | undefined {
    return (
      this.#places.find(place => place.key === key) ??
      this.#places.find(place => place.key === undefined && place.expected === key) ??
      this.#places.find(place => place.key === undefined && place.expected === undefined) ??
      this.#places.find(place => place.key === undefined)
    );
  }

  #free(place: Place): void {
    place.key = undefined;
    place.following = '';
    place.host.stop();
    this.#naming.lose(place.server, GONE, false);
    this.#naming.effects.setFqdn(place.server.row, undefined);
  }

  #fill(place: Place, target: SrvTarget): void {
    const { server } = place;
    const key = keyOf(target);
    if (place.key !== key) {
      if (place.expected !== key) this.#tellName(server, target.host);
      this.#naming.effects.setFqdn(server.row, target.host);
      place.key = key;
      place.expected = undefined;
    }
    if (target.address !== undefined) this.#standAt(place, target, target.address);
    else this.#followTarget(place, target);
    // 0..65535 become 0..256, and nothing but 0 becomes 0
    if (!place.ignoresWeight)
      this.#naming.effects.checks.steering.setWeight(
        server.row,
        String(Math.floor((target.weight + 255) / 256)),
      );
  }

  #standAt(place: Place, { port }: SrvTarget, address: NonNullable<SrvTarget['address']>): void {
    place.host.stop();
    place.following = '';
    this.#naming.move(place.server, address, port, 'DNS additional record');
  }

  #followTarget(place: Place, { host, port }: SrvTarget): void {
    const { server } = place;
    const { ip } = this.#naming.address(server);
    this.#naming.effects.servers.setAddress(server.row, { ip, port, mapPorts: false });
    if (place.following === host) return;
    place.following = host;
    place.host.follow(host);
  }

  #tellName(server: NamedServer, host: string): void {
    const text = `${nameOf(server)} changed its FQDN from (null) to ${host} by 'SRV record'`;
    this.#naming.effects.log(server.backend, 5, text);
  }
}

function keyOf({ host, port }: SrvTarget): string {
  return `${host} ${port}`;
}
