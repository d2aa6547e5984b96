/** Carries out what the machines ask for: on the wire and in the kernel, in words and in counters. Called by machines.ts. */
import type { HandOvers } from './handover/hand-overs.ts';
import type { Instance } from './instance.ts';
import type { RareLog } from './log.ts';
import type { Effect, MachineState } from './machine/machine-state.ts';
import type { Reporter } from './reporter.ts';
import type { OwnedEffect } from './router.ts';

interface EffectPorts {
  readonly handOvers: HandOvers;
  readonly reporter: Reporter;
  readonly rareLog: RareLog;
  readonly instance: (name: string) => Instance | undefined;
  readonly stateOf: (name: string) => MachineState['state'];
}

export class EffectPerformer {
  readonly #ports: EffectPorts;

  constructor(ports: EffectPorts) {
    this.#ports = ports;
  }

  perform({ owner, effect }: OwnedEffect): void {
    const cut = owner.indexOf(' ');
    const name = owner.slice(cut + 1);
    const instance = owner.startsWith('instance ') ? this.#ports.instance(name) : undefined;
    if (effect.kind === 'transition') {
      if (instance !== undefined && effect.to === 'MASTER') instance.counters.becameMaster++;
      if (instance !== undefined && effect.from === 'MASTER') instance.counters.releasedMaster++;
      this.#ports.reporter.transition(owner.slice(0, cut) as 'instance' | 'group', name, effect);
    } else if (instance !== undefined) this.#performOn(instance, effect);
  }

  #performOn(instance: Instance, effect: Exclude<Effect, { kind: 'transition' }>): void {
    const { name } = instance.config;
    const { handOvers, reporter, stateOf } = this.#ports;
    switch (effect.kind) {
      case 'advertise':
        handOvers.advertise(instance, effect.priority);
        return;
      case 'take':
        handOvers.take(instance);
        return;
      case 'release':
        handOvers.release(instance, effect.yielded === true);
        return;
      case 'announce':
        instance.announce(effect.repeat);
        return;
      case 'lowerPriorityHeard':
        instance.counters.lowerPriorityHeard++;
        reporter.lowerPriorityHeard(name);
        return;
      case 'sameAddressHeard':
        this.#sameAddressHeard(instance);
        return;
      case 'priorityChanged':
        reporter.priorityChanged(name, effect, stateOf(name));
    }
  }

  #sameAddressHeard({ config: { name }, counters }: Instance): void {
    counters.sameAddressHeard++;
    const message = `(${name}) advert with our priority from our own address`;
    this.#ports.rareLog.say('warning', `${name} own`, () => message);
  }
}
