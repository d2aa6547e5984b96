/**
 * The node: feeds events to the pure router (router.ts), hands its effects to the instances, and turns what is tracked
 * into faults and priorities. One timer serves all instances. Called by manager.ts.
 */
import type { IpAddress } from '../base/ip-address.ts';
import { sameIp } from '../base/ip-address.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VrrpInstance, VrrpSyncGroup } from '../model/vrrp-instance.ts';
import type { AdvertReceiver, ReceiverEvents, ReceiverOptions } from './advert-receiver.ts';
import type { AdvertSender } from './advert-sender.ts';
import type { Announcer } from './announcer.ts';
import type { Clock } from './clock.ts';
import type { HeldStateFile } from './held-state.ts';
import { Instance, entriesOf } from './instance.ts';
import { ipOf } from './ip-bytes.ts';
import type { IpBatch } from './ip-batch.ts';
import type { Link } from './links.ts';
import { RareLog, type Log } from './log.ts';
import { initialMachine, type Effect, type MachineEvent, type VrrpState } from './machine.ts';
import type { Network } from './network.ts';
import { applyNoAccept, removeNoAccept } from './no-accept.ts';
import { Notifier, type NotifyState, type Subject } from './notifier.ts';
import { Receivers } from './receivers.ts';
import {
  EMPTY_ROUTER,
  groupState,
  nextRouterDeadline,
  stepRouter,
  type Owner,
  type RouterConfig,
  type RouterEvent,
  type RouterState,
} from './router.ts';
import type { InstanceSnapshot, VrrpSnapshot } from './snapshot.ts';
import { isPresent, sourceAddress } from './source-address.ts';
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
  readonly onEvent: (event: VrrpEvent) => void;
}

export type VrrpEvent =
  | {
      readonly kind: 'transition';
      readonly owner: 'instance' | 'group';
      readonly name: string;
      readonly from: VrrpState;
      readonly to: VrrpState;
      readonly reason: string;
      readonly priority: number;
    }
  | { readonly kind: 'priority'; readonly name: string; readonly from: number; readonly to: number };

/** A timer this late has probably let packets wait in a socket: they are read before a master counts as down. */
const LATE_MS = 3;
/** How often `track_lb` looks where nobody calls `balancerChanged`. */
const BALANCER_PERIOD_MS = 500;
const NO_TRACKING = { interfaces: [], scripts: [], files: [], processes: [], lb: [] } as const;

interface Life {
  lastTransition: number;
  transitions: number;
  reason: string;
}

export class VrrpRouter {
  readonly #ports: RouterPorts;
  readonly #rareLog: RareLog;
  readonly #instances = new Map<string, Instance>();
  readonly #lives = new Map<string, Life>();
  readonly #receivers: Receivers;
  readonly #trackers: Trackers;
  readonly #vmacs: VmacInterfaces;
  readonly #statics: StaticEntries;
  #config: KeepalivedConfig;
  #announcer: Announcer;
  #notifier: Notifier;
  #links: InterfaceStates;
  #router: RouterState = EMPTY_ROUTER;
  #routerConfig: RouterConfig = { instances: new Map(), groups: [] };
  #startAllowedAt = 0;
  #cancelTimer = (): void => {};
  #cancelLook = (): void => {};
  #refreshPending = false;
  #handingOver: string | undefined;
  /** Instances that keep their addresses until somebody else is master, and what to do then. */
  readonly #lingering = new Map<string, () => void>();
  #ended = false;
  /** Names of nftables tables we own. */
  #noAcceptTable: string | undefined;

  constructor(config: KeepalivedConfig, ports: RouterPorts) {
    this.#ports = ports;
    this.#config = config;
    const { clock, log, network } = ports;
    this.#rareLog = new RareLog(log, () => clock.now());
    this.#announcer = ports.makeAnnouncer(config);
    this.#notifier = new Notifier(config.globalDefs, clock, log);
    this.#vmacs = new VmacInterfaces(ports.held, log);
    this.#statics = new StaticEntries(ports);
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
      heard: (instance, advert) => {
        if (advert.priority > 0) this.#lingering.get(instance.config.name)?.();
        this.#machine(instance.config.name, { kind: 'advert', advert });
      },
    });
  }

  start(): void {
    const { clock } = this.#ports;
    this.#cleanUpAfterCrash();
    this.#startAllowedAt = clock.now() + this.#config.globalDefs.vrrpStartupDelayMs;
    this.#statics.arrange(this.#config);
    this.#install(this.#config);
    if (this.#config.globalDefs.vrrpStartupDelayMs > 0)
      clock.after(this.#config.globalDefs.vrrpStartupDelayMs, () => this.evaluate());
  }

  reload(config: KeepalivedConfig): void {
    const before = this.#config;
    this.#config = config;
    this.#announcer.stop();
    this.#announcer = this.#ports.makeAnnouncer(config);
    if (JSON.stringify(before.globalDefs) !== JSON.stringify(config.globalDefs)) {
      this.#notifier.close();
      this.#notifier = new Notifier(config.globalDefs, this.#ports.clock, this.#ports.log);
    }
    this.#links.stop();
    this.#links = this.#makeLinks(config);
    this.#statics.arrange(config);
    this.#removeMissing(config);
    this.#install(config);
    if (!config.globalDefs.fifoWriteVrrpStatesOnReload) return;
    for (const name of this.#instances.keys())
      this.#notifier.line(this.#subjectOf(name), this.#stateOf(name));
  }

  /** The kernel says that links or addresses changed; many messages in a row are one refresh. */
  networkChanged(): void {
    if (this.#refreshPending || this.#ended) return;
    this.#refreshPending = true;
    this.#ports.clock.after(0, () => {
      this.#refreshPending = false;
      if (this.#ended) return;
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
    if (this.#ended) return;
    this.#findSources();
    const pending = new Set<string>();
    for (const group of this.#config.syncGroups) {
      const judgement = this.#trackers.judge(group.tracking);
      this.#setFaults(`group ${group.name}`, judgement.faults);
      if (judgement.pending) for (const member of group.members) pending.add(member);
    }
    for (const instance of this.#instances.values()) this.#evaluateInstance(instance, pending);
    for (const name of this.#instances.keys())
      if (
        !pending.has(name) &&
        this.#stateOf(name) === 'INIT' &&
        this.#ports.clock.now() >= this.#startAllowedAt
      )
        this.#feed({ kind: 'start', name });
  }

  #evaluateInstance(instance: Instance, pending: Set<string>): void {
    const { config } = instance;
    const judgement = this.#trackers.judge(config.tracking);
    if (judgement.pending) pending.add(config.name);
    const faults = new Set([...this.#placeFaults(instance), ...judgement.faults]);
    if (this.#handingOver !== undefined) faults.add(this.#handingOver);
    this.#setFaults(`instance ${config.name}`, faults);
    const group = this.#groupOf(config.name);
    const ofGroup = group === undefined ? 0 : this.#trackers.judge(group.tracking).added;
    const priority = effectivePriority(config.priority, judgement.added + ofGroup);
    this.#machine(config.name, { kind: 'priority', priority });
  }

  /** What is wrong with the place the instance lives in. */
  #placeFaults({ config, source, device }: Instance): string[] {
    const faults: string[] = [];
    const { network } = this.#ports;
    const { interface: base, unicastFaultNoPeer, trackSourceIp, dontTrackPrimary } = config;
    if (unicastFaultNoPeer) faults.push('no unicast peer is configured');
    const names = [base, device].filter(name => name !== undefined);
    for (const name of new Set(names)) {
      if (network.link(name) === undefined) faults.push(`interface ${name} does not exist`);
      else if (!dontTrackPrimary && !this.#links.isUp(name)) faults.push(`interface ${name} is down`);
    }
    if (source === undefined) faults.push(`interface ${base ?? ''} has no IPv${config.family} address`);
    else if (trackSourceIp && !isPresent(source, network.addresses()))
      faults.push(`source address ${source.toString()} is missing`);
    for (const entry of entriesOf(config))
      if (entry.dev !== undefined && !entry.noTrack && entry.dev !== base && !this.#links.isUp(entry.dev))
        faults.push(`interface ${entry.dev} is down`);
    return faults;
  }

  async handOver(reason: string): Promise<void> {
    this.#handingOver = reason;
    this.evaluate();
    await this.#allReleased();
  }

  resume(): void {
    this.#handingOver = undefined;
    this.evaluate();
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    for (const name of this.#instances.keys()) this.#stopInstance(name, 'STOP', true);
    await this.#allReleased();
    await this.#ports.batch.run([]);
    this.#endAll();
  }

  releaseNow(): void {
    if (this.#ended) return;
    for (const finish of this.#lingering.values()) finish();
    for (const [name, instance] of this.#instances) {
      if (this.#stateOf(name) === 'MASTER') instance.advertise(0);
      instance.release(true);
    }
    this.#endAll();
  }

  snapshot(): VrrpSnapshot {
    return {
      instances: [...this.#instances.values()].map(instance => this.#show(instance)),
      groups: this.#config.syncGroups.map(group => ({
        name: group.name,
        state: groupState(group, this.#router.machines),
        members: group.members,
        lastTransition: this.#lives.get(`group ${group.name}`)?.lastTransition ?? 0,
      })),
      unknownRouterIds: this.#receivers.unknownRouterIds,
      brokenPackets: this.#receivers.broken,
    };
  }

  // ---- putting a configuration to work

  #install(config: KeepalivedConfig): void {
    const { network } = this.#ports;
    this.#vmacs.arrange(config, network);
    network.refresh();
    this.#watchLinks(config);
    for (const one of config.instances) this.#installInstance(one);
    this.#applyNoAccept(config);
    this.#findSources();
    this.#receivers.arrange(this.#instances.values(), config.globalDefs.logUnknownVrids);
    this.#trackers.arrange(config);
    for (const name of this.#instances.keys()) this.#machine(name, { kind: 'reload' });
    this.evaluate();
    this.#cancelLook();
    if (followsBalancer(config)) this.#lookAtBalancer();
  }

  #installInstance(config: VrrpInstance): void {
    const old = this.#instances.get(config.name);
    if (old !== undefined) {
      old.reconfigure(config);
      return;
    }
    const { clock, network, batch, held, log, openSender } = this.#ports;
    const instance = new Instance(config, {
      clock,
      network,
      batch,
      held,
      log,
      rareLog: this.#rareLog,
      openSender,
      // over a reload the announcer is another one
      announcer: {
        announce: (...args: Parameters<Announcer['announce']>) => this.#announcer.announce(...args),
      },
    });
    this.#instances.set(config.name, instance);
    const machines = new Map(this.#router.machines).set(config.name, initialMachine(config));
    this.#router = { ...this.#router, machines };
    this.#lives.set(`instance ${config.name}`, {
      lastTransition: clock.wallClock(),
      transitions: 0,
      reason: 'not started',
    });
  }

  /** Instances that are gone, or whose identity on the wire is another, stop. */
  #removeMissing(config: KeepalivedConfig): void {
    const next = new Map(config.instances.map(instance => [instance.name, instance]));
    for (const [name, instance] of this.#instances) {
      const replacement = next.get(name);
      if (replacement !== undefined && identityOf(replacement) === identityOf(instance.config)) continue;
      this.#stopInstance(name, instance.config.notify.sayDeleted ? 'DELETED' : 'FAULT', false);
      instance.close();
      this.#instances.delete(name);
      const machines = new Map(this.#router.machines);
      machines.delete(name);
      const faults = new Map(this.#router.faults);
      faults.delete(`instance ${name}`);
      this.#router = { machines, faults };
    }
  }

  #watchLinks(config: KeepalivedConfig): void {
    for (const { interface: base, useVmac, tracking, ...rest } of config.instances) {
      const entries = [...rest.virtualAddresses, ...rest.excludedAddresses];
      const names = [
        base,
        useVmac?.name,
        ...tracking.interfaces.map(one => one.name),
        ...entries.map(entry => entry.dev),
      ];
      for (const name of names) if (name !== undefined) this.#links.watch(name);
    }
    for (const group of config.syncGroups)
      for (const { name } of group.tracking.interfaces) this.#links.watch(name);
  }

  #makeLinks(config: KeepalivedConfig): InterfaceStates {
    const isUpNow = (name: string): boolean => this.#ports.network.link(name)?.up ?? false;
    return new InterfaceStates(this.#ports.clock, config.interfaceDelays, isUpNow, () => this.evaluate());
  }

  #applyNoAccept(config: KeepalivedConfig): void {
    const refused = config.instances.filter(instance => !instance.accept).flatMap(entriesOf);
    if (refused.length === 0 && this.#noAcceptTable === undefined) return;
    const table = config.globalDefs.nftablesTable;
    this.#noAcceptTable = table;
    applyNoAccept(table, refused, this.#ports.log);
  }

  #cleanUpAfterCrash(): void {
    const { held, network, batch, log } = this.#ports;
    const left = held.read();
    for (const { device, address, prefixLength } of left.addresses) {
      const link = network.link(device);
      const family = ipOf(address).family;
      if (link === undefined) continue;
      log('notice', `removing ${address} from ${device}, left over from an earlier process`);
      network.removeAddress({ ...PLAIN_ENTRY, family, address, prefixLength }, link);
    }
    batch.runNow(left.undo);
  }

  #lookAtBalancer(): void {
    this.#cancelLook = this.#ports.clock.after(BALANCER_PERIOD_MS, () => {
      this.evaluate();
      this.#lookAtBalancer();
    });
  }

  #endAll(): void {
    this.#ended = true;
    this.#cancelTimer();
    this.#cancelLook();
    this.#trackers.stop();
    this.#links.stop();
    this.#announcer.stop();
    this.#receivers.close();
    for (const instance of this.#instances.values()) instance.close();
    this.#notifier.close();
    this.#statics.remove();
    this.#vmacs.remove();
    if (this.#noAcceptTable !== undefined) removeNoAccept(this.#noAcceptTable);
  }

  // ---- events and effects

  #machine(name: string, event: Exclude<MachineEvent, { kind: 'start' | 'fault' | 'recovered' }>): void {
    this.#feed({ kind: 'machine', name, event });
  }

  #feed(event: RouterEvent): void {
    const { state, effects } = stepRouter(this.#router, event, this.#routerConfig, this.#ports.clock.now());
    this.#router = state;
    for (const { owner, effect } of effects) this.#perform(owner, effect);
    this.#setTimer();
  }

  #setTimer(): void {
    this.#cancelTimer();
    const due = nextRouterDeadline(this.#router);
    if (due === undefined || this.#ended) return;
    const { clock } = this.#ports;
    this.#cancelTimer = clock.after(due.at - clock.now(), () => this.#timeIsUp(false));
  }

  #timeIsUp(packetsWereRead: boolean): void {
    const due = nextRouterDeadline(this.#router);
    const { clock } = this.#ports;
    const now = clock.now();
    if (due === undefined || due.at > now) {
      this.#setTimer();
      return;
    }
    const isMaster = this.#stateOf(due.name) === 'MASTER';
    if (!isMaster && !packetsWereRead && now - due.at > LATE_MS) {
      this.#cancelTimer = clock.after(1, () => this.#timeIsUp(true));
      return;
    }
    if (isMaster) this.#measureLateness(due.name, now);
    this.#machine(due.name, { kind: 'timer' });
  }

  #measureLateness(name: string, now: number): void {
    const instance = this.#instances.get(name);
    const advertAt = this.#router.machines.get(name)?.advertAt ?? Infinity;
    if (instance === undefined || now < advertAt) return;
    const lateness = now - advertAt;
    const { counters, config } = instance;
    counters.worstLatenessMs = Math.max(counters.worstLatenessMs, lateness);
    if (lateness > config.advertIntMs / 10) counters.advertsLate++;
  }

  #perform(owner: Owner, effect: Effect): void {
    const [kind, name] = split(owner);
    if (effect.kind === 'transition') {
      this.#transition(kind, name, effect);
      return;
    }
    const instance = this.#instances.get(name);
    if (instance === undefined) return;
    switch (effect.kind) {
      case 'advertise':
        instance.advertise(effect.priority);
        return;
      case 'take':
        this.#lingering.get(name)?.();
        instance.take();
        return;
      case 'release':
        this.#release(instance);
        return;
      case 'announce':
        instance.announce(effect.repeat);
        return;
      case 'lowerPriorityHeard':
        instance.counters.lowerPriorityHeard++;
        this.#notifier.lowerPriorityHeard(this.#subjectOf(name));
        return;
      case 'sameAddressHeard':
        instance.counters.sameAddressHeard++;
        this.#rareLog.say(
          'warning',
          `${name} same address`,
          `(${name}) advert with our priority from our own address`,
        );
        return;
      case 'priorityChanged':
        this.#priorityChanged(instance, effect.from, effect.to);
    }
  }

  /**
   * Whoever hands over keeps its addresses until the next master is heard, so that clients are served meanwhile; the
   * backups wait for no longer than the skew (RFC 5798 6.1).
   */
  #release(instance: Instance): void {
    const { name, version, advertIntMs } = instance.config;
    const gentle = this.#handingOver !== undefined && instance.holding;
    if (!gentle) {
      instance.release();
      return;
    }
    const longestSkewMs = (version === 2 ? 1000 : advertIntMs) + 100;
    const finish = (): void => {
      cancel();
      if (this.#lingering.delete(name)) instance.release();
    };
    const cancel = this.#ports.clock.after(longestSkewMs, finish);
    this.#lingering.set(name, finish);
  }

  async #allReleased(): Promise<void> {
    while (this.#lingering.size > 0)
      await new Promise<void>(resolve => {
        this.#ports.clock.after(1, resolve);
      });
  }

  #stopInstance(name: string, state: NotifyState, gently: boolean): void {
    const wasRunning = this.#stateOf(name) !== 'INIT';
    const handingOver = this.#handingOver;
    if (gently) this.#handingOver = 'stop';
    this.#machine(name, { kind: 'stop' });
    this.#handingOver = handingOver;
    if (wasRunning) this.#notifier.state(this.#subjectOf(name), state);
  }

  #transition(kind: 'instance' | 'group', name: string, effect: Effect & { kind: 'transition' }): void {
    const { from, to, reason } = effect;
    const key = `${kind} ${name}`;
    const life = this.#lives.get(key) ?? { lastTransition: 0, transitions: 0, reason: '' };
    this.#lives.set(key, {
      lastTransition: this.#ports.clock.wallClock(),
      transitions: life.transitions + 1,
      reason,
    });
    const instance = kind === 'instance' ? this.#instances.get(name) : undefined;
    if (instance !== undefined && to === 'MASTER') instance.counters.becameMaster++;
    if (instance !== undefined && from === 'MASTER') instance.counters.releasedMaster++;
    const subject = kind === 'instance' ? this.#subjectOf(name) : this.#groupSubject(name);
    this.#ports.log(
      'notice',
      `vrrp ${kind} ${name}: ${from} -> ${to} (${reason}), priority ${subject.priority}`,
    );
    this.#ports.onEvent({
      kind: 'transition',
      owner: kind,
      name,
      from,
      to,
      reason,
      priority: subject.priority,
    });
    if (to !== 'INIT') this.#notifier.state(subject, to);
  }

  #priorityChanged({ config }: Instance, from: number, to: number): void {
    const { name } = config;
    this.#ports.log('notice', `vrrp instance ${name}: effective priority ${from} -> ${to}`);
    this.#ports.onEvent({ kind: 'priority', name, from, to });
    const state = this.#stateOf(name);
    if (config.notifyPriorityChanges && (state === 'MASTER' || state === 'BACKUP'))
      this.#notifier.line(this.#subjectOf(name), `${state}_PRIORITY`);
  }

  #setFaults(owner: Owner, wanted: ReadonlySet<string>): void {
    const present = this.#router.faults.get(owner) ?? new Set<string>();
    for (const reason of wanted)
      if (!present.has(reason)) this.#feed({ kind: 'fault', owner, reason, present: true });
    for (const reason of present)
      if (!wanted.has(reason)) this.#feed({ kind: 'fault', owner, reason, present: false });
  }

  // ---- what the machines need to know

  #findSources(): void {
    const { network } = this.#ports;
    const virtual = this.#config.instances.flatMap(entriesOf).map(entry => ipOf(entry.address));
    const isVirtual = (ip: IpAddress): boolean => virtual.some(other => sameIp(other, ip));
    for (const instance of this.#instances.values()) {
      const { config } = instance;
      const link = config.interface === undefined ? undefined : network.link(config.interface);
      instance.source = sourceAddress(config, link, network.addresses(), isVirtual);
    }
    this.#routerConfig = {
      instances: new Map(
        [...this.#instances].map(([name, { config, source }]) => [
          name,
          { ...config, source: source ?? NO_SOURCE },
        ]),
      ),
      groups: this.#config.syncGroups,
    };
  }

  #groupOf(name: string): VrrpSyncGroup | undefined {
    return this.#config.syncGroups.find(group => group.members.includes(name));
  }

  #stateOf(name: string): VrrpState {
    return this.#router.machines.get(name)?.state ?? 'INIT';
  }

  #subjectOf(name: string): Subject {
    const instance = this.#instances.get(name);
    const machine = this.#router.machines.get(name);
    const { notify, smtpAlert } = instance?.config ?? { notify: { sayDeleted: false }, smtpAlert: false };
    return { kind: 'INSTANCE', name, priority: machine?.priority ?? 0, notify, smtpAlert };
  }

  #groupSubject(name: string): Subject {
    const group = this.#config.syncGroups.find(one => one.name === name);
    const notify = group?.notify ?? { sayDeleted: false };
    return { kind: 'GROUP', name, priority: 0, notify, smtpAlert: group?.smtpAlert ?? false };
  }

  #show(instance: Instance): InstanceSnapshot {
    const { config, source, counters } = instance;
    const machine = this.#router.machines.get(config.name) ?? initialMachine(config);
    const life = this.#lives.get(`instance ${config.name}`);
    const group = this.#groupOf(config.name);
    const master =
      machine.state === 'MASTER' && source !== undefined
        ? { address: source, priority: machine.priority }
        : machine.master;
    return {
      name: config.name,
      state: machine.state,
      reason: life?.reason ?? '',
      configuredState: config.initialState,
      version: config.version,
      family: config.family,
      interface: config.interface ?? '',
      virtualRouterId: config.virtualRouterId,
      priority: config.priority,
      effectivePriority: machine.priority,
      advertIntMs: config.advertIntMs,
      masterAdvertIntMs: machine.masterAdvertIntMs,
      preempt: config.preempt,
      accept: config.accept,
      ...(group === undefined ? {} : { syncGroup: group.name }),
      ...(source === undefined ? {} : { source: source.toString() }),
      ...(master === undefined
        ? {}
        : { master: { address: master.address.toString(), priority: master.priority } }),
      addresses: config.virtualAddresses.map(entry => `${entry.address}/${entry.prefixLength}`),
      excludedAddresses: config.excludedAddresses.map(entry => `${entry.address}/${entry.prefixLength}`),
      holdsAddresses: instance.holding,
      faults: [...(this.#router.faults.get(`instance ${config.name}`) ?? [])],
      lastTransition: life?.lastTransition ?? 0,
      transitions: life?.transitions ?? 0,
      counters: { ...counters, bad: { ...counters.bad } },
    };
  }
}

/** Never sent: an instance without an address is in fault. */
const NO_SOURCE = ipOf('0.0.0.0');

const PLAIN_ENTRY = {
  position: { file: '', line: 0, column: 0 },
  home: false,
  nodad: false,
  mngtmpaddr: false,
  noprefixroute: false,
  autojoin: false,
  noTrack: false,
} as const;

function split(owner: Owner): ['instance' | 'group', string] {
  const cut = owner.indexOf(' ');
  return [owner.slice(0, cut) as 'instance' | 'group', owner.slice(cut + 1)];
}

function followsBalancer(config: KeepalivedConfig): boolean {
  return [...config.instances, ...config.syncGroups].some(
    ({ tracking }) => (tracking ?? NO_TRACKING).lb.length > 0,
  );
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
