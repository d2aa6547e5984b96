/** Whether a proxy waits for the body of a request, or a buffer full of it, before it decides anything (manual, section 4.2). */
import type { Proxy } from '../model/proxy.ts';

/** `option http-buffer-request`; and `balance url_param`, which looks for the parameter in the body too. */
export function buffersRequests({ kind, options, balance }: Proxy): boolean {
  return (
    options.flags.has('http-buffer-request') || (kind !== 'frontend' && balance.algorithm === 'url_param')
  );
}
