/** Whether interfaces are up, with the damping of `interface_up_down_delays`. Fed after each refresh of the network. */
import type { InterfaceDelay } from '../../model/keepalived.ts';
import type { Clock } from '../clock.ts';

interface Watched {
  up: boolean;
  cancel?: (() => void) | undefined;
}

export class InterfaceStates {
  readonly #clock: Clock;
  readonly #delays: ReadonlyMap<string, InterfaceDelay>;
  readonly #isUpNow: (name: string) => boolean;
  readonly #onChange: (name: string, up: boolean) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(
    clock: Clock,
    delays: ReadonlyMap<string, InterfaceDelay>,
    isUpNow: (name: string) => boolean,
    onChange: (name: string, up: boolean) => void,
  ) {
    this.#clock = clock;
    this.#delays = delays;
    this.#isUpNow = isUpNow;
    this.#onChange = onChange;
  }

  watch(name: string): void {
    if (!this.#watched.has(name)) this.#watched.set(name, { up: this.#isUpNow(name) });
  }

  isUp(name: string): boolean {
    return this.#watched.get(name)?.up ?? false;
  }

  /** The network was read again. */
  update(): void {
    for (const [name, watched] of this.#watched) {
      const up = this.#isUpNow(name);
      if (up === watched.up) {
        watched.cancel?.();
        watched.cancel = undefined;
      } else if (watched.cancel === undefined) this.#delay(name, watched, up);
    }
  }

  stop(): void {
    for (const watched of this.#watched.values()) watched.cancel?.();
    this.#watched.clear();
  }

  #delay(name: string, watched: Watched, up: boolean): void {
    const delay = this.#delays.get(name);
    const delayMs = up ? (delay?.upMs ?? 0) : (delay?.downMs ?? 0);
    const turn = (): void => {
      watched.cancel = undefined;
      watched.up = up;
      this.#onChange(name, up);
    };
    if (delayMs === 0) turn();
    else watched.cancel = this.#clock.after(delayMs, turn);
  }
}
