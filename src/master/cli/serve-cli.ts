/** Opens the admin sockets of the command line (`-S`) and connects them with the master and its workers. */
import { monotonicMs } from '../../base/clock.ts';
import { parseMasterSocket } from '../../config-parser/master-socket.ts';
import type { Bind } from '../../model/bind.ts';
import { socketName } from '../../worker/admin-socket.ts';
import type { Master } from '../master.ts';
import type { StartupLog } from '../startup-log.ts';
import type { WorkerProcess } from '../worker-process.ts';
import { MASTER, type FindProcess } from './cli-line.ts';
import { CliServer } from './cli-server.ts';
import type { CliTargets } from './cli-session.ts';
import type { MasterView } from './commands.ts';

interface CliParts {
  /** `-S`, as written. */
  readonly texts: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly master: Master;
  readonly log: StartupLog;
  readonly notice: (level: 'alert', text: string) => void;
}

/** False: one cannot be opened; it was reported. */
export function serveCli({ texts, environment, master, log, notice }: CliParts): boolean {
  const startedAtMs = monotonicMs();
  const binds: Bind[] = [];
  for (const text of texts) {
    const socket = parseMasterSocket(text, environment);
    if (socket.error !== undefined) {
      notice('alert', `-S '${text}' : ${socket.error}`);
      return false;
    }
    binds.push(...socket.value);
  }
  const server = new CliServer({
    view: viewOf(master, log, binds, startedAtMs),
    workers: targetsOf(master, startedAtMs),
    onBug: (command, error) =>
      notice(
        'alert',
        `master command '${command}' failed: ${error instanceof Error ? error.stack : String(error)}`,
      ),
  });
  for (const bind of binds) {
    const refused = server.listen(bind);
    if (refused === undefined) continue;
    notice('alert', `Cannot open the master's admin socket: ${refused}`);
    return false;
  }
  return true;
}

function viewOf(master: Master, log: StartupLog, binds: readonly Bind[], startedAtMs: number): MasterView {
  return {
    startedAtMs,
    sockets: binds.map(bind => ({ name: socketName(bind), level: bind.level ?? 'admin' })),
    get startupLogs() {
      return log.lines;
    },
    reloads: () => master.reloads,
    currentWorker: () => master.currentWorker,
    oldWorkers: () => master.oldWorkers,
    reload: hard => master.reloadNow(hard)?.then(success => ({ success, lines: log.lines })),
  };
}

function targetsOf(master: Master, startedAtMs: number): CliTargets {
  const workers = (): readonly WorkerProcess[] =>
    master.currentWorker === undefined ? master.oldWorkers : [master.currentWorker, ...master.oldWorkers];
  const withPid = (pid: number): WorkerProcess | undefined => workers().find(worker => worker.pid === pid);
  return {
    find: findProcess(workers),
    open: pid => withPid(pid)?.openAdmin(),
    startedAtMs: pid => (pid === MASTER ? startedAtMs : withPid(pid)?.startedAtMs),
    lastReloadFailed: () => master.reloads.failed > 0,
  };
}

/** `@`, `@master`, `@0`; `@1`: the worker that serves; `@!<pid>`: any. */
function findProcess(workers: () => readonly WorkerProcess[]): FindProcess {
  return prefix => {
    const name = prefix.slice(1);
    if (name === '' || name === 'master' || /^0+$/.test(name)) return MASTER;
    if (/^0*1$/.test(name)) return workers()[0]?.pid;
    const pid = /^!(\d+)$/.exec(name)?.[1];
    return pid === undefined ? undefined : workers().find(worker => worker.pid === Number(pid))?.pid;
  };
}
