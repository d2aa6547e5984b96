/** From file names to a configuration that can serve, or to all that is wrong with it. */
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { COMMANDS } from '../../admin/table.ts';
import { describeSystemError } from '../../base/system-error.ts';
import { checkAcmeSections } from '../../config-parser/acme-sections.ts';
import { dumpConfig, type DumpWishes } from '../../config-parser/dump-config.ts';
import type { ConfigFile } from '../../config-parser/file-reader.ts';
import { loadFiles, type ConfigFileSystem, type LoadedFiles } from '../../config-parser/load-files.ts';
import { hasFatal } from '../../config-parser/diagnostic.ts';
import {
  FATAL_ERRORS_FOUND,
  inOrder,
  isNewMistake,
  linesWithMistakes,
} from '../../config-parser/diagnostic-order.ts';
import { parseConfig, type CommandLineSettings, type ParseResult } from '../../config-parser/parse.ts';
import { PREDEFINED_VARIABLES } from '../../config-parser/predefined-variables.ts';
import type { CertificateStore } from '../../certificates/certificate-store.ts';
import { currentFiles } from '../../certificates/current-files.ts';
import { loadCertificates } from '../../certificates/load-certificates.ts';
import { checkServerSettings, withoutUnusableTls } from '../../certificates/server-settings.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { compileAll, type CompiledOnce } from '../../proxy/runtime/check-rules.ts';
import { changeEnvironment } from '../process/environment.ts';
import { checkAccounts } from '../acme/acme-accounts.ts';
import { checkTlsListeners } from './check-tls-listeners.ts';
import { checkNamespaces } from '../listening/network-namespaces.ts';
import { checkHealthChecks } from './check-health-checks.ts';
import { checkTraces } from '../logs/process-traces.ts';
import { checkHttpClient } from './check-http-client.ts';
import { checkListenerThreads } from './check-listener-threads.ts';
import { initialMethods } from '../names/init-addr.ts';
import { loadProviders } from './load-providers.ts';
import { resolveNames } from './resolve-names.ts';
import { loadScripts } from '../scripts/scripts.ts';
import { checkSystemNameservers } from '../names/system-nameservers.ts';
import { threadCount } from '../threads/thread-count.ts';
import { ServerStates } from '../servers/server-states.ts';

interface LoadedConfiguration {
  /** Undefined when it must not be used. */
  readonly config: Config | undefined;
  /** What its files said. */
  readonly texts?: readonly ConfigFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** Its pattern lists, and the files they came from. */
  readonly compiled?: CompiledOnce;
  readonly certificates?: CertificateStore;
}

interface LoadSettings extends CommandLineSettings {
  /** -dr: servers whose names cannot be resolved start without an address. */
  readonly ignoreUnresolvable?: boolean;
  /** Of the files, when somebody has read them before; they may say something else by now. */
  readonly texts?: readonly ConfigFile[] | undefined;
}

export async function loadConfiguration(
  paths: readonly string[],
  settings: LoadSettings = {},
): Promise<LoadedConfiguration> {
  const loaded: LoadedFiles =
    settings.texts === undefined ? loadFiles(paths, DISK) : { files: settings.texts };
  if (loaded.error !== undefined) return { config: undefined, diagnostics: [aboutAll(loaded.error)] };
  if (loaded.files.length === 0) {
    const what = `No configuration file (*.cfg) found in ${paths.join(', ')}`;
    return { config: undefined, diagnostics: [aboutAll(what)] };
  }
  startedWith ??= { ...process.env };
  const parsed = parseConfig(loaded.files, {
    ...settings,
    environment: startedWith,
    readFile: readText,
  });
  changeEnvironment(parsed.environment);
  const understood = parsed.config ?? parsed.faulty;
  if (understood === undefined) return { config: undefined, diagnostics: parsed.diagnostics };
  const config = settings.ignoreUnresolvable === true ? mayBeUnresolved(understood) : understood;
  const checked = await checkMeaning(config, parsed.templates);
  const diagnostics = inOrder(
    addMistakes(parsed, checked.diagnostics),
    loaded.files.map(({ path }) => path),
  );
  if (!hasFatal(diagnostics)) return { ...checked, texts: loaded.files, diagnostics };
  return { config: undefined, diagnostics: [...diagnostics, FATAL_ERRORS_FOUND] };
}

/** What rules, expressions, checks and names mean. */
async function checkMeaning(
  config: Config,
  templates: ParseResult['templates'],
): Promise<Required<Omit<LoadedConfiguration, 'texts'>> & { config: Config }> {
  const providerMistakes = loadProviders(config);
  const serverStates = new ServerStates(config);
  const resolved = await resolveNames(config, serverStates);
  const nbthread = threadCount(resolved.config, () => undefined);
  const compiled = compileAll(resolved.config, templates, environment =>
    loadScripts({
      config: resolved.config,
      thread: 0,
      nbthread,
      environment,
      logs: undefined,
      takenCommands: new Set(COMMANDS.map(({ words }) => words)),
    }),
  );
  const certificates = loadCertificates(resolved.config, compiled.namedCertificates);
  const diagnostics = [
    ...providerMistakes,
    ...compiled.diagnostics,
    ...certificates.diagnostics,
    ...checkAcmeSections(resolved.config),
    ...checkAccounts(resolved.config, certificates.store),
    ...checkTlsListeners(resolved.config, certificates.store.material()),
    ...checkServerSettings(resolved.config, currentFiles(certificates.store)),
    ...checkHealthChecks(resolved.config),
    ...checkTraces(resolved.config),
    ...checkHttpClient(resolved.config),
    ...checkListenerThreads(resolved.config, nbthread),
    ...checkNamespaces(resolved.config),
    ...checkSystemNameservers(resolved.config),
    ...serverStates.diagnostics,
    ...resolved.diagnostics,
  ];
  const usable = withoutUnusableTls(resolved.config, currentFiles(certificates.store));
  return { config: usable, compiled, certificates: certificates.store, diagnostics };
}

/** Behind what the parser said, without its last line. */
function addMistakes(
  { config, diagnostics }: ParseResult,
  found: readonly Diagnostic[],
): readonly Diagnostic[] {
  const said = diagnostics.filter(one => one !== FATAL_ERRORS_FOUND);
  if (config !== undefined) return [...said, ...found];
  const lines = linesWithMistakes(said);
  return [...said, ...found.filter(one => isNewMistake(one, lines))];
}

/** Each server's list of methods to find its address ends with `none`. */
function mayBeUnresolved(config: Config): Config {
  const proxies = config.proxies.map(proxy => ({
    ...proxy,
    servers: proxy.servers.map(server => ({ ...server, initAddr: [...initialMethods(server), 'none'] })),
  }));
  return { ...config, proxies };
}

/** The files as they are read, for `-dC`; or why they cannot be. */
export function dumpFiles(
  paths: readonly string[],
  wishes: DumpWishes,
): { text: string } | { error: string } {
  const loaded = loadFiles(paths, DISK);
  if (loaded.error !== undefined) return { error: loaded.error };
  return { text: dumpConfig(loaded.files, wishes, { ...process.env, ...PREDEFINED_VARIABLES }) };
}

/** What `setenv` and its kind did to an earlier configuration does not count for the next. */
let startedWith: Readonly<NodeJS.ProcessEnv> | undefined;

function aboutAll(message: string): Diagnostic {
  return { severity: 'alert', position: { file: '', line: 0, column: 0 }, message };
}

function attempt<T>(read: () => T): T | { readonly error: string } {
  try {
    return read();
  } catch (error) {
    return { error: describeSystemError(error) };
  }
}

function readText(path: string): { readonly text: string } | { readonly error: string } {
  return attempt(() => {
    if (statSync(path).isFile()) return { text: readFileSync(path, 'latin1') };
    return readStream(path) ?? { error: `too large, more than ${MOST_STREAM_BYTES / 2 ** 20} MB` };
  });
}

/** Something without a size: a pipe, a device. Some never end. */
const MOST_STREAM_BYTES = 10 * 2 ** 20;

function readStream(path: string): { readonly text: string } | undefined {
  const fd = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let length = 0; length <= MOST_STREAM_BYTES;) {
      const chunk = Buffer.alloc(65_536);
      const taken = readSync(fd, chunk);
      if (taken === 0) return { text: Buffer.concat(chunks).toString('latin1') };
      chunks.push(chunk.subarray(0, taken));
      length += taken;
    }
    return undefined;
  } finally {
    closeSync(fd);
  }
}

const DISK: ConfigFileSystem = {
  kindOf: path => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : stats.isDirectory() ? 'directory' : 'file';
  },
  list: folder => attempt(() => readdirSync(folder)),
  read: readText,
};
