/**
 * The node: feeds events to the pure router (router.ts), hands its effects to the instances, and turns what is tracked
 * into faults and priorities. Called by manager.ts.
 */
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import type { AdvertReceiver, ReceiverEvents, ReceiverOptions } from './advert-receiver.ts';
import type { AdvertSender } from './advert-sender.ts';
import type { Announcer } from './announcer.ts';
import { BfdSessions } from './bfd/sessions.ts';
import type { Clock } from './clock.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { HeldStateFile } from './held-state.ts';
import { EffectPerformer } from './effect-performer.ts';
import { HandOvers } from './handover/hand-overs.ts';
import type { Instance } from './instance.ts';
import { InstanceSet } from './instance-set.ts';
import type { IpBatch } from './ip-batch.ts';
import { placeFaults } from './judge-place.ts';
import { removeLeftovers } from './leftovers.ts';
import type { Link } from './links.ts';
import { RareLog, type Log } from './log.ts';
import { initialMachine, type MachineEvent } from './machine/machine-state.ts';
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
import { StaticEntries } from './static-entries.ts';
import { InterfaceStates } from './tracking/interface-tracker.ts';
import { effectivePriority } from './tracking/track-value.ts';
import { Trackers, type LoadBalancerView } from './tracking/trackers.ts';
import { watchedLinks } from './tracking/watched-links.ts';
import { VmacInterfaces } from './vmac-interfaces.ts';

/** How soon a backup that is not prepared to take over looks again. */
const WAIT_MS = 2;

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

export class VrrpRouter {
  readonly #ports: RouterPorts;
  readonly #rareLog: RareLog;
  readonly #instances: InstanceSet;
  readonly #receivers: Receivers;
  readonly #bfd: BfdSessions;
  readonly #trackers: Trackers;
  readonly #vmacs: VmacInterfaces;
  readonly #statics: StaticEntries;
  readonly #noAccept: NoAccept;
  readonly #reporter: Reporter;
  readonly #handOvers: HandOvers;
  readonly #performer: EffectPerformer;
  readonly #timer: DeadlineTimer;
  #config: KeepalivedConfig;
  #announcer: Announcer;
  #links: InterfaceStates;
  #router: RouterState = EMPTY_ROUTER;
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
      priorityOf: name => this.#priorityOf(name),
    });
    this.#instances = new InstanceSet({
      ...ports,
      rareLog: this.#rareLog,
      // over a reload the announcer is another one
      announcer: { announce: (...args) => this.#announcer.announce(...args) },
    });
    this.#handOvers = new HandOvers(ports);
    this.#performer = new EffectPerformer({
      handOvers: this.#handOvers,
      reporter: this.#reporter,
      rareLog: this.#rareLog,
      instance: name => this.#instances.get(name),
      stateOf: name => this.#stateOf(name),
    });
    this.#timer = new DeadlineTimer(
      clock,
      () => this.#router,
      () => this.#receivers.readWaiting(),
      name => this.#due(name),
    );
    this.#vmacs = new VmacInterfaces(ports.held, log);
    this.#statics = new StaticEntries(ports);
    this.#noAccept = new NoAccept(log);
    this.#links = this.#makeLinks(config);
    this.#bfd = new BfdSessions({ clock, log, rareLog: this.#rareLog, onChange: () => this.evaluate() });
    this.#trackers = new Trackers({
      clock,
      log,
      isInterfaceUp: name => this.#links.isUp(name),
      isBfdUp: name => this.#bfd.isUp(name),
      balancer: ports.balancer,
      onChange: () => this.evaluate(),
    });
    this.#receivers = this.#createReceivers();
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
        const machine = this.#router.machines.get(name);
        if (machine !== undefined) this.#handOvers.heard(instance, machine, advert, keepsConnections);
        this.#machine(name, { kind: 'advert', advert });
      },
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
    for (const name of this.#instances.names()) this.#reporter.repeat(name, this.#stateOf(name));
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
      this.#statics.repair();
      this.#receivers.arrange(this.#instances.all(), this.#config.globalDefs.logUnknownVrids);
      this.#links.update();
      this.evaluate();
      for (const instance of this.#instances.all()) instance.repair();
    });
  }

  /** Looks at everything that is tracked, and tells the machines what changed. */
  evaluate(): void {
    if (this.#phase !== 'running') return;
    this.#instances.findSources(this.#config);
    const pending = new Set<string>();
    for (const group of this.#config.syncGroups) {
      const judgement = this.#trackers.judge(group.tracking);
      this.#setFaults(`group ${group.name}`, judgement.faults);
      if (judgement.pending) for (const member of group.members) pending.add(member);
    }
    for (const instance of this.#instances.all()) this.#evaluateInstance(instance, pending);
    if (this.#ports.clock.now() < this.#startAllowedAt) return;
    for (const name of this.#instances.names())
      if (!pending.has(name) && this.#stateOf(name) === 'INIT') this.#feed({ kind: 'start', name });
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
      if (this.#stateOf(instance.config.name) === 'MASTER') instance.advertise(0);
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
        state: groupState(group, this.#router.machines),
        members: group.members,
        lastTransition: this.#reporter.lifeOf('group', group.name).since,
      })),
      unknownRouterIds: this.#receivers.unknownRouterIds,
      brokenPackets: this.#receivers.broken,
      droppedPackets: this.#receivers.dropped,
    };
  }

  // ---- putting a configuration to work

  #install(config: KeepalivedConfig): void {
    const { network, log } = this.#ports;
    this.#vmacs.arrange(config, network);
    network.refresh();
    this.#vmacs.lendAddresses(network);
    this.#statics.arrange(config);
    for (const name of watchedLinks(config)) this.#links.watch(name);
    promoteSecondaries(config, log);
    this.#noAccept.arrange(config);
    for (const one of config.instances) if (this.#instances.install(one)) this.#addMachine(one);
    this.#instances.findSources(config);
    this.#receivers.arrange(this.#instances.all(), config.globalDefs.logUnknownVrids);
    this.#bfd.arrange(config.bfdInstances);
    this.#trackers.arrange(config);
    for (const name of this.#instances.names()) this.#machine(name, { kind: 'reload' });
    this.evaluate();
  }

  #addMachine(config: VrrpInstance): void {
    const machines = new Map(this.#router.machines).set(config.name, initialMachine(config));
    this.#router = { ...this.#router, machines };
  }

  #removeMissing(next: KeepalivedConfig): void {
    for (const instance of this.#instances.without(next)) {
      const { name, notify } = instance.config;
      this.#stopInstance(name, notify.sayDeleted ? 'DELETED' : 'FAULT');
      this.#handOvers.forget(name);
      this.#instances.remove(instance);
      const machines = new Map(this.#router.machines);
      const faults = new Map(this.#router.faults);
      machines.delete(name);
      faults.delete(`instance ${name}`);
      this.#router = { machines, faults };
    }
  }

  #makeLinks(config: KeepalivedConfig): InterfaceStates {
    const isUpNow = (name: string): boolean => this.#ports.network.link(name)?.up ?? false;
    return new InterfaceStates(this.#ports.clock, config.interfaceDelays, isUpNow, () => this.evaluate());
  }

  #end(): void {
    this.#phase = 'ended';
    this.#timer.stop();
    this.#bfd.stop();
    this.#trackers.stop();
    this.#links.stop();
    this.#announcer.stop();
    this.#receivers.close();
    this.#instances.close();
    this.#reporter.close();
    this.#handOvers.end();
    this.#statics.remove();
    this.#vmacs.remove();
    this.#noAccept.remove();
  }

  // ---- events and effects

  #machine(name: string, event: Exclude<MachineEvent, { kind: 'start' | 'fault' | 'recovered' }>): void {
    this.#feed({ kind: 'machine', name, event });
  }

  #feed(event: RouterEvent): void {
    const config = { instances: this.#instances.configs, groups: this.#config.syncGroups };
    const { state, effects } = stepRouter(this.#router, event, config, this.#ports.clock.now());
    this.#router = state;
    for (const effect of effects) this.#performer.perform(effect);
    if (this.#phase !== 'ended') this.#timer.set();
  }

  #due(name: string): void {
    const machine = this.#router.machines.get(name);
    if (machine?.state === 'MASTER')
      this.#instances.get(name)?.advertIsDue(this.#ports.clock.now() - machine.advertAt);
    else if (this.#mustWait(name)) {
      this.#machine(name, { kind: 'wait', ms: WAIT_MS });
      return;
    }
    this.#machine(name, { kind: 'timer' });
  }

  /** A group takes over as one. */
  #mustWait(name: string): boolean {
    const group = this.#config.syncGroups.find(one => one.members.includes(name));
    return (group?.members ?? [name]).some(member => this.#handOvers.wait(member));
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
    if (!this.#receivers.hears(instance)) faults.add('cannot receive adverts');
    const { reason } = this.#handOvers;
    if (reason !== undefined) faults.add(reason);
    if (this.#ports.balancer?.silent() === true) faults.add('the balancer does not answer');
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
