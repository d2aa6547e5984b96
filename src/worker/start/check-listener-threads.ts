/** `bind ... thread` (manual, section 5.1): a listener that no thread may accept for would leave its clients waiting. */
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';

export function checkListenerThreads(config: Config, threadCount: number): readonly Diagnostic[] {
  return config.proxies
    .filter(({ disabled }) => !disabled)
    .flatMap(({ name, binds }) =>
      binds
        .filter(({ threads }) => threads?.every(thread => thread > threadCount) === true)
        .map(({ position, written }): Diagnostic => {
          const what = `Proxy '${name}': 'thread' directive of 'bind ${written}' contains no thread that is started`;
          const message = `${what}: they are numbered from 1 to ${threadCount}, and all of group 1.`;
          return { severity: 'alert', position, message };
        }),
    );
}
