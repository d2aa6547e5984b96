/** What samples may know of a proxy. */
import type { ProxyFacts } from '../../acl/context.ts';
import type { Proxy } from '../../model/proxy.ts';

export function proxyFacts(proxy: Proxy): ProxyFacts {
  const { client, server, connect, queue, tunnel, tarpit } = proxy.timeouts;
  const timeouts = {
    client,
    server,
    connect,
    tunnel,
    queue: queue === 0 ? connect : queue,
    tarpit: tarpit === 0 ? connect : tarpit,
  };
  return { name: proxy.name, id: proxy.id, defaultBackend: proxy.defaultBackend?.text, timeouts };
}
