/**
 * Keeps the kernel at what is wanted: changes go in one after the other, those that came meanwhile in one go, and last the
 * ways to servers; where the kernel refuses, it is told once, and everything is tried anew until it is taken. Called by
 * forwarder.ts.
 */
import type { Driver } from './driver.ts';
import type { ServerState, Service, ServiceState } from './service.ts';

const AGAIN_MS = 2000;

interface ApplierPorts {
  readonly driver: Driver;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly log: (level: 'error' | 'notice', message: string) => void;
}

export class Applier {
  readonly #ports: ApplierPorts;
  #services: readonly Service[];
  #wanted: readonly (readonly ServerState[])[];
  /** What the kernel has; undefined: nobody knows. */
  #applied: readonly ServiceState[] | undefined;
  #generation = 0;
  #rerouting = false;
  #busy = false;
  #failing = false;
  #stopped = false;
  #cancel: () => void = () => undefined;

  constructor(
    ports: ApplierPorts,
    services: readonly Service[],
    wanted: readonly (readonly ServerState[])[],
  ) {
    this.#ports = ports;
    this.#services = services;
    this.#wanted = wanted;
  }

  /** Other services, in place of all. */
  replace(services: readonly Service[], wanted: readonly (readonly ServerState[])[]): void {
    this.#services = services;
    this.#wanted = wanted;
    this.#applied = undefined;
    void this.apply();
  }

  want(index: number, states: readonly ServerState[]): void {
    void this.wantAll(this.#wanted.with(index, states));
  }

  /** Of every service; resolves when nothing more can be done for now. */
  wantAll(states: readonly (readonly ServerState[])[]): Promise<void> {
    this.#wanted = states;
    return this.apply();
  }

  /** Interfaces or ways to servers may have changed. */
  reroute(): void {
    this.#rerouting = true;
    void this.apply();
  }

  /** Resolves when nothing more can be done for now. */
  async apply(): Promise<void> {
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    this.#cancel();
    for (let trouble: string | undefined; !this.#stopped;) {
      const step = this.#nextStep();
      if (step === undefined) break;
      trouble = await step();
      if (trouble === undefined) this.#recovered();
      else {
        this.#failed(trouble);
        break;
      }
    }
    this.#busy = false;
    // what was under way has come behind the removal
    if (this.#stopped) this.#ports.driver.remove();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#ports.driver.remove();
  }

  #nextStep(): (() => Promise<string | undefined>) | undefined {
    const applied = this.#applied;
    if (applied === undefined) return () => this.#install();
    const at = applied.findIndex(({ states }, index) => !same(states, this.#wanted[index] ?? []));
    const old = applied[at];
    if (old !== undefined) return () => this.#change(old, at, applied);
    return this.#rerouting ? () => this.#reroute(applied) : undefined;
  }

  async #install(): Promise<string | undefined> {
    const generation = ++this.#generation;
    const services = this.#services;
    const states = services.map((service, index) => ({
      service,
      states: this.#wanted[index] ?? [],
      generation,
    }));
    const trouble = await this.#ports.driver.install(states);
    if (trouble === undefined && services === this.#services) this.#applied = states;
    this.#rerouting = true;
    return trouble;
  }

  async #reroute(applied: readonly ServiceState[]): Promise<string | undefined> {
    this.#rerouting = false;
    const trouble = await this.#ports.driver.reroute(applied);
    if (trouble !== undefined) this.#rerouting = true;
    return trouble;
  }

  async #change(
    old: ServiceState,
    at: number,
    applied: readonly ServiceState[],
  ): Promise<string | undefined> {
    const next = { ...old, states: this.#wanted[at] ?? [], generation: ++this.#generation };
    const all = applied.with(at, next);
    const trouble = await this.#ports.driver.change(old, next, all);
    // what a refused transaction leaves is put right by a whole one
    if (applied === this.#applied) this.#applied = trouble === undefined ? all : undefined;
    return trouble;
  }

  #recovered(): void {
    if (this.#failing) this.#ports.log('notice', 'the kernel takes the rules again');
    this.#failing = false;
  }

  #failed(trouble: string): void {
    if (!this.#failing) this.#ports.log('error', `the kernel does not take the rules: ${trouble}`);
    this.#failing = true;
    this.#cancel = this.#ports.after(AGAIN_MS, () => void this.apply());
  }
}

function same(one: readonly ServerState[], other: readonly ServerState[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
