/** `unix-bind`: what the unix sockets of all `bind` lines begin with, and whose they are where a line says nothing. */
import type { Bind } from '../model/bind.ts';
import type { UnixBind } from '../model/global.ts';

export function withUnixBind<T extends { readonly binds: readonly Bind[] }>(section: T, common: UnixBind): T {
  if (Object.keys(common).length === 0) return section;
  return { ...section, binds: section.binds.map(bind => completed(bind, common)) };
}

function completed(bind: Bind, { prefix = '', ...owner }: UnixBind): Bind {
  const { address } = bind;
  if (address.kind !== 'unix') return bind;
  return { ...owner, ...bind, address: { ...address, path: prefix + address.path } };
}
