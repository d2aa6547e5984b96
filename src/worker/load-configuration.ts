/** From file names to a configuration that can serve, or to all that is wrong with it. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { loadFiles, type ConfigFileSystem } from '../config-parser/load-files.ts';
import { hasFatal } from '../config-parser/diagnostic.ts';
import { parseConfig } from '../config-parser/parse.ts';
import type { Config } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { compileAll, type CompiledOnce } from '../proxy/check-rules.ts';
import { checkHealthChecks } from './check-health-checks.ts';
import { resolveNames } from './resolve-names.ts';
import { ServerStates } from './server-states.ts';

export interface LoadedConfiguration {
  /** Undefined when it must not be used. */
  readonly config: Config | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Its pattern lists, and the files they came from. */
  readonly compiled?: CompiledOnce;
}

export async function loadConfiguration(paths: readonly string[]): Promise<LoadedConfiguration> {
  const loaded = loadFiles(paths, DISK);
  if (loaded.error !== undefined) return { config: undefined, diagnostics: [aboutAll(loaded.error)] };
  startedWith ??= { ...process.env };
  const parsed = parseConfig(loaded.files, { environment: startedWith, readFile: readText });
  changeEnvironment(parsed.environment);
  if (parsed.config === undefined) return { config: undefined, diagnostics: parsed.diagnostics };
  const serverStates = new ServerStates(parsed.config);
  const resolved = await resolveNames(parsed.config, serverStates);
  const compiled = compileAll(resolved.config);
  const diagnostics = [
    ...parsed.diagnostics,
    ...compiled.diagnostics,
    ...checkHealthChecks(resolved.config),
    ...serverStates.diagnostics,
    ...resolved.diagnostics,
  ];
  if (!hasFatal(diagnostics)) return { config: resolved.config, diagnostics, compiled };
  return {
    config: undefined,
    diagnostics: [...diagnostics, aboutAll('Fatal errors found in configuration.')],
  };
}

/** What `setenv` and its kind did to an earlier configuration does not count for the next. */
let startedWith: Readonly<NodeJS.ProcessEnv> | undefined;

/** For the sample `env` and for programs that are started. */
function changeEnvironment(wanted: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) if (wanted[name] === undefined) delete process.env[name];
  Object.assign(process.env, wanted);
}

function aboutAll(message: string): Diagnostic {
  return { severity: 'alert', position: { file: '', line: 0, column: 0 }, message };
}

function attempt<T>(read: () => T): T | { readonly error: string } {
  try {
    return read();
  } catch (error) {
    return { error: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

function readText(path: string): { readonly text: string } | { readonly error: string } {
  return attempt(() => ({ text: readFileSync(path, 'latin1') }));
}

const DISK: ConfigFileSystem = {
  kindOf: path => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : stats.isDirectory() ? 'directory' : 'file';
  },
  list: folder => attempt(() => readdirSync(folder)),
  read: readText,
};
