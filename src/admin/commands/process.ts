/** Commands about the process: version, environment, its admin sockets, what it said at start. */
import { environmentVariable } from '../../base/environment-variable.ts';
import { dump, fail, say, type Answer, type Call, type Command } from '../command.ts';
import { versionText } from '../../base/version.ts';
import { ASK_FOR_SOCKETS } from '../../net/listener-exchange.ts';
import { passSockets } from '../pass-sockets.ts';
import type { AdminRuntime } from '../runtime.ts';

/** What a master has too. */
export type ProcessView = Pick<AdminRuntime, 'sockets' | 'startupLogs'>;
type ProcessCall = Call<ProcessView>;

function showEnvironment({ args }: ProcessCall): Answer {
  const name = args.at(2);
  if (name === '') return dump(Object.entries(process.env).map(([key, value]) => `${key}=${value ?? ''}\n`));
  const value = environmentVariable(process.env, name);
  return value === undefined ? fail('Variable not found') : dump([`${name}=${value}\n`]);
}

function showSockets({ runtime }: ProcessCall): Answer {
  const lines = runtime.sockets.map(({ name, level }) => `${name} ${level} all\n`);
  return dump(['# socket lvl processes\n', ...lines]);
}

function showStartupLogs({ runtime }: ProcessCall): Answer {
  const { startupLogs } = runtime;
  return startupLogs.length === 0 ? say('') : dump(startupLogs.map(line => `${line}\n`));
}

/** For a new process that is to take over (management guide, `-x`). */
export const PASS_SOCKETS: Command = {
  words: ASK_FOR_SOCKETS,
  summary: 'hands listening sockets to a new process',
  level: 'user',
  hidden: true,
  run: ({ runtime, session }) => ({
    converse: async socket => {
      const sockets = session.exposesListeners ? runtime.listeningSockets() : [];
      const failure = await passSockets(socket, sockets);
      if (failure !== undefined) runtime.warn(`_getsocks: ${failure}`);
    },
  }),
};

export const PROCESS_COMMANDS: readonly Command<ProcessView>[] = [
  {
    words: 'show version',
    summary: 'version of this process',
    level: 'user',
    run: () => say(versionText()),
  },
  {
    words: 'show env',
    args: '[var]',
    summary: 'environment variables of the process',
    level: 'operator',
    run: showEnvironment,
  },
  { words: 'show cli sockets', summary: 'admin sockets and their levels', level: 'user', run: showSockets },
  {
    words: 'show startup-logs',
    summary: 'warnings and alerts of the start',
    level: 'operator',
    run: showStartupLogs,
  },
];
