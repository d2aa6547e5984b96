/**
 * The node: feeds events to the pure router (router.ts), hands its effects to the instances, and turns what is tracked
 * into faults and priorities. Called by manager.ts.
 */
import { sameIp, type IpAddress } from '../base/ip-address.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import type { AdvertReceiver, ReceiverEvents, ReceiverOptions } from './advert-receiver.ts';
import type { AdvertSender } from './advert-sender.ts';
import type { Announcer } from './announcer.ts';
import type { Clock } from './clock.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { HeldStateFile } from './held-state.ts';
import { entriesOf } from './holdings.ts';
import { Instance } from './instance.ts';
import type { IpBatch } from './ip-batch.ts';
import { ipOf } from './ip-bytes.ts';
import { placeFaults } from './judge-place.ts';
import { removeLeftovers } from './leftovers.ts';
import { ConnectionRelays } from './handover/connection-relay.ts';
import { KeptConnections } from './handover/kept-connections.ts';
import { Lingering, type LingeringEnd } from './handover/lingering.ts';
import type { Link } from './links.ts';
import { RareLog, type Log } from './log.ts';
import { initialMachine, type Effect, type HeardAdvert, type MachineEvent } from './machine.ts';
import type { VrrpState, InstanceSnapshot, VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import type { Network } from './network.ts';
import { NoAccept } from './no-accept.ts';
import type { NotifyState } from './notifier.ts';
import { promoteSecondaries } from './promote-secondaries.ts';
import { Receivers } from './receivers.ts';
import { Reporter, type VrrpEvent } from './reporter.ts';
import {
  EMPTY_ROUTER,
  groupState,
  stepRouter,
  type Owner,
  type RouterEvent,
  type RouterState,
} from './router.ts';
import { showInstance } from './show-instance.ts';
import { sourceAddress } from './source-address.ts';
import { StaticEntries } from './static-entries.ts';
import { InterfaceStates } from './tracking/interface-tracker.ts';
import { effectivePriority } from './tracking/track-value.ts';
import { Trackers, type LoadBalancerView } from './tracking/trackers.ts';
import { VmacInterfaces } from './vmac-interfaces.ts';

export interface RouterPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly network: Network;
  readonly batch: IpBatch;
  readonly held: HeldStateFile;
  readonly makeAnnouncer: (config: KeepalivedConfig) => Announcer;
  readonly openReceiver: (options: ReceiverOptions, events: ReceiverEvents) => AdvertReceiver;
  readonly openSender: (family: 4 | 6, device: Link | undefined) => AdvertSender;
  readonly balancer: LoadBalancerView | undefined;
  readonly keepConnections: boolean;
  readonly onEvent: (event: VrrpEvent) => void;
}

/** Never sent: an instance without an address is in fault. */
const NO_SOURCE = ipOf('0.0.0.0');

export class VrrpRouter {
  readonly #ports: RouterPorts;
  readonly #rareLog: RareLog;
  readonly #instances = new Map<string, Instance>();
  readonly #receivers: Receivers;
  readonly #trackers: Trackers;
  readonly #vmacs: VmacInterfaces;
  readonly #statics: StaticEntries;
  readonly #noAccept: NoAccept;
  readonly #reporter: Reporter;
  readonly #lingering: Lingering;
  readonly #kept: KeptConnections;
  readonly #relays: ConnectionRelays;
  readonly #timer: DeadlineTimer;
  #config: KeepalivedConfig;
  #announcer: Announcer;
  #links: InterfaceStates;
  #router: RouterState = EMPTY_ROUTER;
  #startAllowedAt = 0;
  #refreshPending = false;
  #handingOver: string | undefined;
  #phase: 'running' | 'stopping' | 'ended' = 'running';

  constructor(config: KeepalivedConfig, ports: RouterPorts) {
    const { clock, log, network, onEvent } = ports;
    this.#ports = ports;
    this.#config = config;
    this.#rareLog = new RareLog(log, () => clock.now());
    this.#announcer = ports.makeAnnouncer(config);
    this.#reporter = new Reporter(config, {
      clock,
      log,
      onEvent,
      priorityOf: name => this.#priorityOf(name),
    });
    this.#lingering = new Lingering(clock);
    this.#kept = new KeptConnections(ports);
    this.#relays = new ConnectionRelays(ports);
    this.#timer = new DeadlineTimer(
      clock,
      () => this.#router,
      name => this.#due(name),
    );
    this.#vmacs = new VmacInterfaces(ports.held, log);
    this.#statics = new StaticEntries(ports);
    this.#noAccept = new NoAccept(log);
    this.#links = this.#makeLinks(config);
    this.#trackers = new Trackers({
      clock,
      log,
      isInterfaceUp: name => this.#links.isUp(name),
      balancer: ports.balancer,
      onChange: () => this.evaluate(),
    });
    this.#receivers = new Receivers({
      network,
      log,
      rareLog: this.#rareLog,
      open: ports.openReceiver,
      heard: (instance, advert, keepsConnections) => this.#heard(instance, advert, keepsConnections),
    });
  }

  start(): void {
    const { clock, held, network, batch, log } = this.#ports;
    const { vrrpStartupDelayMs } = this.#config.globalDefs;
    removeLeftovers(held, network, batch, log);
    this.#startAllowedAt = clock.now() + vrrpStartupDelayMs;
    if (vrrpStartupDelayMs > 0) clock.after(vrrpStartupDelayMs, () => this.evaluate());
    this.#install(this.#config);
  }

  reload(config: KeepalivedConfig): void {
    if (this.#phase !== 'running') return;
    this.#removeMissing(config);
    this.#config = config;
    this.#announcer.stop();
    this.#announcer = this.#ports.makeAnnouncer(config);
    this.#reporter.reload(config);
    this.#links.stop();
    this.#links = this.#makeLinks(config);
    this.#install(config);
    for (const name of this.#instances.keys()) this.#reporter.repeat(name, this.#stateOf(name));
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
      this.#receivers.arrange(this.#instances.values(), this.#config.globalDefs.logUnknownVrids);
      this.#links.update();
      this.evaluate();
      for (const instance of this.#instances.values()) instance.repair();
    });
  }

  /** Looks at everything that is tracked, and tells the machines what changed. */
  evaluate(): void {
    if (this.#phase !== 'running') return;
    this.#findSources();
    const pending = new Set<string>();
    for (const group of this.#config.syncGroups) {
      const judgement = this.#trackers.judge(group.tracking);
      this.#setFaults(`group ${group.name}`, judgement.faults);
      if (judgement.pending) for (const member of group.members) pending.add(member);
    }
    for (const instance of this.#instances.values()) this.#evaluateInstance(instance, pending);
    if (this.#ports.clock.now() < this.#startAllowedAt) return;
    for (const name of this.#instances.keys())
      if (!pending.has(name) && this.#stateOf(name) === 'INIT') this.#feed({ kind: 'start', name });
  }

  /** True: addresses were held. */
  async handOver(reason: string): Promise<boolean> {
    const held = [...this.#instances.values()].some(instance => instance.holding);
    this.#handingOver = reason;
    this.evaluate();
    await this.#lingering.over();
    return held;
  }

  resume(): void {
    this.#handingOver = undefined;
    this.evaluate();
  }

  async stop(): Promise<void> {
    if (this.#phase !== 'running') return;
    this.#phase = 'stopping';
    for (const name of this.#instances.keys()) this.#stopInstance(name, 'STOP');
    for (const group of this.#config.syncGroups) this.#reporter.ended('group', group.name, 'STOP');
    await this.#lingering.over();
    await this.#ports.batch.run([]);
    this.#end();
  }

  releaseNow(): void {
    if (this.#phase === 'ended') return;
    this.#lingering.finishAll();
    for (const [name, instance] of this.#instances) {
      if (this.#stateOf(name) === 'MASTER') instance.advertise(0);
      instance.release(true);
    }
    this.#end();
  }

  snapshot(): VrrpSnapshot {
    return {
      instances: [...this.#instances.values()].map(instance => this.#show(instance)),
      groups: this.#config.syncGroups.map(group => ({
        name: group.name,
        state: groupState(group, this.#router.machines),
        members: group.members,
        lastTransition: this.#reporter.lifeOf('group', group.name).since,
      })),
      unknownRouterIds: this.#receivers.unknownRouterIds,
      brokenPackets: this.#receivers.broken,
    };
  }

  // ---- putting a configuration to work

  #install(config: KeepalivedConfig): void {
    const { network, log } = this.#ports;
    this.#vmacs.arrange(config, network);
    network.refresh();
    this.#statics.arrange(config);
    this.#watchLinks(config);
    promoteSecondaries(config, log);
    this.#noAccept.arrange(config);
    for (const one of config.instances) this.#installInstance(one);
    this.#findSources();
    this.#receivers.arrange(this.#instances.values(), config.globalDefs.logUnknownVrids);
    this.#trackers.arrange(config);
    for (const name of this.#instances.keys()) this.#machine(name, { kind: 'reload' });
    this.evaluate();
  }

  #installInstance(config: VrrpInstance): void {
    const old = this.#instances.get(config.name);
    if (old !== undefined) {
      old.reconfigure(config);
      return;
    }
    const instance = new Instance(config, {
      ...this.#ports,
      rareLog: this.#rareLog,
      // over a reload the announcer is another one
      announcer: { announce: (...args) => this.#announcer.announce(...args) },
    });
    this.#instances.set(config.name, instance);
    const machines = new Map(this.#router.machines).set(config.name, initialMachine(config));
    this.#router = { ...this.#router, machines };
  }

  /** Instances that are gone, or whose identity on the wire is another, stop. */
  #removeMissing(next: KeepalivedConfig): void {
    for (const [name, instance] of this.#instances) {
      const replacement = next.instances.find(one => one.name === name);
      if (replacement !== undefined && identityOf(replacement) === identityOf(instance.config)) continue;
      this.#stopInstance(name, instance.config.notify.sayDeleted ? 'DELETED' : 'FAULT');
      this.#lingering.finish(name, 'alone');
      this.#kept.drop(name);
      this.#relays.stop(name);
      instance.close();
      this.#instances.delete(name);
      const machines = new Map(this.#router.machines);
      const faults = new Map(this.#router.faults);
      machines.delete(name);
      faults.delete(`instance ${name}`);
      this.#router = { machines, faults };
    }
  }

  #watchLinks(config: KeepalivedConfig): void {
    for (const instance of config.instances) {
      const { interface: base, useVmac, tracking } = instance;
      const names = [
        base,
        useVmac?.name,
        ...tracking.interfaces.map(one => one.name),
        ...entriesOf(instance).map(entry => entry.dev),
      ];
      for (const name of names) if (name !== undefined) this.#links.watch(name);
    }
    for (const { tracking } of config.syncGroups)
      for (const { name } of tracking.interfaces) this.#links.watch(name);
  }

  #makeLinks(config: KeepalivedConfig): InterfaceStates {
    const isUpNow = (name: string): boolean => this.#ports.network.link(name)?.up ?? false;
    return new InterfaceStates(this.#ports.clock, config.interfaceDelays, isUpNow, () => this.evaluate());
  }

  #end(): void {
    this.#phase = 'ended';
    this.#timer.stop();
    this.#trackers.stop();
    this.#links.stop();
    this.#announcer.stop();
    this.#receivers.close();
    for (const instance of this.#instances.values()) instance.close();
    this.#reporter.close();
    this.#kept.dropAll();
    this.#relays.stopAll();
    this.#statics.remove();
    this.#vmacs.remove();
    this.#noAccept.remove();
  }

  // ---- events and effects

  #machine(name: string, event: Exclude<MachineEvent, { kind: 'start' | 'fault' | 'recovered' }>): void {
    this.#feed({ kind: 'machine', name, event });
  }

  #feed(event: RouterEvent): void {
    const config = { instances: this.#machineConfigs, groups: this.#config.syncGroups };
    const { state, effects } = stepRouter(this.#router, event, config, this.#ports.clock.now());
    this.#router = state;
    for (const { owner, effect } of effects) this.#perform(owner, effect);
    if (this.#phase !== 'ended') this.#timer.set();
  }

  #heard(instance: Instance, advert: HeardAdvert, keepsConnections: boolean): void {
    const { name } = instance.config;
    if (advert.priority > 0) this.#lingering.finish(name, 'followed');
    if (keepsConnections && this.#mayFollow(instance, advert.priority))
      void this.#relays.prepare(instance.config, advert.source);
    this.#machine(name, { kind: 'advert', advert });
  }

  /** The master gives up, or we are about to take its place. */
  #mayFollow({ config }: Instance, priority: number): boolean {
    const machine = this.#router.machines.get(config.name);
    if (machine?.state !== 'BACKUP') return false;
    return priority === 0 || (config.preempt && priority < machine.priority);
  }

  /** This node goes on with its connections after it has given its addresses away. */
  get #keeps(): boolean {
    return this.#ports.keepConnections && this.#handingOver !== undefined && this.#phase === 'running';
  }

  #lingered(instance: Instance, end: LingeringEnd): void {
    if (end === 'followed' && this.#keeps) this.#kept.keep(instance.config, 'for good');
    instance.release();
  }

  #due(name: string): void {
    this.#measureLateness(name);
    this.#machine(name, { kind: 'timer' });
  }

  #measureLateness(name: string): void {
    const instance = this.#instances.get(name);
    const machine = this.#router.machines.get(name);
    if (instance === undefined || machine === undefined || machine.state !== 'MASTER') return;
    const lateness = this.#ports.clock.now() - machine.advertAt;
    const { counters, config } = instance;
    counters.worstLatenessMs = Math.max(counters.worstLatenessMs, lateness);
    if (lateness > config.advertIntMs / 10) counters.advertsLate++;
  }

  #perform(owner: Owner, effect: Effect): void {
    const cut = owner.indexOf(' ');
    const name = owner.slice(cut + 1);
    const instance = owner.startsWith('instance ') ? this.#instances.get(name) : undefined;
    if (effect.kind === 'transition') {
      if (instance !== undefined && effect.to === 'MASTER') instance.counters.becameMaster++;
      if (instance !== undefined && effect.from === 'MASTER') instance.counters.releasedMaster++;
      this.#reporter.transition(owner.slice(0, cut) as 'instance' | 'group', name, effect);
    } else if (instance !== undefined) this.#performOn(instance, effect);
  }

  #performOn(instance: Instance, effect: Exclude<Effect, { kind: 'transition' }>): void {
    const { name } = instance.config;
    switch (effect.kind) {
      case 'advertise':
        if (effect.priority === 0) this.#relays.stop(name);
        instance.advertise(effect.priority, this.#ports.keepConnections && this.#phase === 'running');
        return;
      case 'take':
        this.#lingering.finish(name, 'ours');
        this.#kept.drop(name);
        instance.take();
        return;
      case 'release':
        this.#relays.stop(name);
        if (instance.holding && (this.#handingOver !== undefined || this.#phase === 'stopping'))
          this.#lingering.start(instance, end => this.#lingered(instance, end));
        else {
          if (effect.yielded === true && this.#ports.keepConnections)
            this.#kept.keep(instance.config, 'a while');
          instance.release();
        }
        return;
      case 'announce':
        instance.announce(effect.repeat);
        return;
      case 'lowerPriorityHeard':
        instance.counters.lowerPriorityHeard++;
        this.#reporter.lowerPriorityHeard(name);
        return;
      case 'sameAddressHeard':
        instance.counters.sameAddressHeard++;
        this.#rareLog.say(
          'warning',
          `${name} own`,
          () => `(${name}) advert with our priority from our own address`,
        );
        return;
      case 'priorityChanged':
        this.#reporter.priorityChanged(name, effect.from, effect.to, this.#stateOf(name));
    }
  }

  #stopInstance(name: string, state: NotifyState): void {
    const wasRunning = this.#stateOf(name) !== 'INIT';
    this.#machine(name, { kind: 'stop' });
    if (wasRunning) this.#reporter.ended('instance', name, state);
  }

  #evaluateInstance(instance: Instance, pending: Set<string>): void {
    const { config } = instance;
    const judgement = this.#trackers.judge(config.tracking);
    if (judgement.pending) pending.add(config.name);
    const place = placeFaults(instance, this.#ports.network, name => this.#links.isUp(name));
    const faults = new Set([...place, ...judgement.faults]);
    if (this.#handingOver !== undefined) faults.add(this.#handingOver);
    this.#setFaults(`instance ${config.name}`, faults);
    const group = this.#config.syncGroups.find(one => one.members.includes(config.name));
    const ofGroup = group === undefined ? 0 : this.#trackers.judge(group.tracking).added;
    const priority = effectivePriority(config.priority, judgement.added + ofGroup);
    this.#machine(config.name, { kind: 'priority', priority });
  }

  #setFaults(owner: Owner, wanted: ReadonlySet<string>): void {
    const present = this.#router.faults.get(owner) ?? new Set<string>();
    for (const reason of wanted)
      if (!present.has(reason)) this.#feed({ kind: 'fault', owner, reason, present: true });
    for (const reason of present)
      if (!wanted.has(reason)) this.#feed({ kind: 'fault', owner, reason, present: false });
  }

  // ---- what the machines need to know

  #machineConfigs: ReadonlyMap<string, VrrpInstance & { readonly source: IpAddress }> = new Map();

  #findSources(): void {
    const { network } = this.#ports;
    const virtual = this.#config.instances.flatMap(entriesOf).map(entry => ipOf(entry.address));
    const isVirtual = (ip: IpAddress): boolean => virtual.some(other => sameIp(other, ip));
    for (const instance of this.#instances.values()) {
      const { config } = instance;
      const link = config.interface === undefined ? undefined : network.link(config.interface);
      instance.source = sourceAddress(config, link, network.addresses(), isVirtual);
    }
    this.#machineConfigs = new Map(
      [...this.#instances].map(([name, { config, source = NO_SOURCE }]) => [name, { ...config, source }]),
    );
  }

  #stateOf(name: string): VrrpState {
    return this.#router.machines.get(name)?.state ?? 'INIT';
  }

  #priorityOf(name: string): number {
    return this.#router.machines.get(name)?.priority ?? 0;
  }

  #show(instance: Instance): InstanceSnapshot {
    const { config } = instance;
    return showInstance({
      instance,
      machine: this.#router.machines.get(config.name) ?? initialMachine(config),
      life: this.#reporter.lifeOf('instance', config.name),
      syncGroup: this.#config.syncGroups.find(group => group.members.includes(config.name))?.name,
      faults: [...(this.#router.faults.get(`instance ${config.name}`) ?? [])],
    });
  }
}

/** What makes an instance another one for its peers. */
function identityOf(config: VrrpInstance): string {
  const { family, version, interface: base, virtualRouterId, useVmac, authPass } = config;
  const unicast = config.unicastPeers.length > 0;
  return JSON.stringify([
    family,
    version,
    base,
    virtualRouterId,
    useVmac,
    authPass,
    unicast,
    config.multicastGroup,
  ]);
}
