/**
 * Turns host names in server, bind and log addresses into IP addresses, once, before anything is served (manual,
 * `init-addr`: libc). Each name is looked up once; a server whose name is unknown is an error, as in HAProxy.
 */
import { lookup } from 'node:dns/promises';
import type { Address } from '../model/address.ts';
import type { Config } from '../model/config.ts';
import type { Diagnostic, Position } from '../model/diagnostic.ts';
import type { LogTarget } from '../model/log.ts';
import type { Proxy } from '../model/proxy.ts';

type NameAddress = Extract<Address, { kind: 'name' }>;

export async function resolveNames(
  config: Config,
): Promise<{ readonly config: Config; readonly diagnostics: readonly Diagnostic[] }> {
  const resolver = new NameResolver();
  await resolver.lookUp([...config.proxies.flatMap(namesOf), ...logNames(config.global.logs)]);
  const proxies = config.proxies.map(proxy =>
    namesOf(proxy).length === 0 ? proxy : resolver.replaceIn(proxy),
  );
  const global = { ...config.global, logs: resolver.replaceLogs(config.global.logs) };
  return { config: { ...config, global, proxies }, diagnostics: resolver.diagnostics };
}

function namesOf(proxy: Proxy): NameAddress[] {
  const addresses = [...proxy.binds, ...proxy.servers].map(one => one.address).filter(isName);
  const dispatch = proxy.dispatch !== undefined && isName(proxy.dispatch) ? [proxy.dispatch] : [];
  return [...addresses, ...dispatch, ...logNames(proxy.logs)];
}

function logNames(logs: readonly LogTarget[]): NameAddress[] {
  return logs.flatMap(({ target }) =>
    target.kind === 'syslog' && isName(target.address) ? [target.address] : [],
  );
}

function isName(address: Address): address is NameAddress {
  return address.kind === 'name';
}

class NameResolver {
  readonly diagnostics: Diagnostic[] = [];
  readonly #answers = new Map<string, Address | undefined>();

  async lookUp(names: readonly NameAddress[]): Promise<void> {
    const wanted = new Map(names.map(name => [keyOf(name), name]));
    await Promise.all([...wanted].map(async ([key, name]) => this.#answers.set(key, await ask(name))));
  }

  replaceIn(proxy: Proxy): Proxy {
    return {
      ...proxy,
      logs: this.replaceLogs(proxy.logs),
      ...(proxy.dispatch !== undefined && {
        dispatch: this.#replace(proxy.dispatch, proxy.position, 'dispatch'),
      }),
      binds: proxy.binds.map(bind => ({
        ...bind,
        address: this.#replace(bind.address, bind.position, 'bind'),
      })),
      servers: proxy.servers.map(server => ({
        ...server,
        address: this.#replace(server.address, server.position, `server ${server.name}`),
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

  #replace(address: Address, position: Position, whose: string): Address {
    if (!isName(address)) return address;
    const answer = this.#answers.get(keyOf(address));
    if (answer?.kind === 'ip') return { ...answer, port: address.port };
    this.diagnostics.push({
      severity: 'alert',
      position,
      message: `'${whose}' : could not resolve address '${address.host}'.`,
    });
    return address;
  }
}

function keyOf({ host, family }: NameAddress): string {
  return `${family} ${host}`;
}

async function ask({ host, family }: NameAddress): Promise<Address | undefined> {
  try {
    const answer = await lookup(host, { family, order: 'ipv4first' });
    return { kind: 'ip', family: answer.family === 6 ? 6 : 4, host: answer.address, port: 0 };
  } catch {
    return undefined;
  }
}
