/** `ocsp-update.*` of the global section (manual, section 3.1): whether, how often and by what way responses are fetched. */
import { parseAddress } from '../config-parser/address.ts';
import type { Global } from '../model/global.ts';

const DEFAULT_LEAST_S = 300;
const DEFAULT_MOST_S = 3600;
const PROXY_PORT = 80;

export interface OcspSettings {
  readonly leastDelayMs: number;
  readonly mostDelayMs: number;
  /** `ocsp-update.httpproxy` */
  readonly proxy: { readonly host: string; readonly port: number } | undefined;
}

export function ocspSettings({ ssl }: Pick<Global, 'ssl'>): OcspSettings {
  const delayMs = (name: string, missing: number): number => Number(ssl.get(name)?.[0] ?? missing) * 1000;
  return {
    leastDelayMs: delayMs('ocsp-update.mindelay', DEFAULT_LEAST_S),
    mostDelayMs: delayMs('ocsp-update.maxdelay', DEFAULT_MOST_S),
    proxy: proxyOf(ssl.get('ocsp-update.httpproxy')?.[0]),
  };
}

function proxyOf(written: string | undefined): OcspSettings['proxy'] {
  if (written === undefined) return undefined;
  const { value } = parseAddress(written, { port: 'optional', fd: false });
  const address = value?.address;
  if (address?.kind !== 'ip' && address?.kind !== 'name') return undefined;
  return { host: address.host, port: address.port || PROXY_PORT };
}

/** `ocsp-update.disable`: nothing is fetched but by command, whatever else is said. */
export function updatesAreOff({ ssl }: Pick<Global, 'ssl'>): boolean {
  return ssl.get('ocsp-update.disable')?.[0] === 'on';
}

/** What is wrong with the delays; undefined: nothing. */
export function wrongDelays(global: Pick<Global, 'ssl'>): string | undefined {
  const { leastDelayMs, mostDelayMs } = ocspSettings(global);
  if (leastDelayMs <= mostDelayMs) return undefined;
  return `'ocsp-update.mindelay' (${leastDelayMs / 1000}) has to be lower than 'ocsp-update.maxdelay' (${mostDelayMs / 1000}).`;
}
