/**
 * What a command line with a configuration means: reads it, tells what is wrong, and checks, serves, or starts a master
 * that lets workers serve. main.ts loads this file while the first data thread is already loading.
 */
import { waitForReaders } from './base/standard-output.ts';
import { describeSystemError } from './base/system-error.ts';
import { noCertificates } from './certificates/certificate-store.ts';
import { writeFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Options } from './config-parser/command-line.ts';
import { renderNotice } from './config-parser/diagnostic.ts';
import type { ConfigFile } from './config-parser/file-reader.ts';
import type { DumpWishes } from './config-parser/dump-config.ts';
import { EXIT_CODE as KEEPALIVED_EXIT_CODE, isUsable } from './config-parser/keepalived/report.ts';
import { OldProcesses } from './master/old-processes.ts';
import { runMaster } from './master/run-master.ts';
import type { Config } from './model/config.ts';
import type { ProcessLogForm } from './model/notice.ts';
import type { KeepalivedConfig } from './model/keepalived.ts';
import { nextTicketKeys } from './net/tls/ticket-keys.ts';
import { bindNow } from './worker/listening/bind-listeners.ts';
import {
  configOf,
  endCheck,
  readFiles,
  refuseIdle,
  refuseUnusable,
  startupLogs,
  type Exit,
} from './worker/start/configured-files.ts';
import type { Control, ControlOptions } from './worker/control.ts';
import { runInBackground, tellStarted } from './worker/start/daemon.ts';
import { surviveFailures } from './worker/control-failures.ts';
import type { EarlySignal } from './worker/start/early-signal.ts';
import { followMaster, inherit, InheritedSockets, type InheritedSocket } from './worker/generation.ts';
import type { ThreadLauncher } from './worker/threads/launch.ts';
import { dumpFiles } from './worker/start/load-configuration.ts';
import { loadedLibraries } from './worker/process/loaded-libraries.ts';
import { ProcessLog } from './worker/process/process-log.ts';
import { mistakeInTraces } from './worker/logs/process-traces.ts';
import { exitAtOnce } from './worker/process/process-calls.ts';
import { SystemdNotify } from './worker/process/systemd-notify.ts';
import type { LimitRequest } from './worker/process/process-limits.ts';
import { RunningProgram } from './worker/running-program.ts';
import { startServing } from './worker/serving-process.ts';
import { TakenSockets } from './worker/listening/taken-sockets.ts';
import { VirtualAddresses } from './worker/virtual-addresses.ts';

const STDERR = 2;

export interface ProgramStart {
  readonly options: Options;
  readonly argv: readonly string[];
  /** In place of what the files say. */
  readonly texts: readonly ConfigFile[] | undefined;
  /** The number of the reload that a worker of a master belongs to. */
  readonly generation: number | undefined;
  readonly launcher: ThreadLauncher;
  readonly earlySignal: EarlySignal;
  readonly exit: Exit;
}

export async function runProgram(start: ProgramStart): Promise<void> {
  const { argv, generation, launcher, earlySignal } = start;
  const exit: Exit = code => {
    if (launcher.running > 0) exitAtOnce(code);
    return start.exit(code);
  };
  const environment = { ...process.env };
  if (generation === undefined) prepareProcess(start.options, exit);
  if (start.options.dumpConfig !== undefined)
    return printConfiguration(start.options, start.options.dumpConfig, exit);
  const inherited = generation === undefined ? undefined : await inherit();
  const read = await readFiles(start.options, inherited?.texts ?? start.texts);
  const { balancer, virtual, diagnostics } = read;
  const options = withQuiet(start.options, balancer?.config);
  const log = processLogOf(options, balancer?.config);
  // a worker's master has said it all
  if (generation === undefined) {
    tellIgnored(options, log);
    log.diagnostics(diagnostics, options.showDiag);
  }
  refuseUnusable(options, read, log, exit);
  if (generation === undefined) refuseTraces(options, balancer?.config, log, exit);
  if (generation === undefined) await printLists(options);
  if (balancer === undefined && virtual === undefined) exit(0);
  if (options.action.kind === 'check') endCheck(options, read, exit);
  if (virtual !== undefined && !isUsable(virtual.status)) exit(KEEPALIVED_EXIT_CODE[virtual.status]);
  if (generation === undefined) refuseIdle(options, read, log, exit);
  const loaded: Loaded = {
    config: configOf(read),
    texts: balancer?.texts ?? [],
    keepalived: virtual?.config,
    launcher,
    earlySignal,
    startupLogs: startupLogs(diagnostics),
    compiled: balancer?.compiled,
    certificates: balancer?.certificates ?? noCertificates(),
    ticketKeys: inherited?.ticketKeys ?? nextTicketKeys([]),
    hasPredecessor: (generation ?? 0) > 1 || (options.oldProcesses?.pids.length ?? 0) > 0,
    log,
    exit,
  };
  waitForReaders(false);
  if (inherited !== undefined) return serveUnderMaster(options, loaded, inherited.sockets);
  return serveOrMaster(options, loaded, argv, environment);
}

/** Before anything is read. A reload may be asked for when there is nothing to reload yet. */
function prepareProcess({ masterWorker, directory }: Options, exit: Exit): void {
  if (masterWorker) for (const signal of ['SIGUSR2', 'SIGHUP'] as const) process.on(signal, () => undefined);
  if (directory !== undefined) changeDirectory(directory, exit);
}

/** `-C` */
function changeDirectory(directory: string, exit: Exit): void {
  try {
    process.chdir(directory);
  } catch (error) {
    const what = `Could not change to directory ${directory} : ${describeSystemError(error)}`;
    process.stderr.write(renderNotice('alert', what, process.pid));
    exit(1);
  }
}

/** `quiet` in the section `global` is `-q`, unless `-V` says otherwise. */
function withQuiet(options: Options, config: Config | undefined): Options {
  const quiet = config?.global.flags.has('quiet') === true && !options.verbose;
  return quiet ? { ...options, quiet } : options;
}

/** LB_PROCESS_LOG is for what is said where `process-log` is not known: without a haproxy.cfg, or before it is read. */
function processLogOf({ quiet, action }: Options, config: Config | undefined): ProcessLog {
  const form = config?.global.processLog ?? parseForm(process.env['LB_PROCESS_LOG']);
  const log = new ProcessLog({
    form: action.kind === 'check' ? 'haproxy' : form,
    terminal: isatty(STDERR),
    write: quiet ? () => undefined : text => void process.stderr.write(text),
  });
  // once confined it cannot be loaded
  if (config?.global.chroot !== undefined) log.prepare();
  return log;
}

function parseForm(word: string | undefined): ProcessLogForm {
  return word === 'haproxy' || word === 'json' ? word : 'auto';
}

/** As a daemon or not; with a master, which gives the work to others, or alone. */
async function serveOrMaster(
  options: Options,
  loaded: Loaded,
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const { config, keepalived, launcher, earlySignal, log, exit } = loaded;
  const wantsDaemon = options.daemon || config?.global.daemon === true;
  if (wantsDaemon && !options.foreground && !options.debug) exit(await runInBackground(argv));
  const taken = config === undefined ? undefined : takeSockets(options, config, loaded);
  if (config === undefined || !(options.masterWorker || config.global.masterWorker))
    return serve(options, loaded, taken);
  launcher.discard();
  return runMaster({
    exit,
    earlySignal,
    options,
    argv,
    environment,
    configuration: { config, texts: loaded.texts },
    taken,
    keepalived,
    log,
  });
}

/** `-dC`: shows the files, and that is all. */
function printConfiguration({ files }: Options, wishes: DumpWishes, exit: Exit): void {
  const dumped = dumpFiles(files, wishes);
  if ('error' in dumped) process.stderr.write(renderNotice('alert', `config : ${dumped.error}`, process.pid));
  else process.stdout.write(dumped.text, () => exit(0));
  if ('error' in dumped) exit(1);
}

/** `-dK` and `-dL`; the program goes on. Asked for without files, words are all that is wanted. */
async function printLists(options: Options): Promise<void> {
  if (options.dumpLibraries) {
    if (!options.quiet) process.stdout.write('List of loaded object files:\n');
    process.stdout.write(loadedLibraries(options.verbose));
  }
  if (options.dumpKeywords === undefined) return;
  const { renderKeywordClasses } = await import('./worker/process/keyword-lists.ts');
  process.stdout.write(renderKeywordClasses(options.dumpKeywords));
}

/** `-dt` with a word that is none. */
function refuseTraces({ traces }: Options, config: Config | undefined, log: ProcessLog, exit: Exit): void {
  if (config === undefined) return;
  const wrong = mistakeInTraces(config, traces);
  if (wrong === undefined) return;
  log.notice('alert', `-dt: ${wrong}`);
  exit(1);
}

/** What the letters behind `-d` switch off that does not exist here. */
const WITHOUT_EFFECT = /[GITZcekpv]/;

/** Options that are read and do not do what the management guide says. */
function tellIgnored(options: Options, log: ProcessLog): void {
  const letters = [...options.debugLetters];
  const ignored = letters.filter(letter => letter === 'A' || letter === 'M').map(letter => `-d${letter}`);
  for (const option of ignored) log.notice('warning', `'${option}' is not supported yet, it is ignored.`);
  for (const letter of letters)
    if (WITHOUT_EFFECT.test(letter)) log.notice('notice', `'-d${letter}' has no effect in this program.`);
}

/** A worker process: addresses, pidfile, virtual addresses and old processes are the master's business. */
function serveUnderMaster(options: Options, loaded: Loaded, sockets: readonly InheritedSocket[]): void {
  serve(options, { ...loaded, keepalived: undefined }, new InheritedSockets(sockets));
}

/** `-x`: the listening sockets of the process before this one. */
function takeSockets(options: Options, { global }: Config, { log, exit }: Loaded): TakenSockets | undefined {
  if (options.oldSocket === undefined) return undefined;
  const taken = TakenSockets.ask(options.oldSocket);
  if (typeof taken !== 'string') return taken;
  log.notice('warning', taken);
  log.notice('alert', 'Failed to get the sockets from the old process!');
  return options.masterWorker || global.masterWorker ? undefined : exit(1);
}

interface Loaded {
  readonly config: Config | undefined;
  /** What haproxy.cfg said. */
  readonly texts: readonly ConfigFile[];
  readonly keepalived: KeepalivedConfig | undefined;
  readonly launcher: ThreadLauncher;
  readonly earlySignal: EarlySignal;
  /** What was said about both, line by line. */
  readonly startupLogs: readonly string[];
  readonly compiled: ControlOptions['compiled'];
  /** This process takes over from another one. */
  readonly hasPredecessor: boolean;
  readonly certificates: ControlOptions['certificates'];
  readonly ticketKeys: ControlOptions['ticketKeys'];
  readonly log: ProcessLog;
  readonly exit: Exit;
}

/** `given`: by a master, or by the process before. */
function serve(options: Options, loaded: Loaded, given: InheritedSockets | TakenSockets | undefined): void {
  const { config, keepalived, earlySignal, log, exit } = loaded;
  const running = new RunningProgram(exit);
  running.handleSignals();
  earlySignal.pass();
  if (keepalived !== undefined) running.virtual = prepareVirtual(options, keepalived, running, log);
  if (config !== undefined) {
    running.control = startControl(options, config, loaded, running, given);
    if (given instanceof InheritedSockets) followMaster(running.control, options.keepalivedFiles.length > 0);
    return;
  }
  // as keepalived, which needs no option for that
  running.systemd = new SystemdNotify(process.env['NOTIFY_SOCKET']);
  running.virtual?.begin();
  if (options.pidfile !== undefined) writePidfile(options.pidfile, log, exit);
  tellStarted();
}

function prepareVirtual(
  options: Options,
  { virtualServers }: KeepalivedConfig,
  running: RunningProgram,
  log: ProcessLog,
): VirtualAddresses {
  return new VirtualAddresses({
    files: options.keepalivedFiles,
    configId: options.configId,
    forwards: virtualServers.length > 0,
    notice: (level, text, about) => log.notice(level, text, about),
    diagnose: diagnostics => log.diagnostics(diagnostics, options.showDiag),
    onConfigured: refused => running.systemd?.tell(refused ? 'reload failed' : 'ready'),
    onStopped: () => running.virtualStopped(),
  });
}

function startControl(
  options: Options,
  config: Config,
  { launcher, startupLogs, compiled, certificates, ticketKeys, hasPredecessor, log, exit }: Loaded,
  running: RunningProgram,
  given: InheritedSockets | TakenSockets | undefined,
): Control {
  const hasMaster = given instanceof InheritedSockets;
  const old = new OldProcesses(options);
  const pidfile = hasMaster ? undefined : (options.pidfile ?? config.global.pidfile);
  const control = startServing({
    config,
    limits: limitsOf(options),
    open: hasMaster ? given.open : old.letGo(given?.open ?? bindNow),
    launcher,
    notice: (level, text, about) => log.notice(level, text, about),
    startupLogs,
    compiled,
    certificates,
    ticketKeys,
    hasPredecessor,
    traces: options.traces,
    onBound: () => {
      given?.done();
      if (pidfile !== undefined) writePidfile(pidfile, log, exit);
    },
    onServing: () => {
      running.serving();
      surviveFailures({
        tell: text => log.notice('alert', text, { part: 'control thread' }),
        giveUp: () => running.giveUp(),
      });
      tellStarted();
      if (!hasMaster) old.replace();
    },
    onStopped: code => void running.ended(code),
  });
  if (control !== undefined) return control;
  if (!hasMaster) {
    old.closeOpened();
    old.resume();
  }
  return exit(1);
}

/** What the command line says of limits. */
function limitsOf({ maxconn, proxyMaxconn, memoryLimitMb }: Options): LimitRequest {
  return {
    ...(maxconn !== undefined && { maxconn }),
    ...(proxyMaxconn !== undefined && { proxyMaxconn }),
    ...(memoryLimitMb !== undefined && { memoryLimitMb }),
  };
}

function writePidfile(path: string, log: ProcessLog, exit: Exit): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    log.notice('alert', `Cannot create pidfile ${path}: ${(error as Error).message}`);
    exit(1);
  }
}
