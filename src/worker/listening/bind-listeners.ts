/** Binds the addresses of all proxies, once, for all data threads; or finds the sockets a master has bound. */
import { parseSize } from '../../config-parser/units.ts';
import type { Bind } from '../../model/bind.ts';
import type { Config } from '../../model/config.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { Global } from '../../model/global.ts';
import type { Notice } from '../../model/notice.ts';
import type { SocketTuning } from '../../net/socket-tuning.ts';
import type { ListenSettings } from '../../net/listen-settings.ts';
import { openListening, type Listening, type ListenFailure } from '../../net/listening-socket.ts';
import { clientSocketOptions, socketTuning } from '../../proxy/runtime/socket-options.ts';
import { numberOfLogForward } from './listening-section.ts';
import { type ListenerHandover, NO_SOCKET } from '../threads/orders.ts';

/** `nth`: how many binds with the same settings came before; below 0 for admin sockets. */
export type OpenListening = (
  settings: ListenSettings,
  nth: number,
  count: number,
) => Listening | ListenFailure;

export const bindNow: OpenListening = (settings, _nth, count) => openListening(settings, count);

/** Lines `stats socket` are numbered apart from `bind` lines, and from each other. */
export function nthAdminSocket(index: number): number {
  return -1 - index;
}

/** Listeners of `peers` sections likewise, far from those. */
export function nthPeersSection(index: number): number {
  return -100_000 - index;
}

/** The same for the same socket, in every process and after every reload. */
export function socketKey(settings: ListenSettings, nth: number): string {
  const { address, backlog, transparent, interface: device, namespace } = settings;
  const { v4v6, v6only, mode, uid, gid } = settings;
  const {
    datagram,
    deferAccept,
    tfo,
    tcpUserTimeoutMs,
    mss,
    saveSyn,
    md5Signature,
    keepAlive,
    noLinger,
    noReusePort,
    tuning,
  } = settings;
  const where = [address, backlog, transparent, device, namespace, v4v6, v6only, mode, uid, gid];
  return JSON.stringify([
    nth,
    where,
    deferAccept,
    tfo,
    tcpUserTimeoutMs,
    mss,
    saveSyn,
    md5Signature,
    keepAlive,
    noLinger,
    noReusePort,
    tuning,
    datagram,
  ]);
}

/** `tune.rcvbuf.frontend` (manual: of `log-forward` sections). */
function forwardTuning({ tune }: Global): SocketTuning {
  const [word = ''] = tune.other.get('tune.rcvbuf.frontend') ?? [];
  const receiveBuffer = parseSize(word).value || undefined;
  return receiveBuffer === undefined ? {} : { receiveBuffer };
}

/** A line of a proxy or of a `log-forward` section, and what its sockets are like. */
interface Place {
  /** As in ListenerHandover. */
  readonly proxy: number;
  readonly bind: number;
  /** For messages. */
  readonly owner: string;
  readonly position: Position;
  readonly settings: ListenSettings & Pick<Bind, 'connections'>;
  /** The threads that serve it. */
  readonly threads: readonly number[];
}

function placesOf(config: Config, nbthread: number): Place[] {
  const noReusePort = config.global.flags.has('noreuseport');
  const all = Array.from({ length: nbthread }, (_, index) => index + 1);
  const { proxies, logForwards } = config;
  const places = proxies.flatMap((section, proxy) =>
    section.disabled
      ? []
      : section.binds.map((line, bind) => ({
          proxy,
          bind,
          owner: `${section.kind === 'listen' ? 'proxy' : section.kind} ${section.name}`,
          position: line.position,
          settings: {
            ...line,
            ...clientSocketOptions(section),
            noReusePort,
            tuning: socketTuning(config.global.tune, 'client', line.otherOptions) ?? {},
          },
          threads: line.threads === undefined ? all : all.filter(one => line.threads?.includes(one)),
        })),
  );
  const forwarding = logForwards.flatMap(({ name, binds }, index) =>
    binds.map((line, bind) => ({
      proxy: numberOfLogForward(index),
      bind,
      owner: `log-forward ${name}`,
      position: line.position,
      settings: { ...line, noReusePort, tuning: forwardTuning(config.global) },
      threads: [(index % nbthread) + 1],
    })),
  );
  return [...places, ...forwarding];
}

/** How many of `nbconn` connections each thread makes. */
function sharesOf(connections: number, threads: readonly number[]): Map<number, number> {
  const shares = new Map<number, number>();
  for (let index = 0; index < connections; index++) {
    const thread = threads[index % threads.length] as number;
    shares.set(thread, (shares.get(thread) ?? 0) + 1);
  }
  return shares;
}

/** Open one after another; those with the same settings are told apart by their number among them. */
function numbered(open: OpenListening): (place: Place) => Listening | ListenFailure {
  const seen = new Map<string, number>();
  return ({ settings, threads }) => {
    const key = socketKey(settings, 0);
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    return open(settings, nth, threads.length);
  };
}

/** What each of its threads has to listen with, or why nobody can. */
function handoversOf(
  place: Place,
  open: (place: Place) => Listening | ListenFailure,
  notice: Notice,
): readonly (readonly [thread: number, ListenerHandover])[] | string {
  const { proxy, bind, settings, threads } = place;
  if (threads.length === 0) return `'thread' names none of the threads`;
  if (settings.address.kind === 'reverse')
    return [...sharesOf(settings.connections ?? 1, threads)].map(([thread, connections]) => [
      thread,
      { proxy, bind, fd: NO_SOCKET, connections },
    ]);
  const opened = open(place);
  if ('message' in opened) return opened.message;
  for (const warning of opened.warnings) notice('warning', warning);
  return opened.fds.map((fd, index) => [threads[index % threads.length] as number, { proxy, bind, fd }]);
}

/** Descriptors by thread. All failures are reported before giving up, so that a user sees them in one run. */
export function bindListeners(
  config: Config,
  nbthread: number,
  notice: Notice,
  open: OpenListening = bindNow,
): ListenerHandover[][] | undefined {
  const handovers: ListenerHandover[][] = Array.from({ length: nbthread + 1 }, () => []);
  const openNext = numbered(open);
  let failed = false;
  for (const place of placesOf(config, nbthread)) {
    const found = handoversOf(place, openNext, notice);
    if (typeof found === 'string') {
      const { owner, position } = place;
      notice('alert', `Binding [${position.file}:${position.line}] for ${owner}: ${found}`);
      failed = true;
    } else for (const [thread, handover] of found) handovers[thread]?.push(handover);
  }
  return failed ? undefined : handovers;
}
