/**
 * Peers that do not quite keep to the protocol: from when on a connection takes no more requests, and from when on it is
 * closed (manual, `tune.h1.fe.glitches-threshold` and its like, `tune.glitches.kill.cpu-usage`).
 */
import type { ProcessFacts } from '../../acl/context.ts';
import type { Global } from '../../model/global.ts';

/** At that part of the threshold a connection is used for no other request. */
const LEFT_AT = 0.75;

type GlitchVerdict = 'few' | 'many' | 'too many';

export class GlitchLimit {
  /** 0: there is none. */
  readonly #threshold: number;
  readonly #isBusy: () => boolean;

  constructor(threshold: number, isBusy: () => boolean) {
    this.#threshold = threshold;
    this.#isBusy = isBusy;
  }

  judge(glitches: number): GlitchVerdict {
    const threshold = this.#threshold;
    if (threshold === 0 || glitches < threshold * LEFT_AT) return 'few';
    return glitches >= threshold && this.#isBusy() ? 'too many' : 'many';
  }
}

/** By version of HTTP and side. */
export interface GlitchLimits {
  readonly http1Clients: GlitchLimit;
  readonly http1Servers: GlitchLimit;
  readonly http2Clients: GlitchLimit;
  readonly http2Servers: GlitchLimit;
}

export function glitchLimits({ tune }: Global, facts: Pick<ProcessFacts, 'cpuUsage'>): GlitchLimits {
  const number = (name: string): number => Number(tune.other.get(name)?.[0] ?? 0);
  const busyFrom = number('tune.glitches.kill.cpu-usage');
  const isBusy = (): boolean => busyFrom === 0 || facts.cpuUsage() >= busyFrom;
  const limit = (where: string): GlitchLimit =>
    new GlitchLimit(number(`tune.${where}.glitches-threshold`), isBusy);
  return {
    http1Clients: limit('h1.fe'),
    http1Servers: limit('h1.be'),
    http2Clients: limit('h2.fe'),
    http2Servers: limit('h2.be'),
  };
}
