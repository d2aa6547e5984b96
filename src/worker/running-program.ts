/**
 * The program at work: a balancer, virtual addresses, or both, and what signals mean to them (management guide,
 * section 4; keepalived(8)). Virtual addresses go elsewhere before anything stops. Called by program.ts.
 */
import type { Control } from './control.ts';
import type { SystemdNotify } from './process/systemd-notify.ts';
import type { VirtualAddresses } from './virtual-addresses.ts';

/** A stop that has given addresses away waits so long for requests in flight. */
const REQUESTS_IN_FLIGHT_MS = 2000;
const LAST_PATIENCE_MS = 3000;

export class RunningProgram {
  control: Control | undefined;
  virtual: VirtualAddresses | undefined;
  /** Who wants to know how virtual addresses without a balancer are. */
  systemd: SystemdNotify | undefined;
  readonly #exit: (code: number) => void;
  #stopping = false;

  constructor(exit: (code: number) => void) {
    this.#exit = exit;
  }

  /** Before a port opens: whoever sees it open may send a signal. */
  handleSignals(): void {
    process.on('SIGTERM', () => void this.stop());
    process.on('SIGINT', () => void this.stop());
    process.on('SIGHUP', () => {
      this.systemd?.tell('reloading');
      this.virtual?.reload();
      this.control?.signalled('SIGHUP');
    });
    // it frees pools of HAProxy's; what is free here is collected anyway
    process.on('SIGQUIT', () => undefined);
    process.on('SIGUSR1', () => void this.#userSignal());
    for (const signal of ['SIGTTOU', 'SIGTTIN'] as const)
      process.on(signal, () => this.control?.signalled(signal));
    process.on('SIGUSR2', () => {
      if (this.control === undefined) this.virtual?.dump('stats');
    });
  }

  /** The balancer accepts connections. */
  serving(): void {
    const { control, virtual } = this;
    if (control === undefined || virtual === undefined || this.#stopping) return;
    control.vrrp = virtual;
    virtual.begin(control);
  }

  /** Requests in flight are finished where addresses were given away, for a moment; a second signal cuts them. */
  async stop(): Promise<void> {
    const { control, virtual } = this;
    const again = this.#stopping;
    this.#stopping = true;
    if (!again) this.systemd?.tell('stopping');
    if (control === undefined) return this.ended(0);
    if (!again && (await virtual?.handOver('stopping')) === true) {
      control.softStop();
      setTimeout(() => control.stop(), REQUESTS_IN_FLIGHT_MS).unref();
    } else control.stop();
  }

  /** SIGUSR1: soft stop; without a balancer keepalived's dump. */
  async #userSignal(): Promise<void> {
    const { control, virtual } = this;
    if (control === undefined) {
      virtual?.dump('state');
      return;
    }
    this.#stopping = true;
    await virtual?.handOver('stopping');
    control.softStop();
  }

  /** All threads have ended. */
  async ended(code: number): Promise<void> {
    await this.virtual?.stop();
    this.#exit(code);
  }

  /** This process cannot be relied on any more: even what should give addresses away is waited for no longer. */
  giveUp(): void {
    setTimeout(() => this.#exit(1), LAST_PATIENCE_MS);
    void this.ended(1);
  }

  /** The VRRP process was stopped by somebody else. */
  virtualStopped(): void {
    if (this.control === undefined) this.#exit(0);
  }
}
