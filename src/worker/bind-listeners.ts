/** Binds the addresses of all proxies, once, for all data threads. */
import type { Config } from '../model/config.ts';
import { openListening } from '../net/listening-socket.ts';
import { clientSocketOptions } from '../proxy/socket-options.ts';
import type { ListenerHandover } from './orders.ts';

export type Notice = (level: 'notice' | 'warning' | 'alert', text: string) => void;

/** Descriptors by thread. All failures are reported before giving up, so that a user sees them in one run. */
export function bindListeners(
  config: Config,
  nbthread: number,
  notice: Notice,
): ListenerHandover[][] | undefined {
  const handovers: ListenerHandover[][] = Array.from({ length: nbthread + 1 }, () => []);
  const noReusePort = config.global.flags.has('noreuseport');
  let failed = false;
  for (const [proxy, section] of config.proxies.entries()) {
    if (section.disabled) continue;
    for (const [bind, settings] of section.binds.entries()) {
      const opened = openListening({ ...settings, ...clientSocketOptions(section), noReusePort }, nbthread);
      if ('message' in opened) {
        const { file, line } = settings.position;
        const kind = section.kind === 'listen' ? 'proxy' : section.kind;
        notice('alert', `Binding [${file}:${line}] for ${kind} ${section.name}: ${opened.message}`);
        failed = true;
        continue;
      }
      for (const warning of opened.warnings) notice('warning', warning);
      for (const [thread, fd] of opened.fds.entries()) handovers[thread + 1]?.push({ proxy, bind, fd });
    }
  }
  return failed ? undefined : handovers;
}
