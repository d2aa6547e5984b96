/** The master process as main.ts runs it: its signals, its pidfile, systemd, and virtual addresses beside the workers. */
import { writeFileSync } from 'node:fs';
import { hasFatal, renderDiagnostics, renderNotice } from '../config-parser/diagnostic.ts';
import type { Options } from '../config-parser/command-line.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { Notice } from '../model/notice.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';
import { bindNow } from '../worker/listening/bind-listeners.ts';
import { holdCapabilities } from '../worker/process/capabilities.ts';
import { configOf, readFiles } from '../worker/start/configured-files.ts';
import { tellStarted } from '../worker/start/daemon.ts';
import type { EarlySignal } from '../worker/start/early-signal.ts';
import type { ProcessLog } from '../worker/process/process-log.ts';
import type { TakenSockets } from '../worker/listening/taken-sockets.ts';
import { VirtualAddresses } from '../worker/virtual-addresses.ts';
import { serveCli } from './cli/serve-cli.ts';
import { Master, type MasterConfiguration } from './master.ts';
import { OldProcesses } from './old-processes.ts';
import { StartupLog } from './startup-log.ts';
import { SystemdNotify } from '../worker/process/systemd-notify.ts';

interface MasterStart {
  readonly options: Options;
  readonly argv: readonly string[];
  /** As it was before the configuration was read. */
  readonly environment: NodeJS.ProcessEnv;
  /** What was read, and found good, already. */
  readonly configuration: MasterConfiguration;
  /** Sockets of a process before this one. */
  readonly taken: TakenSockets | undefined;
  /** Virtual addresses are wanted too. */
  readonly keepalived: KeepalivedConfig | undefined;
  readonly earlySignal: EarlySignal;
  readonly exit: (code: number) => void;
  readonly log: ProcessLog;
}

/** A stop that has given addresses away waits so long for requests in flight. */
const REQUESTS_IN_FLIGHT_MS = 2000;

export async function runMaster(start: MasterStart): Promise<void> {
  const { options, argv, environment } = start;
  const log = new StartupLog();
  const notice: Notice = (level, text) => {
    log.add(renderNotice(level, text, process.pid));
    start.log.notice(level, text);
  };
  // it binds for its workers, which tell what they cannot hold
  holdCapabilities(start.configuration.config.global);
  const virtual = start.keepalived === undefined ? undefined : prepareVirtual(start, start.keepalived);
  const old = new OldProcesses(options);
  let report: BalancerReport | undefined;
  const master = new Master({
    argv,
    environment,
    openNew: old.letGo(start.taken?.open ?? bindNow),
    load: configurations(start, log),
    notice,
    systemd: new SystemdNotify(options.systemd ? environment['NOTIFY_SOCKET'] : undefined),
    onReload: () => log.begin(),
    onServing: config => {
      start.taken?.done();
      writePidfile(options.pidfile ?? config.global.pidfile, notice);
      old.replace();
      tellStarted();
    },
    onReport: latest => {
      const isFirst = report === undefined;
      report = latest;
      if (isFirst)
        virtual?.begin({
          report: () => report as BalancerReport,
          showVrrp: snapshot => master.showVrrp(snapshot),
        });
    },
    onWorks: () => virtual?.pulse(),
    onStopped: code => void (virtual?.stop() ?? Promise.resolve()).then(() => start.exit(code)),
  });
  if (!serveCli({ texts: options.masterSockets, environment, master, log, notice })) start.exit(1);
  handleSignals(master, virtual);
  start.earlySignal.pass();
  if (await master.start()) return;
  old.resume();
  start.exit(1);
}

/** The configuration that was read at the start, and then what the files say each time. */
function configurations(
  { options, configuration, log: processLog }: MasterStart,
  log: StartupLog,
): () => Promise<MasterConfiguration | undefined> {
  let first: MasterConfiguration | undefined = configuration;
  return async () => {
    if (first !== undefined) {
      const read = first;
      first = undefined;
      return read;
    }
    const read = await readFiles(options);
    const config = configOf(read);
    // without haproxy.cfg there would be no master
    const loaded = read.balancer as NonNullable<typeof read.balancer>;
    log.add(renderDiagnostics(loaded.diagnostics, { pid: process.pid, showDiag: options.showDiag }));
    processLog.diagnostics(loaded.diagnostics, options.showDiag);
    const warned = loaded.diagnostics.some(({ severity }) => severity === 'warning');
    const strict = options.warningsAreFatal || loaded.config?.global.flags.has('zero-warning') === true;
    if (config === undefined || hasFatal(loaded.diagnostics) || (warned && strict)) return undefined;
    return { config, texts: loaded.texts ?? [] };
  };
}

/** Early: their process has to have the rights of the start. */
function prepareVirtual(
  { options, log }: MasterStart,
  { virtualServers }: KeepalivedConfig,
): VirtualAddresses {
  return new VirtualAddresses({
    files: options.keepalivedFiles,
    configId: options.configId,
    forwards: virtualServers.length > 0,
    notice: (level, text, about) => log.notice(level, text, about),
    diagnose: diagnostics => log.diagnostics(diagnostics, options.showDiag),
    onStopped: () => undefined,
  });
}

/** Management guide, section 4; virtual addresses go elsewhere before anything stops. */
function handleSignals(master: Master, virtual: VirtualAddresses | undefined): void {
  const reload = (): void => {
    virtual?.reload();
    void master.reload();
  };
  process.on('SIGUSR2', reload);
  process.on('SIGHUP', reload);
  // of no meaning to a master, as to HAProxy's, and no end
  process.on('SIGQUIT', () => undefined);
  process.on('SIGTERM', () => void stop(master, virtual));
  process.on('SIGINT', () => {
    master.interrupted();
    void stop(master, virtual);
  });
  process.on('SIGTTOU', () => master.broadcast('SIGTTOU'));
  process.on('SIGTTIN', () => master.broadcast('SIGTTIN'));
  process.on('SIGUSR1', () => {
    void (virtual?.handOver('stopping') ?? Promise.resolve()).then(() => master.stop('SIGUSR1'));
  });
}

async function stop(master: Master, virtual: VirtualAddresses | undefined): Promise<void> {
  const held = virtual !== undefined && !master.stopping && (await virtual.handOver('stopping'));
  if (!held) return master.stop('SIGTERM');
  master.stop('SIGUSR1');
  setTimeout(() => master.stop('SIGTERM'), REQUESTS_IN_FLIGHT_MS).unref();
}

function writePidfile(path: string | undefined, notice: (level: 'alert', text: string) => void): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    notice('alert', `Cannot create pidfile ${path}: ${(error as Error).message}`);
  }
}
