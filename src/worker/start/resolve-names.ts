/**
 * Turns host names in server, bind and log addresses into IP addresses, once, before anything is served. Each name
 * is looked up once; a name that is unknown is an error, but for servers that say otherwise (init-addr.ts). Servers
 * also get what a state file says about where they are.
 */
import { lookup } from 'node:dns/promises';
import { isSrvName } from '../../config-parser/address.ts';
import type { Address } from '../../model/address.ts';
import type { Config, OtherSection } from '../../model/config.ts';
import type { Diagnostic, Position } from '../../model/diagnostic.ts';
import type { LogTarget } from '../../model/log.ts';
import type { Proxy } from '../../model/proxy.ts';
import type { Server } from '../../model/server.ts';
import type { ServerStateValues } from '../../state/server-state-values.ts';
import { initialAddress, needsSystem, type NameAddress } from '../names/init-addr.ts';
import { movedServer } from '../servers/moved-server.ts';
import { nameserverNames, withAddresses } from '../names/named-nameservers.ts';

export async function resolveNames(
  config: Config,
  states: KnownStates,
): Promise<{ readonly config: Config; readonly diagnostics: readonly Diagnostic[] }> {
  const resolver = new NameResolver(states);
  const names = [...logNames(config.global.logs)];
  for (const proxy of config.proxies) {
    if (mayHaveNames(proxy)) names.push(...namesOf(proxy));
    resolver.addServerNames(proxy, names);
  }
  for (const section of config.logForwards) names.push(...namesOf(section));
  for (const section of config.otherSections) names.push(...nameserverNames(section));
  await resolver.lookUp(names);
  const proxies = config.proxies.map(proxy => resolver.replaceServers(resolver.replaceIn(proxy)));
  const global = { ...config.global, logs: resolver.replaceLogs(config.global.logs) };
  const logForwards = config.logForwards.map(section => resolver.replacePlaces(section));
  const otherSections = config.otherSections.map(section => resolver.replaceNameservers(section));
  const resolved = { ...config, global, proxies, logForwards, otherSections };
  return { config: resolved, diagnostics: resolver.diagnostics };
}

/** Where something listens and logs. */
type Places = Pick<Proxy, 'binds' | 'logs'>;

function namesOf({ binds, logs, dispatch }: Places & Pick<Proxy, 'dispatch'>): NameAddress[] {
  const addresses = binds.map(one => one.address).filter(isName);
  return [...addresses, ...(dispatch !== undefined && isName(dispatch) ? [dispatch] : []), ...logNames(logs)];
}

/** Quicker for thousands of backends than to look at the list of them. */
function mayHaveNames({ binds, dispatch, logs }: Proxy): boolean {
  return binds.length > 0 || logs.length > 0 || dispatch !== undefined;
}

function logNames(logs: readonly LogTarget[]): NameAddress[] {
  return logs.flatMap(({ target }) =>
    target.kind === 'syslog' && isName(target.address) ? [target.address] : [],
  );
}

function isName(address: Address): address is NameAddress {
  return address.kind === 'name';
}

function hasNamedChecks({ check, agent }: Server): boolean {
  return check?.address?.kind === 'name' || agent?.address?.kind === 'name';
}

/** What a state file says of a server (worker/servers/server-states.ts). */
interface KnownStates {
  of(proxy: string, server: string): ServerStateValues | undefined;
}

class NameResolver {
  readonly diagnostics: Diagnostic[] = [];
  readonly #states: KnownStates;
  readonly #answers = new Map<string, SocketIp | undefined>();

  constructor(states: KnownStates) {
    this.#states = states;
  }

  /** The names of servers for which the system has to be asked. */
  addServerNames({ name, servers }: Proxy, names: NameAddress[]): void {
    for (const server of servers) {
      const { address, check, agent } = server;
      names.push(...[check?.address, agent?.address].filter(one => one !== undefined).filter(isName));
      if (!isName(address) || isSrvName(address.host)) continue;
      if (needsSystem(server, this.#states.of(name, server.name)?.address)) names.push(address);
    }
  }

  async lookUp(names: readonly NameAddress[]): Promise<void> {
    const wanted = new Map(names.map(name => [keyOf(name), name]));
    await Promise.all([...wanted].map(async ([key, name]) => this.#answers.set(key, await ask(name))));
  }

  replaceServers(proxy: Proxy): Proxy {
    if (!proxy.servers.some(server => this.#moves(proxy, server))) return proxy;
    const servers = proxy.servers.map(server => {
      const state = this.#states.of(proxy.name, server.name);
      const checked = hasNamedChecks(server) ? this.#locateChecks(server) : server;
      const located = isName(server.address) ? this.#locate(checked, server.address, state) : checked;
      return state === undefined ? located : movedServer(located, state);
    });
    return { ...proxy, servers };
  }

  /** An address of it is not what is written. */
  #moves(proxy: Proxy, server: Server): boolean {
    const { name, address } = server;
    return isName(address) || hasNamedChecks(server) || this.#states.of(proxy.name, name) !== undefined;
  }

  /** `addr` and `agent-addr` */
  #locateChecks(server: Server): Server {
    const { check, agent, position } = server;
    return {
      ...server,
      ...(check?.address !== undefined && {
        check: { ...check, address: this.#replace(check.address, position, 'addr') },
      }),
      ...(agent?.address !== undefined && {
        agent: { ...agent, address: this.#replace(agent.address, position, 'agent-addr') },
      }),
    };
  }

  #locate(server: Server, name: NameAddress, state: ServerStateValues | undefined): Server {
    const isSrv = isSrvName(name.host);
    const naming = isSrv ? { srvRecord: name.host } : { fqdn: name.host };
    const system = isSrv ? undefined : this.#answers.get(keyOf(name));
    const { address, afterFailure } = initialAddress(server, state?.address, system);
    const what = `'server ${server.name}' : could not resolve address '${name.host}'`;
    if (address === undefined) this.#say('alert', server.position, `${what}.`);
    else if (afterFailure) {
      const then = address === 'unresolved' ? 'disabling server' : 'falling back to configured address';
      this.#say('notice', server.position, `${what}, ${then}.`);
    }
    if (typeof address !== 'object') return { ...server, ...naming };
    return { ...server, ...naming, address: { kind: 'ip', ...address, port: name.port } };
  }

  #say(severity: Diagnostic['severity'], position: Position, message: string): void {
    this.diagnostics.push({ severity, position, message });
  }

  replaceIn(proxy: Proxy): Proxy {
    if (!mayHaveNames(proxy)) return proxy;
    return {
      ...this.replacePlaces(proxy),
      ...(proxy.dispatch !== undefined && {
        dispatch: this.#replace(proxy.dispatch, proxy.position, 'dispatch'),
      }),
    };
  }

  replacePlaces<T extends Places>(section: T): T {
    return {
      ...section,
      logs: this.replaceLogs(section.logs),
      binds: section.binds.map(bind => ({
        ...bind,
        address: this.#replace(bind.address, bind.position, 'bind'),
      })),
    };
  }

  replaceLogs(logs: readonly LogTarget[]): LogTarget[] {
    return logs.map(log => {
      const { target } = log;
      if (target.kind !== 'syslog' || !isName(target.address)) return log;
      return { ...log, target: { ...target, address: this.#replace(target.address, log.position, 'log') } };
    });
  }

  replaceNameservers(section: OtherSection): OtherSection {
    return withAddresses(section, (...named) => this.#replace(...named));
  }

  #replace(address: Address, position: Position, whose: string): Address {
    if (!isName(address)) return address;
    const answer = this.#answers.get(keyOf(address));
    if (answer !== undefined) return { ...answer, port: address.port };
    this.#say('alert', position, `'${whose}' : could not resolve address '${address.host}'.`);
    return address;
  }
}

function keyOf({ host, family }: NameAddress): string {
  return `${family} ${host}`;
}

type SocketIp = Extract<Address, { kind: 'ip' }>;

async function ask({ host, family }: NameAddress): Promise<SocketIp | undefined> {
  try {
    const answer = await lookup(host, { family, order: 'ipv4first' });
    return { kind: 'ip', family: answer.family === 6 ? 6 : 4, host: answer.address, port: 0 };
  } catch {
    return undefined;
  }
}
