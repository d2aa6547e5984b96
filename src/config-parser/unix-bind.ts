/** `unix-bind`: what the unix sockets of all `bind` lines begin with, and whose they are where a line says nothing. */
import type { Bind } from '../model/bind.ts';
import type { UnixBind } from '../model/global.ts';
import type { Proxy } from '../model/proxy.ts';

export function withUnixBind(proxy: Proxy, common: UnixBind): Proxy {
  if (Object.keys(common).length === 0) return proxy;
  return { ...proxy, binds: proxy.binds.map(bind => completed(bind, common)) };
}

function completed(bind: Bind, { prefix = '', ...owner }: UnixBind): Bind {
  const { address } = bind;
  if (address.kind !== 'unix') return bind;
  return { ...owner, ...bind, address: { ...address, path: prefix + address.path } };
}
