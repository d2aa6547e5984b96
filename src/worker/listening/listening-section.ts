/** What listening sockets are of, by the number that stands for it in a ListenerHandover. */
import type { Config } from '../../model/config.ts';
import type { LogForward } from '../../model/log-forward.ts';
import type { Proxy } from '../../model/proxy.ts';

export function listeningSection(config: Config, number: number): Proxy | LogForward | undefined {
  return config.proxies[number] ?? logForwardOf(config, number);
}

export function logForwardOf({ logForwards }: Config, number: number): LogForward | undefined {
  return logForwards[-1 - number];
}

/** Below those of proxies, of which more may come at run time. */
export function numberOfLogForward(index: number): number {
  return -1 - index;
}
