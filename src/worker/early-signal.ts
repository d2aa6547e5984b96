/**
 * SIGUSR1 before anything can be stopped softly: Node would open its debugger. It is remembered, and comes again when
 * there is somebody to hear it. main.ts holds it, program.ts gives it to what runs.
 */
const SIGNAL = 'SIGUSR1';

export class EarlySignal {
  #came = false;
  readonly #remember = (): void => void (this.#came = true);

  hold(): void {
    process.on(SIGNAL, this.#remember);
  }

  /** The one who hears it from now on has said so to the process. */
  pass(): void {
    process.off(SIGNAL, this.#remember);
    if (this.#came) process.kill(process.pid, SIGNAL);
  }
}
