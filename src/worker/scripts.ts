/** Scripts of a configuration, for one thread: what they can reach of it (lua/host.ts). */
import type { CompileEnvironment } from '../acl/environment.ts';
import { VariableStore } from '../acl/variables.ts';
import type { LuaHost } from '../lua/host.ts';
import { LuaProgram } from '../lua/program.ts';
import type { Config } from '../model/config.ts';
import type { LogChannel, LogSink } from '../proxy/runtime.ts';

const DEFAULT_TAG = 'haproxy';
const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

interface ScriptThread {
  readonly config: Config;
  /** 0: the control thread. */
  readonly thread: number;
  readonly nbthread: number;
  readonly environment: CompileEnvironment;
  /** Undefined: nothing is logged. */
  readonly logs: LogSink | undefined;
  /** Undefined: it serves nothing. */
  readonly serving?: Pick<LuaHost, 'variables' | 'view' | 'publish'>;
}

/** Undefined: the configuration loads none. */
export function loadScripts({
  config,
  thread,
  nbthread,
  environment,
  logs,
  serving = { variables: new VariableStore(), view: undefined, publish: () => undefined },
}: ScriptThread): LuaProgram | undefined {
  const { global } = config;
  if (!global.luaLines.some(({ kind }) => kind !== 'prepend-path')) return undefined;
  let channel: LogChannel | undefined;
  const host: LuaHost = {
    config,
    thread,
    environment,
    ...serving,
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
