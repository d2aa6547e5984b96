/**
 * All instances of a node and their sync groups, still pure: an event for one instance, or a fault that comes or
 * goes, becomes the steps of all that are concerned. What a group is follows from its members; it has no state of
 * its own. Called by vrrp-router.ts and by the property tests.
 */
import type { Effect, MachineConfig, MachineEvent, MachineState } from './machine/machine-state.ts';
import type { VrrpState } from '../model/vrrp-snapshot.ts';
import { nextDeadline } from './machine/machine-state.ts';
import { step } from './machine/step.ts';

export interface RouterConfig {
  readonly instances: ReadonlyMap<string, Omit<MachineConfig, 'groupIsReady'>>;
  readonly groups: readonly RouterGroup[];
}

interface RouterGroup {
  readonly name: string;
  readonly members: readonly string[];
}

export interface RouterState {
  readonly machines: ReadonlyMap<string, MachineState>;
  /** What is wrong with an instance (`instance NAME`) or a whole group (`group NAME`). */
  readonly faults: ReadonlyMap<string, ReadonlySet<string>>;
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

interface RouterStep {
  readonly state: RouterState;
  readonly effects: readonly OwnedEffect[];
}

export const EMPTY_ROUTER: RouterState = { machines: new Map(), faults: new Map() };

export function stepRouter(
  state: RouterState,
  event: RouterEvent,
  config: RouterConfig,
  now: number,
): RouterStep {
  const run = new Run(state, config, now);
  switch (event.kind) {
    case 'machine':
      run.machine(event.name, event.event);
      break;
    case 'start':
      run.start(event.name);
      break;
    case 'fault':
      run.fault(event.owner, event.reason, event.present);
  }
  return run.finish(state);
}

export function groupState(group: RouterGroup, machines: ReadonlyMap<string, MachineState>): VrrpState {
  const states = group.members.map(name => machines.get(name)?.state ?? 'INIT');
  if (states.includes('FAULT')) return 'FAULT';
  if (states.includes('INIT')) return 'INIT';
  return states.every(member => member === 'MASTER') ? 'MASTER' : 'BACKUP';
}

/** The earliest deadline of all machines, and whose it is. */
export function nextRouterDeadline(
  state: RouterState,
): { readonly at: number; readonly name: string } | undefined {
  let earliest: { at: number; name: string } | undefined;
  for (const [name, machine] of state.machines) {
    const at = nextDeadline(machine);
    if (at !== Infinity && (earliest === undefined || at < earliest.at)) earliest = { at, name };
  }
  return earliest;
}

/** One event on its way through the node. */
class Run {
  readonly #machines: Map<string, MachineState>;
  readonly #faults: Map<string, ReadonlySet<string>>;
  readonly #config: RouterConfig;
  readonly #now: number;
  readonly #effects: OwnedEffect[] = [];

  constructor(state: RouterState, config: RouterConfig, now: number) {
    this.#machines = new Map(state.machines);
    this.#faults = new Map(state.faults);
    this.#config = config;
    this.#now = now;
  }

  machine(name: string, event: MachineEvent): void {
    const before = this.#machines.get(name);
    const config = this.#config.instances.get(name);
    if (before === undefined || config === undefined) return;
    const groupIsReady = this.#othersOf(name).every(other => this.#isReady(other));
    const { state, effects } = step(before, event, { ...config, groupIsReady }, this.#now);
    this.#machines.set(name, state);
    for (const effect of effects) this.#effects.push({ owner: `instance ${name}`, effect });
    this.#tellOthers(name, before.state, state.state, effects);
  }

  start(name: string): void {
    const reason = this.#reasonOf(name);
    this.machine(name, reason === undefined ? { kind: 'start' } : { kind: 'start', fault: reason });
  }

  /** One member's fault is everybody's. */
  fault(owner: Owner, reason: string, present: boolean): void {
    const reasons = new Set(this.#faults.get(owner));
    if (present) reasons.add(reason);
    else reasons.delete(reason);
    this.#faults.set(owner, reasons);
    for (const name of this.#concernedBy(owner)) {
      const left = this.#reasonOf(name);
      if (left === undefined) this.machine(name, { kind: 'recovered' });
      else this.machine(name, { kind: 'fault', reason: left });
    }
  }

  finish(before: RouterState): RouterStep {
    for (const group of this.#config.groups) {
      const from = groupState(group, before.machines);
      const to = groupState(group, this.#machines);
      if (from === to) continue;
      const effect: Effect = { kind: 'transition', from, to, reason: 'members of the group' };
      this.#effects.push({ owner: `group ${group.name}`, effect });
    }
    return { state: { machines: this.#machines, faults: this.#faults }, effects: this.#effects };
  }

  #tellOthers(name: string, from: VrrpState, to: VrrpState, effects: readonly Effect[]): void {
    const others = this.#othersOf(name);
    if (others.length === 0) return;
    if (from !== 'MASTER' && to === 'MASTER')
      for (const other of others) this.#tell(other, { kind: 'groupMaster', member: name });
    if (from === 'MASTER' && to === 'BACKUP')
      for (const other of others) this.#tell(other, { kind: 'groupBackup', member: name });
    if (effects.some(effect => effect.kind === 'lowerPriorityHeard'))
      for (const other of others) this.machine(other, { kind: 'groupAssert' });
  }

  /** Only members whose state is another, so that telling comes to an end. */
  #tell(other: string, event: MachineEvent & { kind: 'groupMaster' | 'groupBackup' }): void {
    const state = this.#machines.get(other)?.state;
    if (event.kind === 'groupMaster' ? state === 'BACKUP' : state === 'MASTER') this.machine(other, event);
  }

  #isReady(name: string): boolean {
    const machine = this.#machines.get(name);
    return machine !== undefined && (machine.state === 'MASTER' || machine.wantsMaster);
  }

  #groupOf(name: string): RouterGroup | undefined {
    return this.#config.groups.find(group => group.members.includes(name));
  }

  #othersOf(name: string): readonly string[] {
    return this.#groupOf(name)?.members.filter(other => other !== name) ?? [];
  }

  #concernedBy(owner: Owner): readonly string[] {
    const name = owner.slice(owner.indexOf(' ') + 1);
    if (owner.startsWith('group '))
      return this.#config.groups.find(group => group.name === name)?.members ?? [];
    return this.#groupOf(name)?.members ?? [name];
  }

  /** The first thing wrong with an instance, its group or another member. */
  #reasonOf(name: string): string | undefined {
    const group = this.#groupOf(name);
    const own = first(this.#faults.get(`instance ${name}`));
    if (own !== undefined || group === undefined) return own;
    const ofGroup = first(this.#faults.get(`group ${group.name}`));
    if (ofGroup !== undefined) return ofGroup;
    const member = this.#othersOf(name).find(
      other => first(this.#faults.get(`instance ${other}`)) !== undefined,
    );
    return member === undefined ? undefined : `sync group: ${member} is in fault`;
  }
}

function first(reasons: ReadonlySet<string> | undefined): string | undefined {
  return reasons?.values().next().value;
}
