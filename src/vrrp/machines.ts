/**
 * The state machines of this node at work: events go into the router (router.ts), effects come out and are performed,
 * and whoever is due is told. Called by vrrp-router.ts and evaluation.ts.
 */
import type { VrrpState } from '../model/vrrp-snapshot.ts';
import type { Clock } from './clock.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import { EffectPerformer } from './effect-performer.ts';
import type { HandOvers } from './handover/hand-overs.ts';
import type { InstanceSet } from './instance-set.ts';
import type { RareLog } from './log.ts';
import type { MachineEvent, MachineState } from './machine/machine-state.ts';
import type { Reporter } from './reporter.ts';
import { Router, type Owner, type RouterConfig, type RouterEvent } from './router.ts';

/** How soon a backup that is not prepared to take over looks again. */
const WAIT_MS = 2;

interface MachinesPorts {
  readonly clock: Clock;
  readonly rareLog: RareLog;
  readonly instances: InstanceSet;
  readonly handOvers: HandOvers;
  readonly reporter: Reporter;
  /** Packets that nobody has told of yet. */
  readonly readWaiting: () => void;
}

export class Machines {
  readonly #ports: MachinesPorts;
  readonly #router = new Router();
  readonly #performer: EffectPerformer;
  readonly #timer: DeadlineTimer;

  constructor(ports: MachinesPorts) {
    const { clock, instances, readWaiting } = ports;
    this.#ports = ports;
    this.#performer = new EffectPerformer({
      ...ports,
      instance: name => instances.get(name),
      stateOf: name => this.stateOf(name),
    });
    this.#timer = new DeadlineTimer({
      clock,
      router: this.#router,
      readWaiting,
      onDue: name => this.#due(name),
    });
  }

  configure(config: RouterConfig): void {
    this.#router.configure(config);
  }

  rename(from: string, to: string): void {
    this.#router.rename(from, to);
  }

  remove(name: string): void {
    this.#router.remove(name);
  }

  feed(event: RouterEvent): void {
    const { clock } = this.#ports;
    for (const effect of this.#router.feed(event, clock.now())) this.#performer.perform(effect);
    this.#timer.set();
  }

  tell(name: string, event: Exclude<MachineEvent, { kind: 'start' | 'fault' | 'recovered' }>): void {
    this.feed({ kind: 'machine', name, event });
  }

  setFaults(owner: Owner, wanted: ReadonlySet<string>): void {
    const present = [...this.#router.faultsOf(owner)];
    for (const reason of wanted)
      if (!present.includes(reason)) this.feed({ kind: 'fault', owner, reason, present: true });
    for (const reason of present)
      if (!wanted.has(reason)) this.feed({ kind: 'fault', owner, reason, present: false });
  }

  machine(name: string): MachineState | undefined {
    return this.#router.machine(name);
  }

  stateOf(name: string): VrrpState {
    return this.#router.machine(name)?.state ?? 'INIT';
  }

  priorityOf(name: string): number {
    return this.#router.machine(name)?.priority ?? 0;
  }

  groupState(name: string): VrrpState {
    return this.#router.groupState(name);
  }

  faultsOf(name: string): readonly string[] {
    return [...this.#router.faultsOf(`instance ${name}`)];
  }

  /** No timer runs any more. */
  end(): void {
    this.#timer.stop();
  }

  #due(name: string): void {
    const machine = this.#router.machine(name);
    const { clock, instances } = this.#ports;
    if (machine?.state === 'MASTER') instances.get(name)?.advertIsDue(clock.now() - machine.advertAt);
    const waits = machine?.state !== 'MASTER' && this.#mustWait(name);
    this.tell(name, waits ? { kind: 'wait', ms: WAIT_MS } : { kind: 'timer' });
  }

  /** A group takes over as one. */
  #mustWait(name: string): boolean {
    return this.#router.companions(name).some(member => this.#ports.handOvers.wait(member.name));
  }
}
