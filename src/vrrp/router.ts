/**
 * All instances of a node and their sync groups, without clock, socket or kernel: an event for one instance, or a fault
 * that comes or goes, becomes the steps of all that are concerned, and effects for others to perform. An advert costs no
 * more than putting one deadline in order, however many instances there are. Called by machines.ts and by the property
 * tests.
 */
import type { VrrpState } from '../model/vrrp-snapshot.ts';
import { Deadlines } from './deadlines.ts';
import { nextDeadline, type Effect, type MachineEvent, type MachineState } from './machine/machine-state.ts';
import { step } from './machine/step.ts';
import { Member, MemberGroup, type MemberConfig } from './router-member.ts';

export interface RouterConfig {
  readonly instances: ReadonlyMap<string, MemberConfig>;
  readonly groups: readonly { readonly name: string; readonly members: readonly string[] }[];
}

export type Owner = `instance ${string}` | `group ${string}`;

export type RouterEvent =
  | { readonly kind: 'machine'; readonly name: string; readonly event: Exclude<MachineEvent, FaultEvent> }
  | { readonly kind: 'start'; readonly name: string }
  | { readonly kind: 'fault'; readonly owner: Owner; readonly reason: string; readonly present: boolean };

type FaultEvent = { readonly kind: 'start' | 'fault' | 'recovered' };

export interface OwnedEffect {
  readonly owner: Owner;
  readonly effect: Effect;
}

const NO_FAULTS: ReadonlySet<string> = new Set();

export class Router {
  readonly #members = new Map<string, Member>();
  readonly #groups = new Map<string, MemberGroup>();
  /** What is wrong with an instance or a whole group. */
  readonly #faults = new Map<Owner, Set<string>>();
  readonly #deadlines = new Deadlines<Member>();

  /** Machines that are there keep their state, new ones are in INIT; none is removed. */
  configure({ instances, groups }: RouterConfig): void {
    for (const [name, config] of instances) {
      const member = this.#members.get(name);
      if (member === undefined) this.#members.set(name, new Member(name, config));
      else member.configure(config);
    }
    this.#groups.clear();
    for (const member of this.#members.values()) member.group = undefined;
    for (const { name, members } of groups) {
      const group = new MemberGroup(
        name,
        members.map(member => this.#members.get(member)),
      );
      this.#groups.set(name, group);
      for (const member of group.members) member.group ??= group;
    }
  }

  rename(from: string, to: string): void {
    const member = this.#members.get(from);
    if (member === undefined) return;
    this.#members.delete(from);
    member.name = to;
    this.#members.set(to, member);
    this.#faults.set(`instance ${to}`, new Set(this.faultsOf(`instance ${from}`)));
    this.#faults.delete(`instance ${from}`);
  }

  remove(name: string): void {
    const member = this.#members.get(name);
    if (member !== undefined) this.#deadlines.move(member, Infinity);
    this.#members.delete(name);
    this.#faults.delete(`instance ${name}`);
  }

  feed(event: RouterEvent, now: number): readonly OwnedEffect[] {
    const run = new Run(this.#deadlines, this.#faults, now);
    if (event.kind === 'fault') {
      this.#setFault(event.owner, event.reason, event.present);
      run.faultsChanged(this.#concernedBy(event.owner));
    } else {
      const member = this.#members.get(event.name);
      if (member === undefined) return [];
      if (event.kind === 'start') run.start(member);
      else run.machine(member, event.event);
    }
    return run.finish();
  }

  machine(name: string): MachineState | undefined {
    return this.#members.get(name)?.machine;
  }

  groupState(name: string): VrrpState {
    return this.#groups.get(name)?.state ?? 'INIT';
  }

  /** Of its sync group, itself among them. */
  companions(name: string): readonly { readonly name: string }[] {
    const member = this.#members.get(name);
    return member === undefined ? [] : (member.group?.members ?? [member]);
  }

  faultsOf(owner: Owner): ReadonlySet<string> {
    return this.#faults.get(owner) ?? NO_FAULTS;
  }

  /** The earliest deadline of all machines, and whose it is. */
  nextDue(): { readonly name: string; readonly at: number } | undefined {
    return this.#deadlines.first();
  }

  #setFault(owner: Owner, reason: string, present: boolean): void {
    const reasons = this.#faults.get(owner) ?? new Set();
    if (present) reasons.add(reason);
    else reasons.delete(reason);
    this.#faults.set(owner, reasons);
  }

  /** One member's fault is everybody's. */
  #concernedBy(owner: Owner): readonly Member[] {
    const name = owner.slice(owner.indexOf(' ') + 1);
    if (owner.startsWith('group ')) return this.#groups.get(name)?.members ?? [];
    const member = this.#members.get(name);
    return member === undefined ? [] : (member.group?.members ?? [member]);
  }
}

/** One event on its way through the node. */
class Run {
  readonly #deadlines: Deadlines<Member>;
  readonly #faults: ReadonlyMap<Owner, ReadonlySet<string>>;
  readonly #now: number;
  readonly #effects: OwnedEffect[] = [];
  /** The group in which something changes, and what it was before. */
  #group: { readonly group: MemberGroup; readonly from: VrrpState } | undefined;

  constructor(deadlines: Deadlines<Member>, faults: ReadonlyMap<Owner, ReadonlySet<string>>, now: number) {
    this.#deadlines = deadlines;
    this.#faults = faults;
    this.#now = now;
  }

  machine(member: Member, event: MachineEvent): void {
    const earlier = member.machine;
    const before = earlier.state;
    const { state, effects } = step(member.machine, event, member.config, this.#now);
    const { group } = member;
    if (group !== undefined && state.state !== before) this.#group ??= { group, from: group.state };
    member.machine = state;
    this.#deadlines.move(member, nextDeadline(state));
    for (const effect of effects) this.#effects.push({ owner: `instance ${member.name}`, effect });
    if (group === undefined) return;
    this.#tellOthers(member, group, before, effects);
    if (group.mayBeMixed && event.kind === 'advert') this.#follow(member, group, earlier);
  }

  /** Where one of a new group follows another master, all do. */
  #follow(member: Member, group: MemberGroup, earlier: MachineState): void {
    const { state, masterDownAt } = member.machine;
    const isBackup = earlier.state === 'BACKUP' && state === 'BACKUP';
    // it waits longer for the one it has heard
    if (!isBackup || masterDownAt <= earlier.masterDownAt) return;
    group.mayBeMixed = false;
    this.#tell(member, group, 'MASTER', { kind: 'groupBackup', member: member.name });
  }

  start(member: Member): void {
    const reason = this.#reasonOf(member);
    this.machine(member, reason === undefined ? { kind: 'start' } : { kind: 'start', fault: reason });
  }

  faultsChanged(concerned: readonly Member[]): void {
    for (const member of concerned) {
      const reason = this.#reasonOf(member);
      this.machine(member, reason === undefined ? { kind: 'recovered' } : { kind: 'fault', reason });
    }
  }

  finish(): readonly OwnedEffect[] {
    if (this.#group === undefined) return this.#effects;
    const { group, from } = this.#group;
    const to = group.state;
    if (from !== to) {
      const effect: Effect = { kind: 'transition', from, to, reason: 'members of the group' };
      const told: OwnedEffect = { owner: `group ${group.name}`, effect };
      // keepalived tells of a group first when it starts, and last ever after
      if (from === 'INIT') this.#effects.unshift(told);
      else this.#effects.push(told);
    }
    return this.#effects;
  }

  #tellOthers(member: Member, group: MemberGroup, from: VrrpState, effects: readonly Effect[]): void {
    const { name, machine } = member;
    const to = machine.state;
    if (from !== 'MASTER' && to === 'MASTER')
      this.#tell(member, group, 'BACKUP', { kind: 'groupMaster', member: name });
    if (from === 'MASTER' && to === 'BACKUP')
      this.#tell(member, group, 'MASTER', { kind: 'groupBackup', member: name });
    if (!effects.some(effect => effect.kind === 'lowerPriorityHeard')) return;
    for (const other of group.members) if (other !== member) this.machine(other, { kind: 'groupAssert' });
  }

  /** Only members whose state is another, so that telling comes to an end. */
  #tell(teller: Member, group: MemberGroup, whoIs: VrrpState, event: MachineEvent): void {
    for (const other of group.members)
      if (other !== teller && other.machine.state === whoIs) this.machine(other, event);
  }

  /** The first thing wrong with an instance, its group or another member. */
  #reasonOf({ name, group }: Member): string | undefined {
    const own = this.#first(`instance ${name}`);
    if (own !== undefined || group === undefined) return own;
    const ofGroup = this.#first(`group ${group.name}`);
    if (ofGroup !== undefined) return ofGroup;
    const faulty = group.members.find(other => this.#first(`instance ${other.name}`) !== undefined);
    return faulty === undefined ? undefined : `sync group: ${faulty.name} is in fault`;
  }

  #first(owner: Owner): string | undefined {
    return this.#faults.get(owner)?.values().next().value;
  }
}
