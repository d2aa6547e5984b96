/**
 * What is tracked, and the places instances live in, become faults and priorities of their machines. Called by
 * vrrp-router.ts whenever something of that may have changed.
 */
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { VrrpSyncGroup } from '../model/vrrp-instance.ts';
import type { HandOvers } from './handover/hand-overs.ts';
import type { InstanceSet } from './instance-set.ts';
import type { Instance } from './instance.ts';
import { placeFaults } from './judge-place.ts';
import type { Machines } from './machines.ts';
import type { Network } from './network.ts';
import type { Receivers } from './receivers.ts';
import { effectivePriority } from './tracking/track-value.ts';
import type { LoadBalancerView, Trackers } from './tracking/trackers.ts';

interface EvaluationPorts {
  readonly network: Network;
  readonly balancer: LoadBalancerView | undefined;
  readonly instances: InstanceSet;
  readonly receivers: Receivers;
  readonly trackers: Trackers;
  readonly machines: Machines;
  readonly handOvers: HandOvers;
  readonly isUp: (link: string) => boolean;
}

export class Evaluation {
  readonly #ports: EvaluationPorts;
  /** Whose trackers do not know yet: too early to start. */
  readonly #pending = new Set<string>();
  /** What the file says of priorities of instances and what weighs on them, as it was. */
  readonly #configured = new Map<string, string>();
  /** What their groups add to the priority of instances. */
  readonly #ofGroups = new Map<string, number>();

  constructor(ports: EvaluationPorts) {
    this.#ports = ports;
  }

  /** Machines that are in INIT start if they may. */
  evaluate(config: KeepalivedConfig, mayStart: boolean): void {
    const { instances, machines } = this.#ports;
    instances.findSources(config);
    machines.configure({ instances: instances.configs, groups: config.syncGroups });
    this.#pending.clear();
    this.#ofGroups.clear();
    for (const group of config.syncGroups) this.#judgeGroup(group);
    for (const instance of instances.all()) this.#judgeInstance(instance);
    if (!mayStart) return;
    for (const name of instances.names())
      if (!this.#pending.has(name) && machines.stateOf(name) === 'INIT')
        machines.feed({ kind: 'start', name });
  }

  #judgeGroup({ name, members, tracking }: VrrpSyncGroup): void {
    const { faults, added, pending } = this.#ports.trackers.judge(tracking);
    this.#ports.machines.setFaults(`group ${name}`, faults);
    for (const member of members) {
      this.#ofGroups.set(member, added);
      if (pending) this.#pending.add(member);
    }
  }

  #judgeInstance(instance: Instance): void {
    const { config } = instance;
    const { machines, trackers } = this.#ports;
    const judgement = trackers.judge(config.tracking);
    if (judgement.pending) this.#pending.add(config.name);
    machines.setFaults(
      `instance ${config.name}`,
      new Set([...this.#faultsAround(instance), ...judgement.faults]),
    );
    const added = judgement.added + (this.#ofGroups.get(config.name) ?? 0);
    const said = JSON.stringify([config.priority, config.tracking]);
    // what is tracked says the rest
    const configured = added === 0 && (this.#configured.get(config.name) ?? said) !== said;
    this.#configured.set(config.name, said);
    const priority = effectivePriority(config.priority, added);
    machines.tell(config.name, { kind: 'priority', priority, configured });
  }

  #faultsAround(instance: Instance): string[] {
    const { network, receivers, handOvers, balancer, isUp } = this.#ports;
    const faults = placeFaults(instance, network, isUp);
    if (!receivers.hears(instance)) faults.push('cannot receive adverts');
    if (handOvers.reason !== undefined) faults.push(handOvers.reason);
    if (balancer?.silent() === true) faults.push('the balancer does not answer');
    return faults;
  }
}
