/**
 * How long connections of clients may rest (manual, `timeout http-keep-alive`, `idle-ping`). Those that were made here, by a
 * listener with the address `rhttp@`, rest until they are asked for something, or their peer is gone.
 */
import type { ListenerRuntime } from '../runtime/runtime.ts';

export function isReversed({ config }: ListenerRuntime): boolean {
  return config.address.kind === 'reverse';
}

export function clientTimeoutMs({ frontend }: ListenerRuntime): number {
  return frontend.config.timeouts.client;
}

/** For the first request, from the begin of the connection. */
export function firstRequestTimeoutMs({ frontend }: ListenerRuntime): number {
  const { httpRequest, client } = frontend.config.timeouts;
  return httpRequest === 0 ? client : httpRequest;
}

/** 0: without end. Who answers pings is there, and need not ask for anything. */
export function idleTimeoutMs(listener: ListenerRuntime): number {
  const { httpKeepAlive, httpRequest, client } = listener.frontend.config.timeouts;
  if (isReversed(listener)) return 0;
  const saidMs = httpKeepAlive > 0 ? httpKeepAlive : httpRequest;
  return saidMs > 0 || pingIntervalMs(listener) > 0 ? saidMs : client;
}

/** Nothing says how long a client may wait before it asks: `timeout client` runs from whatever came of it last. */
export function restsAnew(listener: ListenerRuntime): boolean {
  const { httpKeepAlive, httpRequest } = listener.frontend.config.timeouts;
  return httpKeepAlive === 0 && httpRequest === 0 && pingIntervalMs(listener) === 0;
}

/** 0: nobody is pinged. */
export function pingIntervalMs(listener: ListenerRuntime): number {
  const { otherOptions } = listener.config;
  const said = otherOptions.get('idle-ping')?.[0];
  if (said !== undefined) return Number(said);
  return isReversed(listener) ? listener.frontend.config.timeouts.client : 0;
}
