/** Whether a proxy waits for the body of a request, or a buffer full of it, before it decides anything (manual, section 4.2). */
import type { Proxy } from '../../model/proxy.ts';
import type { RequestTimers } from './request-timers.ts';

/** `option http-buffer-request`; and `balance url_param`, which looks for the parameter in the body too. */
export function buffersRequests({ kind, options, balance }: Proxy): boolean {
  return (
    options.flags.has('http-buffer-request') || (kind !== 'frontend' && balance.algorithm === 'url_param')
  );
}

interface Undecided {
  readonly frontend: { readonly config: Proxy };
  readonly transaction: { readonly timers: RequestTimers };
}

/** It ends before there is a decision what to do with it: only a frontend that waits for bodies tells the time that took. */
export function endUndecided({ frontend, transaction }: Undecided): void {
  if (!buffersRequests(frontend.config)) transaction.timers.undecided();
}
