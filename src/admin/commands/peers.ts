/**
 * `show peers [dict|-] [section]` (management manual): sections, their peers, and how far each table was told. Fields
 * about machinery this runtime does not have (addresses of memory, tasks) stand as numbers of the same form.
 */
import type { PeersAtWork } from '../../peers/section.ts';
import { SESSION_STATE } from '../../peers/peer-session.ts';
import { NEVER, type RemotePeer, type Talk } from '../../peers/remote-peer.ts';
import type { SharedTable } from '../../peers/shared-table.ts';
import { STATUS } from '../../peers/wire.ts';
import { monotonicMs } from '../../base/clock.ts';
import type { Address } from '../../model/address.ts';
import { dump, fail, type Command } from '../command.ts';
import { humanTime, logDate } from './session-lines.ts';

const STATUS_NAMES: Readonly<Record<number, string>> = {
  [STATUS.connecting]: 'CONN',
  [STATUS.handshake]: 'HSHK',
  [STATUS.success]: 'ESTA',
  [STATUS.tryAgain]: 'RETR',
  [STATUS.protocolError]: 'PROT',
  [STATUS.badVersion]: 'VERS',
  [STATUS.localMismatch]: 'NAME',
  [STATUS.remoteMismatch]: 'UNKN',
};

/** Behind "local finished" (1) and "remote finished" (2). */
const ASSIGNED = 0x4;
const RESYNC = { local: 0, remote: 1, finished: 3 } as const;

const PEER_FLAGS = {
  teaching: 0x1,
  taught: 0x2,
  teachComplete: 0x4,
  notUpToDate: 0x8,
  alive: 0x20,
  speaksOld: 0x80,
  wasAsked: 0x100000,
} as const;

/** Both stages of a lesson on a table are over. */
const TAUGHT_TABLE = 0x3;

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}

/** A moment to come. */
function until(moment: number, nowMs: number): string {
  if (moment === NEVER) return '<NEVER>';
  return moment <= nowMs ? '<PAST>' : humanTime(moment - nowMs);
}

function head({ settings, startedAt, resync, assigned, events, resyncUntil, turns }: PeersAtWork): string {
  const date = logDate(startedAt.getTime()).replace(/\..*/, '');
  const flags = hex((RESYNC[resync] | (assigned ? ASSIGNED : 0) | events) >>> 0);
  const timeout = until(resyncUntil, monotonicMs());
  return `${hex(settings.position.line)}: [${date}] id=${settings.name} disabled=0 flags=${flags} resync_timeout=${timeout} task_calls=${turns}\n`;
}

function addressOf(address: Address): string {
  switch (address.kind) {
    case 'ip':
    case 'name':
      return `${address.host}:${address.port}`;
    case 'unix':
      return `unix:0`;
    default:
      return `:0`;
  }
}

function flagsOf(peer: RemotePeer): number {
  return Object.entries(PEER_FLAGS).reduce(
    (flags, [name, flag]) => (peer[name as keyof typeof PEER_FLAGS] ? flags | flag : flags),
    0,
  );
}

function* lines(section: PeersAtWork, peer: RemotePeer, withNames: boolean): Generator<string> {
  const nowMs = monotonicMs();
  const { settings, session, counts } = peer;
  const { local, server, name } = settings;
  const address = addressOf(
    local && section.settings.bind !== undefined ? section.settings.bind.address : server.address,
  );
  const isTalking = session?.state === SESSION_STATE.messages;
  const handshake = peer.lastHandshakeAt === NEVER ? '<NEVER>' : humanTime(nowMs - peer.lastHandshakeAt);
  yield (
    `  ${hex(server.position.line)}: id=${name}(${local ? 'local' : 'remote'},${session === undefined ? 'inactive' : 'active'})` +
    ` addr=${address} app_state=${isTalking ? 'RUNNING' : 'STOPPED'} learn_state=${peer.learnState}` +
    ` last_status=${STATUS_NAMES[peer.status] ?? 'NONE'} last_hdshk=${handshake}\n`
  );
  yield (
    `        reconnect=${until(peer.reconnectAt, nowMs)} heartbeat=${until(peer.heartbeatAt, nowMs)}` +
    ` confirm=${peer.confirmations} tx_hbt=${counts.sentHeartbeats} rx_hbt=${counts.heardHeartbeats}` +
    ` no_hbt=${counts.missedHeartbeats} new_conn=${counts.connections} proto_err=${counts.protocolErrors}` +
    ` coll=${counts.collisions}\n`
  );
  yield `        flags=${hex(flagsOf(peer))}${session === undefined ? '' : sessionText(session)}`;
  yield* tableLines(peer, withNames);
  yield '\n';
}

function sessionText(session: Talk): string {
  const { socket, state, status, turns } = session;
  const layer = 'encrypted' in socket ? 'SSL' : 'RAW';
  const from = socket.localAddress === undefined ? 'unix:1' : `${socket.remoteAddress}:${socket.remotePort}`;
  const to = socket.localAddress === undefined ? 'unix:1' : `${socket.localAddress}:${socket.localPort}`;
  const way = session.outgoing ? '' : `\n        xprt=${layer} src=${from} addr=${to}`;
  return ` appctx:0x1 st0=${state} st1=${status} task_calls=${turns} state=EST${way}`;
}

function* tableLines(peer: RemotePeer, withNames: boolean): Generator<string> {
  const { tables, session } = peer;
  const { heard, told } = session?.tables ?? {};
  if (heard !== undefined) yield tableInUse('remote_table', heard);
  if (told !== undefined) yield tableInUse('last_local_table', told);
  if (tables.length === 0) return;
  yield '\n        shared tables:';
  for (const table of tables.toReversed()) {
    yield tableText(table);
    if (withNames) yield* names(peer);
    else yield '\n        Dictionary cache not dumped (use "show peers dict")';
  }
}

function tableInUse(what: string, { taught, remoteId }: SharedTable): string {
  return `\n        ${what}:${hex(taught.id)} id=${taught.table.settings.name} local_id=${taught.id} remote_id=${remoteId}`;
}

function tableText(shared: SharedTable): string {
  const { taught, table, lastUpdate } = shared;
  return (
    `\n          ${hex(taught.id)} local_id=${taught.id} remote_id=${shared.remoteId}` +
    ` flags=${hex(shared.isTaught ? TAUGHT_TABLE : 0)} remote_data=${hex(shared.remoteTypes)}` +
    `\n              last_acked=${shared.lastAcked} last_pushed=${shared.lastPushed} last_get=${shared.lastGet}` +
    ` teaching_origin=${shared.teachingOrigin} update=${shared.update}` +
    `\n              table:${hex(taught.id)} id=${table.settings.name} update=${lastUpdate} localupdate=${lastUpdate} refcnt=0`
  );
}

function* names({ sentNames, heardNames }: RemotePeer): Generator<string> {
  const known = sentNames.names.map((name = '-', index) => `  ${String(index).padStart(3)} -> ${name}`);
  yield `\n        TX dictionary cache:${inFours(known)}`;
  const heard = heardNames.names.map((name = '-', index) => `  ${String(index).padStart(3)} -> ${name}`);
  yield `\n        RX dictionary cache:${inFours(heard)}`;
}

function inFours(items: readonly string[]): string {
  return items.map((item, index) => (index % 4 === 0 ? `\n        ${item}` : item)).join('');
}

function* all(sections: readonly PeersAtWork[], withNames: boolean): Generator<string> {
  for (const [index, section] of sections.entries()) {
    yield (index === 0 ? '' : '\n') + head(section);
    for (const peer of section.peers.toReversed()) yield* lines(section, peer, withNames);
  }
}

export const PEERS_COMMANDS: readonly Command[] = [
  {
    words: 'show peers',
    args: '[dict|-] [section]',
    summary: 'peers and what they were told',
    level: 'user',
    run: ({ args, runtime }) => {
      const first = args.at(2);
      const withNames = first === 'dict';
      const name = withNames || first === '-' ? args.at(3) : first;
      // the last section comes first, as HAProxy has it
      const sections = runtime.peers().toReversed();
      if (name === '') return dump(all(sections, withNames));
      const section = sections.find(({ settings }) => settings.name === name);
      return section === undefined ? fail('No such peers') : dump(all([section], withNames));
    },
  },
];
