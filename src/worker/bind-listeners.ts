/** Binds the addresses of all proxies, once, for all data threads; or finds the sockets a master has bound. */
import { parseSize } from '../config-parser/units.ts';
import type { Bind } from '../model/bind.ts';
import type { Config } from '../model/config.ts';
import type { Global } from '../model/global.ts';
import type { SocketTuning } from '../net/socket-options.ts';
import {
  openListening,
  type Listening,
  type ListenFailure,
  type ListenSettings,
} from '../net/listening-socket.ts';
import { clientSocketOptions } from '../proxy/socket-options.ts';
import type { ListenerHandover } from './orders.ts';

export type Notice = (level: 'notice' | 'warning' | 'alert', text: string) => void;

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

/** The same for the same socket, in every process and after every reload. */
export function socketKey(settings: ListenSettings, nth: number): string {
  const { address, backlog, transparent, interface: device, v4v6, v6only, mode, uid, gid } = settings;
  const { deferAccept, tfo, tcpUserTimeoutMs, mss, saveSyn, keepAlive, noLinger, noReusePort, tuning } =
    settings;
  const where = [address, backlog, transparent, device, v4v6, v6only, mode, uid, gid];
  return JSON.stringify([
    nth,
    where,
    deferAccept,
    tfo,
    tcpUserTimeoutMs,
    mss,
    saveSyn,
    keepAlive,
    noLinger,
    noReusePort,
    tuning,
  ]);
}

/** `tune.rcvbuf.client` and its like, `cc` of the line. */
function clientTuning({ tune }: Global, { otherOptions }: Bind): SocketTuning {
  const number = (name: string): number | undefined => {
    const [word = ''] = tune.other.get(`tune.${name}.client`) ?? [];
    return parseSize(word).value || undefined;
  };
  const [receiveBuffer, sendBuffer, notSentLowat] = ['rcvbuf', 'sndbuf', 'notsent-lowat'].map(number);
  const [congestion] = otherOptions.get('cc') ?? [];
  return {
    ...(receiveBuffer !== undefined && { receiveBuffer }),
    ...(sendBuffer !== undefined && { sendBuffer }),
    ...(notSentLowat !== undefined && { notSentLowat }),
    ...(congestion !== undefined && { congestion }),
  };
}

/** Descriptors by thread. All failures are reported before giving up, so that a user sees them in one run. */
export function bindListeners(
  config: Config,
  nbthread: number,
  notice: Notice,
  open: OpenListening = bindNow,
): ListenerHandover[][] | undefined {
  const handovers: ListenerHandover[][] = Array.from({ length: nbthread + 1 }, () => []);
  const seen = new Map<string, number>();
  const noReusePort = config.global.flags.has('noreuseport');
  let failed = false;
  for (const [proxy, section] of config.proxies.entries()) {
    if (section.disabled) continue;
    for (const [bind, line] of section.binds.entries()) {
      const tuning = clientTuning(config.global, line);
      const settings = { ...line, ...clientSocketOptions(section), noReusePort, tuning };
      const plainKey = socketKey(settings, 0);
      const nth = seen.get(plainKey) ?? 0;
      seen.set(plainKey, nth + 1);
      const opened = open(settings, nth, nbthread);
      if ('message' in opened) {
        const { file, line: number } = line.position;
        const kind = section.kind === 'listen' ? 'proxy' : section.kind;
        notice('alert', `Binding [${file}:${number}] for ${kind} ${section.name}: ${opened.message}`);
        failed = true;
        continue;
      }
      for (const warning of opened.warnings) notice('warning', warning);
      for (const [index, fd] of opened.fds.entries())
        handovers[(index % nbthread) + 1]?.push({ proxy, bind, fd });
    }
  }
  return failed ? undefined : handovers;
}
