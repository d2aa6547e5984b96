/**
 * Servers of one backend that a SRV record fills (RFC 2782; manual, `server-template`): each gets one target with its
 * port and weight. The address comes along with the record, or the target's name is followed like any other.
 */
import type { Requester, Resolution } from '../../dns/resolution.ts';
import type { Resolvers } from '../../dns/resolvers.ts';
import type { SrvTarget } from '../../dns/outcome.ts';
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
  /** Without a target; who waits longest comes first. */
  #free: Place[];

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
    this.#free = [...this.#places];
  }

  follow(record: string): void {
    this.#resolvers.link(record, 'SRV', this);
  }

  resolved(resolution: Resolution): void {
    const { targets } = resolution.cache;
    const keys = new Set(targets.map(keyOf));
    for (const place of this.#places) if (place.key !== undefined && !keys.has(place.key)) this.#empty(place);
    for (const target of targets) {
      const place = this.#placeFor(keyOf(target));
      if (place !== undefined) this.#fill(place, target);
    }
  }

  failed(resolution: Resolution): void {
    if (!resolution.heldOut) return;
    for (const place of this.#places) if (place.key !== undefined) this.#empty(place);
  }

  /** The server that has the target, else the one that had it in an earlier process, else a free one. */
  #placeFor(key: string): Place | undefined {
    return (
      this.#places.find(place => place.key === key) ??
      this.#free.find(({ expected }) => expected === key) ??
      this.#free.find(({ expected }) => expected === undefined) ??
      this.#free[0]
    );
  }

  #empty(place: Place): void {
    place.key = undefined;
    this.#free.push(place);
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
      this.#free = this.#free.filter(one => one !== place);
      place.expected = undefined;
    }
    if (target.address !== undefined) this.#standAt(place, target, target.address);
    else this.#followTarget(place, target);
    if (!place.ignoresWeight) this.#weigh(server, target);
  }

  /** 0..65535 become 0..256, and nothing but 0 becomes 0. */
  #weigh({ row }: NamedServer, { weight }: SrvTarget): void {
    const { servers, checks } = this.#naming.effects;
    const share = Math.floor((weight + 255) / 256);
    if (servers.userWeight(row) !== share) checks.steering.setWeight(row, String(share));
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
