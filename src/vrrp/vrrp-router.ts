/**
 * The node: puts configurations to work, over reloads and changes of the network, and ends in order. Its machines are at
 * work in machines.ts; what is tracked becomes faults and priorities in evaluation.ts. Called by manager.ts.
 */
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { AdvertReceiver, ReceiverEvents, ReceiverOptions } from './advert-receiver.ts';
import type { AdvertSender } from './advert-sender.ts';
import type { Announcer } from './announcer.ts';
import { BfdSessions } from './bfd/sessions.ts';
import type { Clock } from './clock.ts';
import type { HeldStateFile } from './held-state.ts';
import { Evaluation } from './evaluation.ts';
import { HandOvers } from './handover/hand-overs.ts';
import type { Instance } from './instance.ts';
import { InstanceSet } from './instance-set.ts';
import type { IpBatch } from './ip-batch.ts';
import { removeLeftovers } from './leftovers.ts';
import type { Link } from './links.ts';
import type { LinkMonitor } from './link-monitor.ts';
import { RareLog, type Log } from './log.ts';
import { LostRoutes } from './lost-routes.ts';
import { initialMachine } from './machine/machine-state.ts';
import { Machines } from './machines.ts';
import type { InstanceSnapshot, VrrpSnapshot, VrrpState } from '../model/vrrp-snapshot.ts';
import type { Network } from './network.ts';
import { NoAccept } from './no-accept.ts';
import type { NotifyState } from './notify-subject.ts';
import { promoteSecondaries } from './promote-secondaries.ts';
import { Receivers } from './receivers.ts';
import { Reporter, type VrrpEvent } from './reporter.ts';
import { showInstance } from './show-instance.ts';
import { RisenLinks } from './risen-links.ts';
import { StaticEntries } from './static-entries.ts';
import { InterfaceStates } from './tracking/interface-tracker.ts';
import { Trackers, type LoadBalancerView } from './tracking/trackers.ts';
import { watchedLinks } from './tracking/watched-links.ts';
import { VmacInterfaces } from './vmac-interfaces.ts';

export interface RouterPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Network;
  readonly batch: IpBatch;
  readonly held: HeldStateFile;
  readonly makeAnnouncer: (config: KeepalivedConfig) => Announcer;
  readonly openReceiver: (options: ReceiverOptions, events: ReceiverEvents) => AdvertReceiver;
  /** What ip-monitor(8) says of routes and rules; `missed`: it may have said more. */
  readonly watchRoutes: (onLine: (line: string) => void, missed: () => void) => LinkMonitor;
  readonly openSender: (family: 4 | 6, device: Link | undefined) => AdvertSender;
  readonly balancer: LoadBalancerView | undefined;
  readonly keepConnections: boolean;
  readonly hostUptimeMs: () => number;
  readonly onEvent: (event: VrrpEvent) => void;
  /** What a session of BFD says of its neighbour. */
  readonly onNeighbour: (name: string, isUp: boolean) => void;
}

interface KnownState {
  readonly kind: 'instance' | 'group';
  readonly name: string;
  readonly state: VrrpState;
}

export class VrrpRouter {
  readonly #ports: RouterPorts;
  readonly #rareLog: RareLog;
  readonly #instances: InstanceSet;
  readonly #receivers: Receivers;
  readonly #bfd: BfdSessions;
  readonly #trackers: Trackers;
  readonly #vmacs: VmacInterfaces;
  readonly #statics: StaticEntries;
  readonly #risenLinks: RisenLinks;
  readonly #lostRoutes: LostRoutes;
  readonly #noAccept: NoAccept;
  readonly #reporter: Reporter;
  readonly #handOvers: HandOvers;
  readonly #machines: Machines;
  readonly #evaluation: Evaluation;
  #config: KeepalivedConfig;
  #announcer: Announcer;
  #links: InterfaceStates;
  #startAllowedAt = 0;
  #refreshPending = false;
  #phase: 'running' | 'stopping' | 'ended' = 'running';

  constructor(config: KeepalivedConfig, ports: RouterPorts) {
    const { clock, log, onEvent } = ports;
    this.#ports = ports;
    this.#config = config;
    this.#rareLog = new RareLog(log, () => clock.now());
    this.#announcer = ports.makeAnnouncer(config);
    this.#reporter = new Reporter(config, {
      clock,
      log,
      onEvent,
      priorityOf: name => this.#machines.priorityOf(name),
    });
    this.#instances = new InstanceSet({
      ...ports,
      rareLog: this.#rareLog,
      // over a reload the announcer is another one
      announcer: { announce: (...args) => this.#announcer.announce(...args) },
    });
    const readWaiting = (): void => this.#receivers.readWaiting();
    this.#handOvers = new HandOvers({ ...ports, readWaiting });
    this.#machines = new Machines({
      clock,
      rareLog: this.#rareLog,
      instances: this.#instances,
      handOvers: this.#handOvers,
      reporter: this.#reporter,
      readWaiting,
    });
    this.#vmacs = new VmacInterfaces(ports.held, log);
    this.#statics = new StaticEntries(ports);
    this.#risenLinks = new RisenLinks(ports.network);
    this.#lostRoutes = new LostRoutes({ clock, watch: ports.watchRoutes, onLost: () => this.#repair(true) });
    this.#noAccept = new NoAccept(log);
    this.#links = this.#makeLinks(config);
    this.#bfd = new BfdSessions({
      clock,
      log,
      rareLog: this.#rareLog,
      onChange: (name, isUp) => {
        ports.onNeighbour(name, isUp);
        this.evaluate();
      },
    });
    this.#trackers = new Trackers({
      clock,
      log,
      isInterfaceUp: name => this.#links.isUp(name),
      isBfdUp: name => this.#bfd.isUp(name),
      balancer: ports.balancer,
      onChange: () => this.evaluate(),
    });
    this.#receivers = this.#createReceivers();
    this.#evaluation = new Evaluation({
      network: ports.network,
      balancer: ports.balancer,
      instances: this.#instances,
      receivers: this.#receivers,
      trackers: this.#trackers,
      machines: this.#machines,
      handOvers: this.#handOvers,
      isUp: name => this.#links.isUp(name),
    });
  }

  #createReceivers(): Receivers {
    const { network, log, openReceiver } = this.#ports;
    return new Receivers({
      network,
      log,
      rareLog: this.#rareLog,
      open: openReceiver,
      heard: (instance, advert, keepsConnections) => {
        const { name } = instance.config;
        const machine = this.#machines.machine(name);
        if (machine !== undefined) this.#handOvers.heard(instance, machine, advert, keepsConnections);
        this.#machines.tell(name, { kind: 'advert', advert });
      },
    });
  }

  start(): void {
    const { clock, held, network, batch, log } = this.#ports;
    const { vrrpStartupDelayMs, vrrpDelayAfterBootMs } = this.#config.globalDefs;
    const delayMs = Math.max(vrrpStartupDelayMs, vrrpDelayAfterBootMs - this.#ports.hostUptimeMs());
    removeLeftovers(held, network, batch, log);
    this.#startAllowedAt = clock.now() + delayMs;
    if (delayMs > 0) clock.after(delayMs, () => this.evaluate());
    this.#install(this.#config);
  }

  reload(config: KeepalivedConfig): void {
    if (this.#phase !== 'running') return;
    this.#rename(config);
    this.#removeMissing(config);
    this.#config = config;
    this.#announcer.stop();
    this.#announcer = this.#ports.makeAnnouncer(config);
    this.#reporter.reload(config);
    this.#links.stop();
    this.#links = this.#makeLinks(config);
    const before = this.#states(config);
    this.#install(config);
    for (const [key, { kind, name, state }] of this.#states(config))
      if (before.get(key)?.state === state) this.#reporter.repeat(kind, name, state);
  }

  #states({ syncGroups }: KeepalivedConfig): ReadonlyMap<string, KnownState> {
    const groups = syncGroups.map(({ name }): KnownState => {
      return { kind: 'group', name, state: this.#machines.groupState(name) };
    });
    const instances = this.#instances.names().map((name): KnownState => {
      return { kind: 'instance', name, state: this.#machines.stateOf(name) };
    });
    return new Map([...groups, ...instances].map(one => [`${one.kind} ${one.name}`, one]));
  }

  /** The kernel says that links or addresses changed; many messages in a row are one refresh. */
  networkChanged(): void {
    if (this.#refreshPending || this.#phase !== 'running') return;
    this.#refreshPending = true;
    this.#ports.clock.after(0, () => {
      this.#refreshPending = false;
      if (this.#phase !== 'running') return;
      this.#ports.network.refresh();
      this.#vmacs.arrange(this.#config, this.#ports.network);
      this.#vmacs.lendAddresses(this.#ports.network);
      const linkHasRisen = this.#risenLinks.look();
      this.#receivers.arrange(this.#instances.all(), this.#config.globalDefs.logUnknownVrids);
      this.#links.update();
      this.evaluate();
      this.#repair(linkHasRisen);
    });
  }

  /** What was put into the kernel, and is not there any more. */
  #repair(routesAreLost: boolean): void {
    this.#statics.repair(routesAreLost);
    for (const instance of this.#instances.all()) instance.repair(routesAreLost);
  }

  /** Looks at everything that is tracked, and tells the machines what changed. */
  evaluate(): void {
    if (this.#phase !== 'running') return;
    this.#evaluation.evaluate(this.#config, this.#ports.clock.now() >= this.#startAllowedAt);
  }

  /** True: addresses were held. */
  async handOver(reason: string): Promise<boolean> {
    const held = this.#instances.all().some(instance => instance.holding);
    this.#handOvers.reason = reason;
    this.evaluate();
    await this.#handOvers.over();
    return held;
  }

  resume(): void {
    this.#handOvers.reason = undefined;
    this.evaluate();
  }

  async stop(): Promise<void> {
    if (this.#phase !== 'running') return;
    this.#phase = 'stopping';
    this.#handOvers.stopping = true;
    for (const name of this.#instances.names()) this.#stopInstance(name, 'STOP');
    for (const group of this.#config.syncGroups) this.#reporter.ended('group', group.name, 'STOP');
    await this.#handOvers.over();
    await this.#ports.batch.run([]);
    this.#end();
  }

  releaseNow(): void {
    if (this.#phase === 'ended') return;
    this.#handOvers.finish();
    for (const instance of this.#instances.all()) {
      if (this.#machines.stateOf(instance.config.name) === 'MASTER') instance.advertise(0);
      instance.release(true);
    }
    this.#end();
  }

  clearCounters(): void {
    this.#instances.clearCounters();
  }

  snapshot(): VrrpSnapshot {
    return {
      instances: this.#instances.all().map(instance => this.#show(instance)),
      groups: this.#config.syncGroups.map(group => ({
        name: group.name,
        state: this.#machines.groupState(group.name),
        members: group.members,
        lastTransition: this.#reporter.lifeOf('group', group.name).since,
      })),
      scripts: this.#trackers.showScripts(this.#config.scripts),
      processes: this.#trackers.showProcesses(this.#config.trackProcesses),
      unknownRouterIds: this.#receivers.unknownRouterIds,
      brokenPackets: this.#receivers.broken,
      droppedPackets: this.#receivers.dropped,
    };
  }

  #install(config: KeepalivedConfig): void {
    const { network, log } = this.#ports;
    this.#vmacs.arrange(config, network);
    network.refresh();
    this.#risenLinks.look();
    this.#vmacs.lendAddresses(network);
    this.#statics.arrange(config);
    this.#lostRoutes.arrange(config);
    for (const name of watchedLinks(config)) this.#links.watch(name);
    promoteSecondaries(config, log);
    this.#noAccept.arrange(config);
    for (const one of config.instances) this.#instances.install(one);
    this.#instances.findSources(config);
    this.#machines.configure({ instances: this.#instances.configs, groups: config.syncGroups });
    this.#receivers.arrange(this.#instances.all(), config.globalDefs.logUnknownVrids);
    this.#bfd.arrange(config.bfdInstances);
    this.#trackers.arrange(config);
    for (const name of this.#instances.names()) this.#machines.tell(name, { kind: 'reload' });
    this.evaluate();
  }

  /** Another name is no reason to give an address away. */
  #rename(next: KeepalivedConfig): void {
    for (const [from, to] of this.#instances.renamed(next)) {
      this.#handOvers.forget(from);
      this.#instances.rename(from, to);
      this.#machines.rename(from, to);
      this.#reporter.rename(from, to);
      this.#ports.log('notice', `vrrp instance ${from}: is called ${to} from now on`);
    }
  }

  #removeMissing(next: KeepalivedConfig): void {
    for (const instance of this.#instances.without(next)) {
      const { name, notify } = instance.config;
      this.#stopInstance(name, notify.sayDeleted ? 'DELETED' : 'FAULT');
      this.#handOvers.forget(name);
      this.#instances.remove(instance);
      this.#machines.remove(name);
    }
  }

  #makeLinks(config: KeepalivedConfig): InterfaceStates {
    const isUpNow = (name: string): boolean => this.#ports.network.link(name)?.up ?? false;
    return new InterfaceStates(this.#ports.clock, config.interfaceDelays, isUpNow, () => this.evaluate());
  }

  #end(): void {
    this.#phase = 'ended';
    this.#machines.end();
    this.#bfd.stop();
    this.#trackers.stop();
    this.#links.stop();
    this.#lostRoutes.stop();
    this.#announcer.stop();
    this.#receivers.close();
    this.#instances.close();
    this.#reporter.close();
    this.#handOvers.end();
    this.#statics.remove();
    this.#vmacs.remove();
    this.#noAccept.remove();
  }

  #stopInstance(name: string, state: NotifyState): void {
    const wasRunning = this.#machines.stateOf(name) !== 'INIT';
    this.#machines.tell(name, { kind: 'stop' });
    if (wasRunning) this.#reporter.ended('instance', name, state);
  }

  #show(instance: Instance): InstanceSnapshot {
    const { config } = instance;
    return showInstance({
      instance,
      machine: this.#machines.machine(config.name) ?? initialMachine(config),
      life: this.#reporter.lifeOf('instance', config.name),
      syncGroup: this.#config.syncGroups.find(group => group.members.includes(config.name))?.name,
      faults: this.#machines.faultsOf(config.name),
    });
  }
}
