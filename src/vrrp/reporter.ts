/**
 * Says what the machines did: log lines, events for statistics, notify scripts, pipes and mail; and remembers since
 * when and why each instance and group is in its state. Called by vrrp-router.ts.
 */
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Effect } from './machine/machine-state.ts';
import type { VrrpState } from '../model/vrrp-snapshot.ts';
import { Notifier } from './notifier.ts';
import type { NotifyState, Subject } from './notify-subject.ts';

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

export interface Life {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly transitions: number;
  readonly reason: string;
}

interface ReporterPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: VrrpEvent) => void;
  readonly priorityOf: (instance: string) => number;
}

export class Reporter {
  readonly #ports: ReporterPorts;
  readonly #lives = new Map<string, Life>();
  #config: KeepalivedConfig;
  #notifier: Notifier;

  constructor(config: KeepalivedConfig, ports: ReporterPorts) {
    this.#config = config;
    this.#ports = ports;
    this.#notifier = new Notifier(config.globalDefs, ports.clock, ports.log);
  }

  /** Pipes and their readers go on over a reload that does not concern them. */
  reload(config: KeepalivedConfig): void {
    const changed = JSON.stringify(this.#config.globalDefs) !== JSON.stringify(config.globalDefs);
    this.#config = config;
    if (!changed) return;
    this.#notifier.close(config.globalDefs);
    this.#notifier = new Notifier(config.globalDefs, this.#ports.clock, this.#ports.log);
  }

  rename(from: string, to: string): void {
    this.#lives.set(`instance ${to}`, this.lifeOf('instance', from));
    this.#lives.delete(`instance ${from}`);
  }

  lifeOf(kind: 'instance' | 'group', name: string): Life {
    return this.#lives.get(`${kind} ${name}`) ?? { since: 0, transitions: 0, reason: 'not started' };
  }

  transition(
    owner: 'instance' | 'group',
    name: string,
    { from, to, reason }: Effect & { kind: 'transition' },
  ): void {
    const { clock, log, onEvent } = this.#ports;
    const { transitions } = this.lifeOf(owner, name);
    this.#lives.set(`${owner} ${name}`, { since: clock.wallClock(), transitions: transitions + 1, reason });
    const subject = this.#subjectOf(owner, name);
    log('notice', `vrrp ${owner} ${name}: ${from} -> ${to} (${reason}), priority ${subject.priority}`);
    onEvent({ kind: 'transition', owner, name, from, to, reason, priority: subject.priority });
    if (to !== 'INIT') this.#notifier.state(subject, to);
  }

  /** STOP, DELETED, or FAULT for an instance that is removed. */
  ended(owner: 'instance' | 'group', name: string, state: NotifyState): void {
    this.#notifier.state(this.#subjectOf(owner, name), state);
  }

  /** Pipes do not hear of what somebody has written into the file. */
  priorityChanged(
    name: string,
    { from, to, configured }: Effect & { kind: 'priorityChanged' },
    state: VrrpState,
  ): void {
    this.#ports.log('notice', `vrrp instance ${name}: effective priority ${from} -> ${to}`);
    this.#ports.onEvent({ kind: 'priority', name, from, to });
    const told = this.#config.instances.find(one => one.name === name)?.notifyPriorityChanges ?? false;
    if (told && !configured && (state === 'MASTER' || state === 'BACKUP'))
      this.#notifier.line(this.#subjectOf('instance', name), `${state}_PRIORITY`);
  }

  lowerPriorityHeard(name: string): void {
    this.#notifier.lowerPriorityHeard(this.#subjectOf('instance', name));
  }

  /** `fifo_write_vrrp_states_on_reload` */
  repeat(owner: 'instance' | 'group', name: string, state: VrrpState): void {
    if (this.#config.globalDefs.fifoWriteVrrpStatesOnReload)
      this.#notifier.line(this.#subjectOf(owner, name), state);
  }

  close(): void {
    this.#notifier.close();
  }

  #subjectOf(owner: 'instance' | 'group', name: string): Subject {
    const list = owner === 'instance' ? this.#config.instances : this.#config.syncGroups;
    const found = list.find(one => one.name === name);
    return {
      kind: owner === 'instance' ? 'INSTANCE' : 'GROUP',
      name,
      priority: owner === 'instance' ? this.#ports.priorityOf(name) : 0,
      notify: found?.notify ?? { sayDeleted: false },
      smtpAlert: found?.smtpAlert ?? false,
    };
  }
}
