/**
 * How long connections of clients may rest (manual, `timeout http-keep-alive`, `idle-ping`). Those that were made here, by a
 * listener with the address `rhttp@`, rest until they are asked for something, or their peer is gone.
 */
import type { ListenerRuntime } from '../runtime.ts';

export function isReversed({ config }: ListenerRuntime): boolean {
  return config.address.kind === 'reverse';
}

/** 0: without end. Who answers pings is there, and need not ask for anything. */
export function idleTimeoutMs(listener: ListenerRuntime): number {
  const { httpKeepAlive, client } = listener.frontend.config.timeouts;
  if (isReversed(listener)) return 0;
  return httpKeepAlive > 0 || pingIntervalMs(listener) > 0 ? httpKeepAlive : client;
}

/** 0: nobody is pinged. */
export function pingIntervalMs(listener: ListenerRuntime): number {
  const { otherOptions } = listener.config;
  const said = otherOptions.get('idle-ping')?.[0];
  if (said !== undefined) return Number(said);
  return isReversed(listener) ? listener.frontend.config.timeouts.client : 0;
}
