/** `send-proxy`, `send-proxy-v2`: what a server is told of the client before anything else. */
import type { SendProxy } from '../model/server.ts';
import { buildLocal, buildProxyV1, buildProxyV2 } from '../net/proxy-protocol/build.ts';
import type { Transaction } from './transaction.ts';

export function proxyHeaderFor(settings: SendProxy, transaction: Transaction): Buffer {
  const { source, destination } = transaction.client;
  if (source.family === 0 || destination.family === 0) return buildLocal(settings.version);
  if (settings.version === 1) return buildProxyV1(source, destination);
  const { options } = settings;
  const uniqueId = options.includes('unique-id') ? transaction.uniqueId : undefined;
  const authority = options.includes('authority') ? transaction.client.proxyProtocol?.authority : undefined;
  return buildProxyV2({
    source,
    destination,
    crc32c: options.includes('crc32c'),
    ...(uniqueId !== undefined && { uniqueId }),
    ...(authority !== undefined && { authority }),
  });
}
