/**
 * Virtual servers at work: puts their services into the kernel, keeps their pools (pool-keeper.ts) and carries every change
 * of those into the kernel (applier.ts). Called by worker/forwarding/.
 */
import type { KeepalivedConfig } from '../model/keepalived.ts';
import { Applier } from './applier.ts';
import { ChangeWatch } from './change-watch.ts';
import { ConnectionLimits } from './counting/connection-limits.ts';
import { LoadWatch } from './counting/load-watch.ts';
import type { Counts } from './counting/count-connections.ts';
import { checksOf, resultAtOnce, type Checks, type RunScript } from './checkers/checks.ts';
import type { Driver } from './driver.ts';
import { countsConnections } from './least-connections.ts';
import { Neighbours } from './neighbours.ts';
import { PoolKeeper, sameServer, type KeeperPorts, type ServiceEvents } from './pool-keeper.ts';
import { resolveServices, type ResolvedService } from './resolve-services.ts';
import { renderServices } from './show-services.ts';
import { isHere } from './presence.ts';

interface ForwarderPorts {
  readonly driver: Driver;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** Milliseconds of a clock that only goes on. */
  readonly now: () => number;
  readonly random: () => number;
  readonly log: (level: 'error' | 'warning' | 'notice' | 'info', message: string) => void;
  readonly runScript: RunScript;
  readonly events: ServiceEvents;
  /** Calls back whenever interfaces or routes change. */
  readonly watchRoutes: (onChange: () => void) => { stop(): void };
  readonly watchAddresses: (onChange: () => void) => { stop(): void };
  readonly ownAddresses: () => readonly string[];
}

export class Forwarder {
  readonly #ports: ForwarderPorts;
  readonly #applier: Applier;
  readonly #routes: ChangeWatch;
  readonly #addresses: ChangeWatch;
  readonly #loads: LoadWatch;
  readonly #neighbours = new Neighbours();
  #keepers: readonly PoolKeeper[] = [];
  readonly #limits = new ConnectionLimits();
  #counts: Counts = new Map();
  #timeouts: string;
  #manners: KeepalivedConfig['globalDefs'];
  #checks: Checks;

  constructor(config: KeepalivedConfig, ports: ForwarderPorts) {
    this.#ports = ports;
    this.#manners = config.globalDefs;
    this.#checks = checksOf(config.ssl, config.trackFiles, ports.runScript);
    this.#timeouts = JSON.stringify(config.globalDefs.lvsTimeoutsSec);
    this.#keepers = this.#keepersOf(config, []);
    this.#applier = new Applier(ports, this.#services(), this.#states());
    const { after, watchRoutes, watchAddresses } = ports;
    this.#routes = new ChangeWatch({ after, monitor: watchRoutes }, () => this.#applier.reroute());
    this.#addresses = new ChangeWatch({ after, monitor: watchAddresses }, () => this.#lookForAddresses());
    this.#loads = new LoadWatch({
      ...ports,
      count: services => ports.driver.count(services),
      take: counts => this.#count(counts),
    });
  }

  /** Resolves when the kernel forwards, or has refused for the first time. */
  async start(): Promise<void> {
    this.#routes.watch(this.#routesDirectly());
    await this.#applier.apply();
    for (const keeper of this.#keepers) keeper.start();
    this.#followAddresses();
    this.#loads.watch(this.#services());
  }

  /** Services that stay keep their checkers and what they know; the kernel's rules change only where services do. */
  reload(config: KeepalivedConfig): void {
    const before = this.#keepers;
    const [services, timeouts] = [JSON.stringify(this.#services()), this.#timeouts];
    this.#timeouts = JSON.stringify(config.globalDefs.lvsTimeoutsSec);
    this.#manners = config.globalDefs;
    this.#checks = checksOf(config.ssl, config.trackFiles, this.#ports.runScript);
    this.#keepers = this.#keepersOf(config, before);
    for (const keeper of before)
      if (!this.#keepers.includes(keeper)) keeper.giveWayTo(sameName(this.#keepers, keeper.resolved));
    for (const keeper of this.#keepers) if (!before.includes(keeper)) keeper.start();
    this.#followAddresses();
    this.#routes.watch(this.#routesDirectly());
    this.#loads.watch(this.#services());
    const anew = JSON.stringify(this.#services()) !== services || this.#timeouts !== timeouts;
    if (anew) this.#applier.replace(this.#services(), this.#states());
    else void this.#applier.wantAll(this.#states());
  }

  /** All of it as text; connections are counted for it. */
  async show(): Promise<string> {
    const counts = await this.#ports.driver.count(this.#services());
    return renderServices(
      this.#keepers.map(({ view }) => ({
        ...view,
        connections: typeof counts === 'string' ? undefined : counts.get(view.resolved.service),
      })),
    );
  }

  /** What a session of BFD says of its neighbour. */
  hearOf(neighbour: string, isUp: boolean): void {
    this.#neighbours.hear(neighbour, isUp);
  }

  stop(): void {
    this.#routes.watch(false);
    this.#addresses.watch(false);
    this.#loads.watch([]);
    for (const keeper of this.#keepers) keeper.stop();
    this.#applier.stop();
  }

  #keepersOf(config: KeepalivedConfig, before: readonly PoolKeeper[]): PoolKeeper[] {
    const { runScript, after, random, log, events } = this.#ports;
    const ports: KeeperPorts = {
      events,
      manners: () => this.#manners,
      checks: () => this.#checks,
      atOnce: checker => resultAtOnce(checker, config.trackFiles),
      neighbours: this.#neighbours,
      after,
      random,
      log,
      notify: command =>
        void runScript(command).then(code => {
          if (typeof code === 'string') log('warning', `${command.argv[0] ?? ''}: ${code}`);
        }),
    };
    return resolveServices(config).services.map(resolved => {
      const old = sameName(before, resolved);
      if (old !== undefined && isSame(old.resolved, resolved)) return old;
      const keeper: PoolKeeper = new PoolKeeper(resolved, ports, () => this.#changed(keeper), old);
      return keeper;
    });
  }

  #changed(keeper: PoolKeeper): void {
    const index = this.#keepers.indexOf(keeper);
    if (index >= 0) this.#applier.want(index, this.#statesOf(keeper));
  }

  #count(counts: Counts): Promise<void> {
    this.#counts = counts;
    this.#limits.take(counts);
    return this.#applier.wantAll(this.#states());
  }

  #followAddresses(): void {
    this.#addresses.watch(this.#keepers.some(({ resolved }) => resolved.config.haSuspend));
    this.#lookForAddresses();
  }

  #lookForAddresses(): void {
    const suspending = this.#keepers.filter(({ resolved }) => resolved.config.haSuspend);
    if (suspending.length === 0) return;
    const own = this.#ports.ownAddresses();
    for (const keeper of suspending) keeper.suspend(!isHere(keeper.resolved.service.targets, own));
  }

  #routesDirectly(): boolean {
    return this.#services().some(({ method }) => method === 'DR');
  }

  #services(): ResolvedService['service'][] {
    return this.#keepers.map(({ resolved }) => resolved.service);
  }

  #states(): PoolKeeper['states'][] {
    return this.#keepers.map(keeper => this.#statesOf(keeper));
  }

  #statesOf({ resolved: { service }, states }: PoolKeeper): PoolKeeper['states'] {
    const counts = this.#counts.get(service);
    if (counts === undefined) return states;
    return states.map((state, index) => ({
      ...state,
      ...(this.#limits.isFull(service, index) ? { weight: 0 } : {}),
      ...(countsConnections(service.scheduler) ? { connections: counts[index] ?? 0 } : {}),
    }));
  }
}

function sameName(keepers: readonly PoolKeeper[], { service }: ResolvedService): PoolKeeper | undefined {
  return keepers.find(({ resolved }) => resolved.service.name === service.name);
}

/** Of one place in the ruleset, too. */
function isSame(one: ResolvedService, other: ResolvedService): boolean {
  return (
    sameServer(one.config, other.config) && JSON.stringify(one.service) === JSON.stringify(other.service)
  );
}
