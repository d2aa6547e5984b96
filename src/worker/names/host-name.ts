/**
 * A server that follows a host name: gets one of its addresses, keeps it while the name has it, gets another when it
 * goes, and none when the name has none for longer than `hold` says (manual, section 5.3).
 */
import { parseNetwork } from '../../base/cidr.ts';
import { parseIp } from '../../base/ip-address.ts';
import { chooseAddress, type AddressPreference } from '../../dns/choose-address.ts';
import type { Nameserver } from '../../dns/nameserver.ts';
import type { Requester, Resolution, ResolutionStatus } from '../../dns/resolution.ts';
import type { Resolvers } from '../../dns/resolvers.ts';
import type { Server } from '../../model/server.ts';
import type { NamedServer, ServerNaming } from './server-names.ts';

const CAUSES: Readonly<Partial<Record<ResolutionStatus, string>>> = {
  nx: 'DNS NX status',
  timeout: 'DNS timeout status',
  refused: 'DNS refused status',
};
const OTHER_CAUSE = 'unspecified DNS error';
const NO_ADDRESS = 'No IP for server ';

/** Which server has which of a name's addresses, and where the next choice begins. */
export class AddressUse {
  readonly holders = new Map<HostName, string>();
  next = 0;
}

export class HostName implements Requester {
  readonly server: NamedServer;
  readonly #naming: ServerNaming;
  readonly #resolvers: Resolvers;
  readonly #preference: AddressPreference;
  readonly #uses: WeakMap<Resolution, AddressUse>;
  #resolution: Resolution | undefined;

  constructor(
    server: NamedServer,
    naming: ServerNaming,
    resolvers: Resolvers,
    uses: WeakMap<Resolution, AddressUse>,
  ) {
    this.server = server;
    this.#naming = naming;
    this.#resolvers = resolvers;
    this.#preference = preferenceOf(server.config);
    this.#uses = uses;
  }

  follow(name: string): void {
    this.stop();
    const type = this.#preference.family === 4 ? 'A' : 'AAAA';
    this.#resolution = this.#resolvers.link(name, type, this);
    const { status } = this.#resolution;
    if (status === 'valid' && !this.#resolution.running) this.#update(this.#resolution, undefined);
  }

  stop(): void {
    const resolution = this.#resolution;
    if (resolution === undefined) return;
    this.#resolvers.unlink(resolution, this);
    this.#use(resolution).holders.delete(this);
    this.#resolution = undefined;
  }

  /** The name is asked for now: the address it has may be an old one. */
  hurry(): void {
    this.#resolution?.run();
  }

  resolved(resolution: Resolution, by: Nameserver | undefined): void {
    this.#update(resolution, by);
  }

  failed(resolution: Resolution): void {
    if (!resolution.heldOut) return;
    this.#use(resolution).holders.delete(this);
    this.#naming.lose(this.server, CAUSES[resolution.status] ?? OTHER_CAUSE, true);
  }

  #use(resolution: Resolution): AddressUse {
    let use = this.#uses.get(resolution);
    if (use === undefined) this.#uses.set(resolution, (use = new AddressUse()));
    return use;
  }

  #update(resolution: Resolution, by: Nameserver | undefined): void {
    const use = this.#use(resolution);
    const { addresses } = resolution.cache;
    const held = use.holders.get(this);
    if (held !== undefined && addresses.some(address => address.toString() === held)) return;
    use.holders.delete(this);
    const current = this.#naming.address(this.server).ip;
    const choice = chooseAddress(addresses, use.next, this.#preference, current, address =>
      this.#isTaken(use, address.toString()),
    );
    if (choice === undefined) return this.#naming.lose(this.server, NO_ADDRESS, true);
    use.next = choice.next;
    use.holders.set(this, choice.address.toString());
    if (by !== undefined && current?.toString() !== choice.address.toString()) by.counters.update++;
    const source = by === undefined ? 'DNS cache' : `${this.#resolvers.settings.name}/${by.name}`;
    this.#naming.move(this.server, choice.address, undefined, source);
  }

  /** Another server of the backend has it. */
  #isTaken({ holders }: AddressUse, address: string): boolean {
    for (const [holder, held] of holders)
      if (held === address && holder !== this && holder.server.backend === this.server.backend) return true;
    return false;
  }
}

/** `resolve-prefer`, `resolve-net`, `resolve-opts`. */
function preferenceOf({ otherOptions }: Server): AddressPreference {
  const option = (name: string): string => otherOptions.get(name)?.[0] ?? '';
  const networks = option('resolve-net')
    .split(',')
    .flatMap(text => {
      const network = parseNetwork(text);
      const ip = parseIp(text.split('/')[0] ?? '');
      return network === undefined || ip === undefined ? [] : [{ family: ip.family, network }];
    });
  const options = option('resolve-opts').split(',');
  return {
    family: option('resolve-prefer') === 'ipv4' ? 4 : 6,
    networks,
    // the last word counts
    allowsDuplicates: options.lastIndexOf('allow-dup-ip') > options.lastIndexOf('prevent-dup-ip'),
  };
}
