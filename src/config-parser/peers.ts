/** `peers` sections, from what was read of them to what they mean; those without a place for this node are left out. */
import type { Global } from '../model/global.ts';
import type { Peer, PeersSection } from '../model/peers.ts';
import type { Server } from '../model/server.ts';
import type { PeersDraft } from './haproxy/peers-section.ts';
import { finishServer } from './haproxy/server-finish.ts';
import { refuseUnverifiable } from './haproxy/server-tls.ts';
import type { FinishFacts } from './haproxy/report.ts';
import type { ParserContext } from './parser-context.ts';
import { unheededOptions } from './unheeded-options.ts';
import { withUnixBind } from './unix-bind.ts';

export function finishPeers(
  drafts: readonly PeersDraft[],
  facts: FinishFacts,
  context: ParserContext,
): readonly PeersSection[] {
  const local = context.variables.lookup('HAPROXY_LOCALPEER') ?? '';
  return drafts.flatMap(draft => (draft.disabled ? [] : finishSection(draft, local, facts, context)));
}

function finishSection(
  draft: PeersDraft,
  local: string,
  facts: FinishFacts,
  context: ParserContext,
): PeersSection[] {
  const { name, position, shards, logs, logGlobal } = draft;
  const isComplete = draft.peers.some(line => line.name.text === local && line.server !== undefined);
  if (!isComplete) {
    context.warn(position, `Removing incomplete section 'peers ${name}' (no peer named '${local}').`);
    return [];
  }
  const peers = draft.peers.flatMap(({ name: { text }, server }, index): Peer[] => {
    if (server === undefined) return [];
    if (server.useSsl) refuseUnverifiable(`peers section '${name}'`, server, facts.global, context);
    const finished = finishServer(server, index + 1, facts);
    const isLocal = text === local;
    for (const option of unheededOptions(finished))
      context.warn(
        finished.position,
        `Peers section '${name}': '${option}' of '${text}' has no effect, it is ignored.`,
      );
    return [
      { name: text, local: isLocal, server: finished, shard: shardOf(draft, finished, isLocal, context) },
    ];
  });
  const { binds } = withUnixBind(
    { binds: draft.bind === undefined ? [] : [{ ...draft.bind, id: 1 }] },
    facts.global.unixBind,
  );
  warnOfHalfTls(draft, peers, context);
  const [bind] = binds;
  return [{ name, position, ...(bind !== undefined && { bind }), peers, shards, logs, logGlobal }];
}

function shardOf(
  { name: section, shards }: PeersDraft,
  { name, position, otherOptions }: Server,
  isLocal: boolean,
  context: ParserContext,
): number {
  const shard = Number(otherOptions.get('shard')?.[0] ?? 0);
  if (shard === 0) return 0;
  if (!isLocal && shard <= shards) return shard;
  const why = isLocal
    ? ''
    : ` because ${shard} is greater than the number of shards in the section (${shards})`;
  context.warn(
    position,
    `Peers section '${section}': shard ignored for '${name}' ${isLocal ? 'local ' : ''}peer${why}`,
  );
  return 0;
}

function warnOfHalfTls({ name, bind }: PeersDraft, peers: readonly Peer[], context: ParserContext): void {
  const local = peers.find(peer => peer.local);
  if (
    local === undefined ||
    bind === undefined ||
    (local.server.ssl !== undefined) === (bind.ssl !== undefined)
  )
    return;
  const [listener, server] = bind.ssl === undefined ? ['non-SSL', 'SSL'] : ['SSL', 'non-SSL'];
  const what = `Peers section '${name}': local peer have a ${listener} listener and a ${server} server configured.`;
  context.warn(local.server.position, what);
}

/** `tune.peers.max-updates-at-once` */
export function mostUpdatesAtOnce({ tune }: Global): number {
  const [word] = tune.other.get('tune.peers.max-updates-at-once') ?? [];
  return word === undefined ? 200 : Math.max(1, Number(word));
}
