/** What the kernel counts for a connection (struct tcp_info), and the SYN it kept (manual, section 7.3.3). */
import { readSavedSyn, readTcpInfo } from '../../net/socket-options.ts';
import type { TcpInfo } from '../../net/socket-options.ts';
import { latin1Slice } from '../../base/latin1.ts';
import type { Arguments } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import type { FetchRow } from '../row.ts';

type FdOf = (ctx: SampleContext) => number;
type Read = (info: TcpInfo) => number;

const client: FdOf = ctx => ctx.client?.fd ?? -1;
const server: FdOf = ctx => ctx.server?.fd ?? -1;

/** A connection that is not TCP, or gone, has none. */
function counterOf(ctx: SampleContext, fdOf: FdOf, read: Read): number | undefined {
  const fd = fdOf(ctx);
  const info = fd < 0 ? undefined : readTcpInfo(fd);
  return info === undefined ? undefined : read(info);
}

/** An argument is allowed and means nothing, as in HAProxy. */
function counterRow(word: string, summary: string, read: Read): FetchRow {
  return {
    name: `fc_${word}`,
    args: ['option:str?'],
    out: 'int',
    sources: ['client address'],
    summary,
    compile: () => ctx => counterOf(ctx, client, read),
  };
}

/** In milliseconds, rounded, unless the unit says `us`. */
function timeRow(name: string, fdOf: FdOf, summary: string, read: Read): FetchRow {
  return {
    name,
    args: ['unit:str?'],
    out: 'int',
    sources: ['client address'],
    summary,
    compile: (args: Arguments) => {
      const unit = args[0]?.text ?? 'ms';
      if (unit !== 'us' && unit !== 'ms') return { error: `expects 'us' or 'ms', got '${unit}'` };
      if (unit === 'us') return ctx => counterOf(ctx, fdOf, read);
      return ctx => counterOf(ctx, fdOf, info => Math.floor((read(info) + 500) / 1000));
    },
  };
}

export const TCP_INFO_FETCHES: readonly FetchRow[] = [
  counterRow('unacked', 'segments sent to the client and not yet acknowledged', info => info.unacked),
  counterRow('sacked', 'segments the client acknowledged selectively', info => info.sacked),
  counterRow('retrans', 'segments sent to the client again', info => info.retransmits),
  counterRow('fackets', 'forward acknowledged segments of the client connection', info => info.fackets),
  counterRow('lost', 'segments lost on the way to the client', info => info.lost),
  counterRow('reordering', 'reordering measured on the client connection', info => info.reordering),
  timeRow('fc_rtt', client, 'round trip time to the client', info => info.rttUs),
  timeRow('fc_rttvar', client, 'variance of the round trip time to the client', info => info.rttVarianceUs),
  timeRow('bc_rtt', server, 'round trip time to the server', info => info.rttUs),
  timeRow('bc_rttvar', server, 'variance of the round trip time to the server', info => info.rttVarianceUs),
  {
    name: 'fc_saved_syn',
    out: 'bin',
    sources: ['client address'],
    summary: 'SYN packet of the client, kept with the bind option tcp-ss',
    compile: () => ctx => {
      const fd = client(ctx);
      const packet = fd < 0 ? undefined : readSavedSyn(fd);
      return packet === undefined ? undefined : latin1Slice(packet, 0, packet.length);
    },
  },
];
