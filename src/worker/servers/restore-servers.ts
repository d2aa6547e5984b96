/** Gives all servers the states that state files say, before anything is served (worker/servers/server-states.ts). */
import type { Config } from '../../model/config.ts';
import type { StatePlan } from '../../state/plan.ts';
import { restoreServer } from '../../state/restore-server.ts';
import type { ServerWriter } from '../../state/server-writer.ts';
import { ServerStates } from './server-states.ts';

/** What is wrong with the files was told when the configuration was loaded. */
export function restoreServers(config: Config, plan: StatePlan, writer: ServerWriter): void {
  const states = new ServerStates(config);
  for (const [index, { name, servers }] of config.proxies.entries())
    for (const [at, server] of servers.entries()) {
      const values = states.of(name, server.name);
      const row = (plan.firstServer[index] as number) + at;
      if (values !== undefined) restoreServer(writer, row, server, values);
    }
}
