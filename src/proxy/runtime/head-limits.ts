/** How far the heads of requests and responses may go, by the global section and the options of a proxy. */
import type { HeadLimits } from '../../http/head-limits.ts';
import type { Config } from '../../model/config.ts';
import type { Proxy } from '../../model/proxy.ts';

export function requestLimits(config: Config, proxy: Proxy): HeadLimits {
  return sharedLimits(config, proxy.options.flags.has('accept-unsafe-violations-in-http-request'));
}

export function responseLimits(config: Config, proxy: Proxy): HeadLimits {
  return sharedLimits(config, proxy.options.flags.has('accept-unsafe-violations-in-http-response'));
}

const usual = new WeakMap<Config, HeadLimits>();
const relaxing = new WeakMap<Config, HeadLimits>();

/** One object for all proxies: heads read for one of them are known to the others (http/repeated-fields.ts). */
function sharedLimits(config: Config, relaxed: boolean): HeadLimits {
  const shared = relaxed ? relaxing : usual;
  const limits = shared.get(config) ?? headLimits(config, relaxed);
  shared.set(config, limits);
  return limits;
}

function headLimits({ global }: Config, relaxed: boolean): HeadLimits {
  const { tune, flags } = global;
  return {
    maxHeadBytes: tune.bufsize - tune.maxrewrite,
    maxHeaders: tune.maxhdr,
    strict: tune.httpStrict,
    relaxed,
    payloadWithAnyMethod: flags.has('h1-accept-payload-with-any-method'),
    keepOnInsecureTransferEncoding: flags.has('h1-do-not-close-on-insecure-transfer-encoding'),
  };
}
