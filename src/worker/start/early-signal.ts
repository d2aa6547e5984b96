/**
 * SIGUSR1 before anything can be stopped softly. It is remembered, and comes again when there is somebody to hear it.
 * Before this program's first line Node itself hears it, and opens its debugger to everybody on this machine: that is
 * closed again, and was the signal. main.ts holds it, program.ts gives it to what runs. SIGTTOU and SIGTTIN, which would
 * suspend the process, are not remembered: there is nothing to pause yet.
 */
import { close as closeDebugger, url as debuggerUrl } from 'node:inspector';

const SIGNAL = 'SIGUSR1';
const ASKED_FOR = /(^|\s)--inspect/;

export class EarlySignal {
  #came = false;
  readonly #remember = (): void => void (this.#came = true);

  hold(): void {
    process.on(SIGNAL, this.#remember);
    for (const pause of ['SIGTTOU', 'SIGTTIN'] as const) process.on(pause, () => undefined);
    this.#closeDebugger();
  }

  /** The one who hears it from now on has said so to the process. */
  pass(): void {
    this.#closeDebugger();
    process.off(SIGNAL, this.#remember);
    if (this.#came) process.kill(process.pid, SIGNAL);
  }

  #closeDebugger(): void {
    if (debuggerUrl() === undefined) return;
    if (ASKED_FOR.test([...process.execArgv, process.env['NODE_OPTIONS']].join(' '))) return;
    closeDebugger();
    this.#came = true;
  }
}
