/**
 * How addresses and connections pass from one master to the next, on both sides. Called by vrrp-router.ts for whatever
 * an instance hears and does.
 */
import type { Clock } from '../clock.ts';
import type { HeldStateFile } from '../held-state.ts';
import type { Instance } from '../instance.ts';
import type { Log } from '../log.ts';
import type { HeardAdvert, MachineState } from '../machine/machine-state.ts';
import type { Network } from '../network.ts';
import { ConnectionRelays } from './connection-relay.ts';
import { KeptConnections } from './kept-connections.ts';
import { Lingering, LONGEST_PREPARATION_MS, type LingeringEnd } from './lingering.ts';

interface HandOverPorts {
  readonly clock: Clock;
  readonly network: Network;
  readonly held: HeldStateFile;
  readonly log: Log;
  /** There are connections that are worth it: a balancer serves in this program. */
  readonly keepConnections: boolean;
  /** Hears the packets that nobody has told of. */
  readonly readWaiting: () => void;
}

/** The next master prepares itself. */
interface Waiting {
  readonly forMs: number;
  readonly askedAt: number;
}

/** More than between two questions: the machine stood still, and so did what is waited for. */
const LONGEST_STEP_MS = 10;

export class HandOvers {
  /** Why this node gives its addresses away; undefined: it takes part. */
  reason: string | undefined;
  /** It will be gone in a moment. */
  stopping = false;
  readonly #clock: Clock;
  readonly #keepConnections: boolean;
  /** For how long an instance has put off taking over. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #lingering: Lingering;
  readonly #kept: KeptConnections;
  readonly #relays: ConnectionRelays;

  constructor(ports: HandOverPorts) {
    this.#clock = ports.clock;
    this.#keepConnections = ports.keepConnections;
    this.#lingering = new Lingering(ports);
    this.#kept = new KeptConnections(ports);
    this.#relays = new ConnectionRelays(ports);
  }

  heard({ config }: Instance, machine: MachineState, advert: HeardAdvert, keepsConnections: boolean): void {
    if (advert.priority > 0) this.#lingering.finish(config.name, 'followed');
    const gives = advert.priority === 0;
    const yields = config.preempt && advert.priority < machine.priority;
    if (keepsConnections && machine.state === 'BACKUP' && (gives || yields))
      void this.#relays.prepare(config, advert.source);
  }

  /**
   * Asked when an instance is about to take over: true while it prepares to relay the connections of the master before,
   * which serves until it is followed. Taking over before that is done would reset them.
   */
  wait(name: string): boolean {
    const now = this.#clock.now();
    const { forMs, askedAt } = this.#waiting.get(name) ?? { forMs: 0, askedAt: now };
    const waited = forMs + Math.min(now - askedAt, LONGEST_STEP_MS);
    if (this.#relays.isPreparing(name) && waited < LONGEST_PREPARATION_MS) {
      this.#waiting.set(name, { forMs: waited, askedAt: now });
      return true;
    }
    this.#waiting.delete(name);
    return false;
  }

  advertise(instance: Instance, priority: number): void {
    if (priority === 0) this.#relays.stop(instance.config.name);
    instance.advertise(priority, this.#keepConnections && !this.stopping);
  }

  take(instance: Instance): void {
    const { name } = instance.config;
    this.#lingering.finish(name, 'ours');
    instance.take();
    // not before the addresses are there: packets of these connections never find nobody
    this.#kept.drop(name);
  }

  /** `yielded`: a superior master serves already. */
  release(instance: Instance, yielded: boolean): void {
    this.#relays.stop(instance.config.name);
    if (instance.holding && (this.reason !== undefined || this.stopping)) {
      this.#lingering.start(instance, end => this.#lingered(instance, end));
      return;
    }
    if (yielded && this.#keepConnections) this.#kept.keep(instance.config, 'a while');
    instance.release();
  }

  /** Whoever follows late finds the connections here all the same. */
  #lingered(instance: Instance, end: LingeringEnd): void {
    const goesOn = this.#keepConnections && this.reason !== undefined && !this.stopping;
    if (end !== 'ours' && goesOn) this.#kept.keep(instance.config, 'for good');
    instance.release();
  }

  /** The instance is no more. */
  forget(name: string): void {
    this.#lingering.finish(name, 'alone');
    this.#kept.drop(name);
    this.#relays.stop(name);
    this.#waiting.delete(name);
  }

  /** Resolves when no address is held for want of a next master. */
  over(): Promise<void> {
    return this.#lingering.over();
  }

  /** The same at once. */
  finish(): void {
    this.#lingering.finishAll();
  }

  /** Everything is taken out of the kernel, synchronously. */
  end(): void {
    this.#kept.dropAll();
    this.#relays.end();
  }
}
