/** The command line: checks a configuration, or serves it. The only place that ends the process. */
import { writeFileSync } from 'node:fs';
import { COMPATIBLE_WITH, programVersion } from './base/version.ts';
import { parseCommandLine, renderUsage, type Options } from './config-parser/command-line.ts';
import { evaluateConditional } from './config-parser/conditional.ts';
import { renderDiagnostics } from './config-parser/diagnostic.ts';
import { EXIT_CODE as KEEPALIVED_EXIT_CODE } from './config-parser/keepalived/report.ts';
import type { KeepalivedResult } from './config-parser/keepalived/parse.ts';
import type { Config } from './model/config.ts';
import type { Diagnostic } from './model/diagnostic.ts';
import type { KeepalivedConfig } from './model/keepalived.ts';
import { readKeepalived } from './vrrp/read-config.ts';
import type { Control, ControlOptions } from './worker/control.ts';
import { runMaster } from './master/run-master.ts';
import { replaceOldProcesses } from './master/old-processes.ts';
import { runInBackground, tellStarted } from './worker/daemon.ts';
import { describeBuild } from './worker/describe-build.ts';
import { ThreadLauncher } from './worker/launch.ts';
import { runExplain } from './worker/explain/command.ts';
import { followMaster, InheritedSockets, inheritedSockets, takeGeneration } from './worker/generation.ts';
import { loadConfiguration } from './worker/load-configuration.ts';
import type { LimitRequest } from './worker/process-limits.ts';
import { RunningProgram } from './worker/running-program.ts';
import { startServing } from './worker/serving-process.ts';
import { VirtualAddresses } from './worker/virtual-addresses.ts';
import { withVirtualBinds } from './worker/virtual-binds.ts';

const USAGE_ERROR = 1;

async function main(argv: readonly string[]): Promise<void> {
  if (argv[0] === 'explain') return explain(argv.slice(1));
  const command = parseCommandLine(argv);
  if (command.error !== undefined) {
    process.stderr.write(`lb: ${command.error}\n${renderUsage('lb')}`);
    process.exit(USAGE_ERROR);
  }
  const options = command.value;
  switch (options.action.kind) {
    case 'help':
      process.stderr.write(renderUsage('lb'));
      return process.exit(0);
    case 'version':
      return print(versionLine());
    case 'bare-version':
      return print(`${options.action.what === 'branch' ? COMPATIBLE_WITH : `${COMPATIBLE_WITH}.0`}\n`);
    case 'build-details':
      return print(versionLine() + describeBuild());
    case 'condition':
      return evaluate(options.action.expression);
    case 'check':
    case 'run':
      return load(options, argv);
  }
}

/** `lb explain`: what would become of a request. */
async function explain(argv: readonly string[]): Promise<void> {
  const coloured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const { status, output, errors } = await runExplain(argv, coloured);
  process.stderr.write(errors);
  process.stdout.write(output, () => process.exit(status));
}

function print(text: string): void {
  process.stdout.write(text, () => process.exit(0));
}

function versionLine(): string {
  return `lb version ${programVersion()} (HAProxy version ${COMPATIBLE_WITH}.0 compatible)\n`;
}

/** `-cc`: 0 when the condition holds, 1 when not or when it is wrong. */
function evaluate(expression: string): void {
  const evaluation = evaluateConditional(expression, name => process.env[name]);
  if (evaluation.error !== undefined) process.stderr.write(`lb: ${evaluation.error}\n`);
  process.exit(evaluation.value === true ? 0 : 1);
}

async function load(options: Options, argv: readonly string[]): Promise<void> {
  const generation = takeGeneration();
  if (generation === undefined) tellIgnored(options);
  // a reload asked for before there is anything to reload
  if (options.masterWorker && generation === undefined) process.on('SIGUSR2', () => undefined);
  const environment = { ...process.env };
  if (options.directory !== undefined && generation === undefined) process.chdir(options.directory);
  const launcher = new ThreadLauncher();
  if (startsThreads(options, generation)) launcher.prepare();
  const balancer = options.files.length === 0 ? undefined : await loadConfiguration(options.files);
  const virtual = options.keepalivedFiles.length === 0 ? undefined : readVirtual(options);
  const diagnostics = [...(balancer?.diagnostics ?? []), ...(virtual?.diagnostics ?? [])];
  // the master has said it all
  if (generation === undefined) show(options, diagnostics);
  const warned = diagnostics.some(({ severity }) => severity === 'warning');
  if (balancer !== undefined && balancer.config === undefined) process.exit(1);
  if (warned && options.warningsAreFatal) process.exit(1);
  if (warned && balancer?.config?.global.flags.has('zero-warning') === true) {
    notice(options, 'alert', "Some warnings were found and 'zero-warning' is set. Aborting.");
    process.exit(1);
  }
  if (options.action.kind === 'check') {
    if (!options.quiet)
      process.stdout.write(warned ? 'Warnings were found.\n' : 'Configuration file is valid\n');
    process.exit(virtual === undefined ? 0 : KEEPALIVED_EXIT_CODE[virtual.status]);
  }
  if (virtual?.status === 'unusable') process.exit(KEEPALIVED_EXIT_CODE.unusable);
  const config =
    balancer?.config === undefined || virtual === undefined
      ? balancer?.config
      : withVirtualBinds(balancer.config, virtual.config);
  const loaded = {
    config,
    keepalived: virtual?.config,
    launcher,
    startupLogs: startupLogs(diagnostics),
    compiled: balancer?.compiled,
  };
  if (generation !== undefined) return serveUnderMaster(options, loaded);
  const wantsDaemon = options.daemon || config?.global.daemon === true;
  if (wantsDaemon && !options.foreground && !options.debug) process.exit(await runInBackground(argv));
  if (config === undefined || !(options.masterWorker || config.global.masterWorker))
    return serve(options, loaded, undefined);
  launcher.discard();
  return runMaster({
    exit: code => process.exit(code),
    options,
    argv,
    environment,
    config,
    withVirtual: virtual !== undefined,
    notice,
    show,
  });
}

/** Options that are read and do not do yet what the management guide says. */
function tellIgnored(options: Options): void {
  const ignored = [
    ...(options.masterSockets.length > 0 ? ['-S'] : []),
    ...(options.oldSocket === undefined ? [] : ['-x']),
    ...(options.localpeer === undefined ? [] : ['-L']),
    ...(options.dumpKeywords === undefined ? [] : ['-dK']),
    ...(options.dumpConfig === undefined ? [] : ['-dC']),
    ...(options.dumpLibraries ? ['-dL'] : []),
    ...(options.traces.length > 0 ? ['-dt'] : []),
  ];
  for (const option of ignored)
    notice(options, 'warning', `'${option}' is not supported yet, it is ignored.`);
}

function startsThreads({ action, files, daemon, masterWorker }: Options, generation?: number): boolean {
  return action.kind === 'run' && files.length > 0 && !daemon && (!masterWorker || generation !== undefined);
}

/** A worker process: addresses, pidfile, virtual addresses and old processes are the master's business. */
async function serveUnderMaster(options: Options, loaded: Loaded): Promise<void> {
  const sockets = new InheritedSockets(await inheritedSockets());
  serve(options, { ...loaded, keepalived: undefined }, sockets);
}

function startupLogs(diagnostics: readonly Diagnostic[]): readonly string[] {
  const text = renderDiagnostics(diagnostics, { pid: process.pid, showDiag: false });
  return text.split('\n').filter(line => line !== '');
}

function readVirtual({ keepalivedFiles, configId }: Options): KeepalivedResult {
  return readKeepalived(keepalivedFiles, configId);
}

function show(options: Options, diagnostics: readonly Diagnostic[]): void {
  if (options.quiet) return;
  process.stderr.write(renderDiagnostics(diagnostics, { pid: process.pid, showDiag: options.showDiag }));
}

interface Loaded {
  readonly config: Config | undefined;
  readonly keepalived: KeepalivedConfig | undefined;
  readonly launcher: ThreadLauncher;
  /** What was said about both, line by line. */
  readonly startupLogs: readonly string[];
  readonly compiled: ControlOptions['compiled'];
}

function serve(options: Options, loaded: Loaded, inherited: InheritedSockets | undefined): void {
  const { config, keepalived } = loaded;
  const running = new RunningProgram(code => process.exit(code));
  running.handleSignals();
  if (keepalived !== undefined) running.virtual = prepareVirtual(options, running);
  if (config !== undefined) {
    running.control = startControl(options, config, loaded, running, inherited);
    if (inherited !== undefined) followMaster(running.control, options.keepalivedFiles.length > 0);
    return;
  }
  running.virtual?.begin();
  if (options.pidfile !== undefined) writePidfile(options.pidfile, options);
  tellStarted();
}

function prepareVirtual(options: Options, running: RunningProgram): VirtualAddresses {
  return new VirtualAddresses({
    files: options.keepalivedFiles,
    configId: options.configId,
    notice: (level, text) => notice(options, level, text),
    diagnose: diagnostics => show(options, diagnostics),
    onStopped: () => running.virtualStopped(),
  });
}

function startControl(
  options: Options,
  config: Config,
  { launcher, startupLogs, compiled }: Loaded,
  running: RunningProgram,
  inherited: InheritedSockets | undefined,
): Control {
  const pidfile = inherited === undefined ? (options.pidfile ?? config.global.pidfile) : undefined;
  const control = startServing({
    config,
    limits: limitsOf(options),
    open: inherited?.open,
    launcher,
    notice: (level, text) => notice(options, level, text),
    startupLogs,
    compiled,
    onBound: () => {
      inherited?.done();
      if (pidfile !== undefined) writePidfile(pidfile, options);
    },
    onServing: () => {
      running.serving();
      tellStarted();
      if (inherited === undefined) replaceOldProcesses(options);
    },
    onStopped: code => void running.ended(code),
  });
  if (control === undefined) process.exit(1);
  return control;
}

/** What the command line says of limits. */
function limitsOf({ maxconn, proxyMaxconn, memoryLimitMb }: Options): LimitRequest {
  return {
    ...(maxconn !== undefined && { maxconn }),
    ...(proxyMaxconn !== undefined && { proxyMaxconn }),
    ...(memoryLimitMb !== undefined && { memoryLimitMb }),
  };
}

function writePidfile(path: string, options: Options): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    notice(options, 'alert', `Cannot create pidfile ${path}: ${(error as Error).message}`);
    process.exit(1);
  }
}

const LABELS = { notice: '[NOTICE]  ', warning: '[WARNING] ', alert: '[ALERT]   ' } as const;

function notice(options: Options, level: 'notice' | 'warning' | 'alert', text: string): void {
  if (!options.quiet) process.stderr.write(`${LABELS[level]} (${process.pid}) : ${text}\n`);
}

await main(process.argv.slice(2));
