/** Scripts of a configuration, for one thread: what they can reach of it (lua/host.ts). */
import type { CompileEnvironment } from '../../acl/environment.ts';
import { VariableStore } from '../../acl/variables.ts';
import type { LuaHost } from '../../lua/host.ts';
import { LuaProgram } from '../../lua/program.ts';
import { serverSeed } from '../../balancers/server-seed.ts';
import type { Config } from '../../model/config.ts';
import type { LogChannel, LogSink } from '../../proxy/runtime/runtime.ts';
import { planState } from '../../state/plan.ts';
import { SharedState } from '../../state/shared-state.ts';
import { ConfiguredView, type StatsView } from '../../stats/view.ts';

const DEFAULT_TAG = 'haproxy';
const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

export interface ScriptThread {
  readonly config: Config;
  /** 0: the control thread. */
  readonly thread: number;
  readonly nbthread: number;
  readonly environment: CompileEnvironment;
  /** Undefined: nothing is logged. */
  readonly logs: LogSink | undefined;
  readonly takenCommands?: ReadonlySet<string>;
  /** Undefined: it serves nothing. */
  readonly serving?: Pick<
    LuaHost,
    'variables' | 'view' | 'publish' | 'command' | 'findAddress' | 'hear' | 'takeMails'
  >;
}

/** Nobody is served: scripts see what will be, and change nothing. */
function checking(config: Config, nbthread: number): NonNullable<ScriptThread['serving']> {
  let view: StatsView | undefined;
  return {
    variables: new VariableStore(),
    get view() {
      return (view ??= viewOfStart(config, nbthread));
    },
    publish: () => undefined,
    command: () => undefined,
    findAddress: (_question, done) => done(undefined),
    hear: () => undefined,
    takeMails: () => undefined,
  };
}

/** Undefined: there is not enough memory, which the start will tell. */
function viewOfStart(config: Config, nbthread: number): StatsView | undefined {
  try {
    const state = SharedState.create(planState(config, nbthread));
    state.configure(config, serverSeed);
    return new ConfiguredView(config, state);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Undefined: the configuration loads none. */
export function loadScripts({
  config,
  thread,
  nbthread,
  environment,
  logs,
  takenCommands = new Set(),
  serving = checking(config, nbthread),
}: ScriptThread): LuaProgram | undefined {
  const { global } = config;
  if (!global.luaLines.some(({ kind }) => kind !== 'prepend-path')) return undefined;
  let channel: LogChannel | undefined;
  const host: LuaHost = {
    config,
    thread,
    environment,
    takenCommands,
    variables: serving.variables,
    get view() {
      return serving.view;
    },
    publish: serving.publish,
    command: serving.command,
    findAddress: serving.findAddress,
    hear: serving.hear,
    takeMails: serving.takeMails,
    log: (level: number, text: string): boolean => {
      if (logs === undefined || global.logs.length === 0) return false;
      channel ??= logs.channel(global.logs, global.logTag ?? DEFAULT_TAG);
      channel.write(level, text);
      return true;
    },
    print: (level: number, text: string): void => {
      process.stderr.write(`[${LEVELS[level] ?? 'info'}]  (${process.pid}) : ${text}\n`);
    },
  };
  return new LuaProgram(host, nbthread);
}
