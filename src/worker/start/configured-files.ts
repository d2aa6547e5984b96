/**
 * What the files of a command line say together, haproxy.cfg and keepalived.conf, and whether that can be served: it ends
 * the process where it cannot, and behind a check (`-c`). Called by program.ts.
 */
import { loadSettings, type Options } from '../../config-parser/command-line.ts';
import { renderDiagnostics } from '../../config-parser/diagnostic.ts';
import type { ConfigFile } from '../../config-parser/file-reader.ts';
import type { KeepalivedResult } from '../../config-parser/keepalived/parse.ts';
import { EXIT_CODE as KEEPALIVED_EXIT_CODE, isUsable } from '../../config-parser/keepalived/report.ts';
import { notForwarded } from '../../l4/not-forwarded.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { readFirstKeepalived } from '../../vrrp/read-config.ts';
import { loadConfiguration } from './load-configuration.ts';
import type { ProcessLog } from '../process/process-log.ts';
import { withVirtualBinds } from '../listening/virtual-binds.ts';

/** Ends the process. */
export type Exit = (code: number) => never;

/** What all files say together. */
interface ReadFiles {
  readonly balancer: Awaited<ReturnType<typeof loadConfiguration>> | undefined;
  readonly virtual: KeepalivedResult | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** `texts`: what haproxy.cfg has said to the master of this worker. */
export async function readFiles(options: Options, texts?: readonly ConfigFile[]): Promise<ReadFiles> {
  const { files, keepalivedFiles, configId } = options;
  const settings = { ...loadSettings(options), texts };
  const balancer = files.length === 0 ? undefined : await loadConfiguration(files, settings);
  const virtual = keepalivedFiles.length === 0 ? undefined : readFirstKeepalived(keepalivedFiles, configId);
  return {
    balancer,
    virtual,
    diagnostics: [
      ...(balancer?.diagnostics ?? []),
      ...(virtual === undefined ? [] : [...virtual.diagnostics, ...notForwarded(virtual.config)]),
    ],
  };
}

/** Ends the program when there is nothing it could serve, or when it was told not to accept warnings. */
export function refuseUnusable(
  options: Options,
  { balancer, diagnostics }: ReadFiles,
  log: ProcessLog,
  exit: Exit,
): void {
  if (balancer !== undefined && balancer.config === undefined) exit(1);
  const hasMaster = options.masterWorker || balancer?.config?.global.masterWorker === true;
  if (options.masterSockets.length > 0 && !hasMaster) {
    log.notice('alert', 'a master CLI socket was defined, but master-worker mode (-W) is not enabled.');
    exit(1);
  }
  if (!hasWarning(diagnostics)) return;
  if (!options.warningsAreFatal && balancer?.config?.global.flags.has('zero-warning') !== true) return;
  log.notice('alert', "config : Some warnings were found and 'zero-warning' is set. Aborting.");
  exit(1);
}

/** A program that would wait for nobody is not started, but under a master, whose next worker may have listeners. */
export function refuseIdle(
  options: Options,
  { balancer, virtual }: ReadFiles,
  log: ProcessLog,
  exit: Exit,
): void {
  const config = balancer?.config;
  if (config === undefined || virtual !== undefined) return;
  if (options.masterWorker || config.global.masterWorker || !isIdle(config)) return;
  log.notice('alert', "No enabled listener found (check for 'bind' directives) ! Exiting.");
  exit(1);
}

/** Alerts after which loading goes on are none, as in HAProxy. */
function hasWarning(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'warning');
}

const NO_LISTENER = 'Configuration file has no error but will not start (no listener) => exit(2).\n';

/** `-c`: files without a mistake. */
export function endCheck({ quiet, verbose }: Options, read: ReadFiles, exit: Exit): never {
  const { balancer, virtual, diagnostics } = read;
  const say = (text: string): void => void (quiet || process.stdout.write(text));
  // an instance that is left out is told of by an alert
  const warned = hasWarning(diagnostics) || (virtual !== undefined && virtual.missesInstances);
  if (warned) say('Warnings were found.\n');
  if (virtual === undefined && balancer?.config !== undefined && isIdle(balancer.config)) {
    say(NO_LISTENER);
    exit(2);
  }
  const canRun = virtual === undefined || isUsable(virtual.status);
  if (canRun && (!warned || verbose)) say('Configuration file is valid\n');
  return exit(virtual === undefined ? 0 : KEEPALIVED_EXIT_CODE[virtual.status]);
}

/** There is nothing to wait for, not even an administrator. */
function isIdle(config: Config): boolean {
  return config.global.statsSockets.length === 0 && !hasListener(config);
}

/** Something clients, or other nodes, can connect to. */
export function hasListener({ proxies, logForwards, peers }: Config): boolean {
  return (
    proxies.some(({ disabled, binds }) => !disabled && binds.length > 0) ||
    logForwards.some(({ binds }) => binds.length > 0) ||
    peers.length > 0
  );
}

export function configOf({ balancer, virtual }: ReadFiles): Config | undefined {
  const config = balancer?.config;
  return config === undefined || virtual === undefined ? config : withVirtualBinds(config, virtual.config);
}

export function startupLogs(diagnostics: readonly Diagnostic[]): readonly string[] {
  const text = renderDiagnostics(diagnostics, { pid: process.pid, showDiag: false });
  return text.split('\n').filter(line => line !== '');
}
