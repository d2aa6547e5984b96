/** The machine of an instance among the others of its sync group. What a group is follows from its members. Called by router.ts. */
import type { VrrpState } from '../model/vrrp-snapshot.ts';
import type { Due } from './deadlines.ts';
import { initialMachine, type MachineConfig, type MachineState } from './machine/machine-state.ts';

export type MemberConfig = Omit<MachineConfig, 'groupIsReady'>;

export class Member implements Due {
  /** A reload may change it. */
  name: string;
  machine: MachineState;
  group: MemberGroup | undefined;
  at = Infinity;
  place = -1;
  #config: MachineConfig;

  constructor(name: string, config: MemberConfig) {
    this.name = name;
    this.machine = initialMachine(config);
    this.#config = this.#complete(config);
  }

  get config(): MachineConfig {
    return this.#config;
  }

  configure(config: MemberConfig): void {
    this.#config = this.#complete(config);
  }

  #complete(config: MemberConfig): MachineConfig {
    const isReady = (): boolean => this.group?.othersAreReady(this) ?? true;
    return {
      ...config,
      // few events ask for it, and a group may be large
      get groupIsReady() {
        return isReady();
      },
    };
  }
}

export class MemberGroup {
  readonly name: string;
  readonly members: readonly Member[];
  /** All members that were named are there. */
  readonly #isWhole: boolean;
  /** A reload may have put a master and a backup together. */
  mayBeMixed: boolean;

  constructor(name: string, named: readonly (Member | undefined)[]) {
    this.name = name;
    this.members = named.filter(member => member !== undefined);
    this.#isWhole = this.members.length === named.length;
    const masters = this.members.filter(member => member.machine.state === 'MASTER').length;
    this.mayBeMixed = masters > 0 && masters < this.members.length;
  }

  get state(): VrrpState {
    const states = this.members.map(member => member.machine.state);
    if (states.includes('FAULT')) return 'FAULT';
    if (!this.#isWhole) return 'INIT';
    // while its members start, one after the other; they stop one by one, too
    if (states.includes('INIT'))
      return states.includes('BACKUP') && !states.includes('MASTER') ? 'BACKUP' : 'INIT';
    return states.every(state => state === 'MASTER') ? 'MASTER' : 'BACKUP';
  }

  othersAreReady(asking: Member): boolean {
    return (
      this.#isWhole &&
      this.members.every(
        member => member === asking || member.machine.state === 'MASTER' || member.machine.wantsMaster,
      )
    );
  }
}
