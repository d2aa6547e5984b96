/**
 * Everything in the control thread that asks nameservers: servers that follow names, and `do-resolve` rules of data
 * threads. `show resolvers` reads its counters.
 */
import { parseIp, type IpAddress } from '../../base/ip-address.ts';
import { chooseAddress } from '../../dns/choose-address.ts';
import type { Requester, Resolution } from '../../dns/resolution.ts';
import { Resolvers } from '../../dns/resolvers.ts';
import type { Config } from '../../model/config.ts';
import type { NameserverReport } from '../../model/nameserver-report.ts';
import type { SecureConnect } from '../../net/tls/secure-connect.ts';
import type { StatePlan } from '../../state/plan.ts';
import { AddressUse, HostName } from './host-name.ts';
import { resolversSections } from './resolvers-sections.ts';
import type { NamedServer, NamingEffects } from './server-names.ts';
import { ServerNaming } from './server-names.ts';
import { SrvName } from './srv-name.ts';

interface NameQuestion {
  readonly resolvers: string;
  readonly name: string;
  /** 0: no preference. */
  readonly family: 0 | 4 | 6;
}

export interface NameserverAccess {
  readonly secure: SecureConnect;
  /** Hears of nameservers that cannot be asked. */
  readonly warn: (text: string) => void;
}

export class NameService {
  readonly #sections: ReadonlyMap<string, Resolvers>;
  readonly #naming: ServerNaming;
  readonly #uses = new WeakMap<Resolution, AddressUse>();
  readonly #hosts = new Map<number, { readonly host: HostName; name: string }>();

  constructor(config: Config, effects: NamingEffects, { secure, warn }: NameserverAccess) {
    this.#sections = new Map(
      resolversSections(config, secure).map(settings => [settings.name, new Resolvers(settings, warn)]),
    );
    this.#naming = new ServerNaming(effects);
  }

  /** In the order of the configuration. */
  get sections(): readonly Resolvers[] {
    return [...this.#sections.values()];
  }

  /** What all nameservers were asked, and how they answered. */
  reports(): NameserverReport[] {
    return this.sections.flatMap(({ settings, nameservers }) =>
      nameservers.map(({ name, counters }) => ({ resolvers: settings.name, nameserver: name, counters })),
    );
  }

  /** Servers begin to follow their names. */
  begin({ proxies }: Config, { firstServer }: StatePlan): void {
    for (const [backend, proxy] of proxies.entries()) {
      const groups = new Map<string, NamedServer[]>();
      for (const [index, config] of proxy.servers.entries()) {
        const { resolvers, srvRecord, fqdn } = config;
        if (resolvers === undefined || proxy.disabled) continue;
        const server = { row: (firstServer[backend] as number) + index, backend, proxy, config };
        if (srvRecord !== undefined) addTo(groups, `${resolvers} ${srvRecord}`, server);
        else if (fqdn !== undefined) this.#followHost(server, resolvers, fqdn);
      }
      for (const servers of groups.values()) this.#followRecord(servers);
    }
  }

  #followHost(server: NamedServer, resolvers: string, name: string): void {
    const section = this.#sections.get(resolvers);
    if (section === undefined) return;
    const host = new HostName(server, this.#naming, section, this.#uses);
    this.#hosts.set(server.row, { host, name });
    host.follow(name);
  }

  #followRecord(servers: readonly NamedServer[]): void {
    const { resolvers = '', srvRecord = '' } = servers[0]?.config ?? {};
    const section = this.#sections.get(resolvers);
    if (section !== undefined) new SrvName(servers, this.#naming, section, this.#uses).follow(srvRecord);
  }

  /** A check did not connect in time (manual, section 5.3.1). */
  hurry(row: number): void {
    this.#hosts.get(row)?.host.hurry();
  }

  /** `set server ... fqdn`: it follows another name from now on. */
  renamed(row: number, name: string | undefined): void {
    const known = this.#hosts.get(row);
    if (known === undefined || name === undefined || known.name === name) return;
    known.name = name;
    known.host.follow(name);
  }

  /** `do-resolve`, and requests of this program's own: `done` hears an address, or undefined when there is none. */
  lookUp({ resolvers, name, family }: NameQuestion, done: (address: IpAddress | undefined) => void): void {
    const literal = parseIp(name);
    const section = this.#sections.get(resolvers);
    if (literal !== undefined || section === undefined) return done(literal);
    const preferred = family === 4 ? 4 : 6;
    const once: Requester = {
      resolved: resolution => {
        section.unlink(resolution, once);
        done(this.#firstOf(resolution, preferred));
      },
      failed: resolution => {
        section.unlink(resolution, once);
        done(undefined);
      },
    };
    const fresh = section.lookUp(name, preferred === 4 ? 'A' : 'AAAA', once);
    if (fresh !== undefined) done(this.#firstOf(fresh, preferred));
  }

  /** TXT records by the section `default`; none where there are none, or nobody answers. Each call asks anew. */
  texts(name: string): Promise<readonly string[]> {
    const section = this.#sections.get('default');
    if (section === undefined) return Promise.resolve([]);
    return new Promise(resolve => {
      const once: Requester = {
        resolved: resolution => {
          section.unlink(resolution, once);
          resolve(resolution.cache.texts);
        },
        failed: resolution => {
          section.unlink(resolution, once);
          resolve([]);
        },
      };
      section.link(name, 'TXT', once).run();
    });
  }

  #firstOf(resolution: Resolution, family: 4 | 6): IpAddress | undefined {
    let use = this.#uses.get(resolution);
    if (use === undefined) this.#uses.set(resolution, (use = new AddressUse()));
    const preference = { family, networks: [], allowsDuplicates: true } as const;
    const choice = chooseAddress(resolution.cache.addresses, use.next, preference, undefined, () => false);
    use.next = choice?.next ?? 0;
    return choice?.address;
  }

  close(): void {
    for (const section of this.#sections.values()) section.close();
  }
}

function addTo<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [item]);
  else group.push(item);
}
