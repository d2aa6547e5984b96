/** Compiles a backend's `balance` line to a balancer. Each thread makes its own over the shared state. */
import type { Proxy } from '../model/proxy.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { Balancer } from './balancer.ts';
import { first } from './first.ts';
import { hash, type HashSettings } from './hash.ts';
import { leastconn } from './leastconn.ts';
import { random } from './random.ts';
import { roundrobin } from './roundrobin.ts';
import { staticRr } from './static-rr.ts';
import { sticky } from './sticky.ts';

const DEFAULT_DRAWS = 2;

/** Undefined: the backend balances nothing (`dispatch`, `transparent`). */
export function createBalancer(state: SharedState, backend: number, proxy: Proxy): Balancer | undefined {
  const { balance } = proxy;
  const settings: HashSettings = {
    type: proxy.hashType,
    balanceFactor: proxy.hashBalanceFactor,
    affinity: proxy.hashPreserveAffinity ?? 'always',
  };
  switch (balance.algorithm) {
    case 'roundrobin':
      return roundrobin(state, backend);
    case 'static-rr':
      return staticRr(state, backend);
    case 'leastconn':
      return leastconn(state, backend);
    case 'first':
      return first(state, backend);
    case 'random':
      return random(state, backend, balance.draws || DEFAULT_DRAWS, proxy.hashBalanceFactor);
    case 'sticky':
      return sticky(state, backend);
    case 'source':
      return hash(state, backend, { algorithm: 'source' }, settings);
    case 'uri':
    case 'url_param':
    case 'hdr':
    case 'rdp-cookie':
    case 'hash':
      return hash(state, backend, balance, settings);
    case 'log-hash':
      return hash(state, backend, { algorithm: 'hash', expression: balance.converters }, settings);
    case 'none':
      return undefined;
  }
}
