/**
 * The door of a configuration: text into a model and diagnostics. Never throws on bad input, reports all errors
 * of a run, reads nothing but through the file reader it is given.
 */
import { hostname } from 'node:os';
import type { Config } from '../model/config.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';
import { BackendTemplates } from './backend-templates.ts';
import { createConfigDraft } from './config-draft.ts';
import type { ConfigDraft } from './config-draft.ts';
import { FATAL_ERRORS_FOUND, inOrder } from './diagnostic-order.ts';
import { Environment } from './environment.ts';
import { readConfigFile } from './file-reader.ts';
import type { ConfigFile } from './file-reader.ts';
import type { FileReader } from './line-context.ts';
import { ParserContext } from './parser-context.ts';
import { PREDEFINED_VARIABLES } from './predefined-variables.ts';
import { resolveConfig } from './resolve.ts';

/** What the command line says beside the files. */
export interface CommandLineSettings {
  /** -L; missing: the host's name. */
  readonly localpeer?: string;
  /** -dV: as `ssl-server-verify none`. */
  readonly noServerVerify?: boolean;
  /** -dR: as `noreuseport`. */
  readonly noReusePort?: boolean;
  /** -dS, -dF: as `nosplice`. */
  readonly noSplice?: boolean;
  /** -4: as `dns-accept-family ipv4`, whatever the files say. */
  readonly ipv4Only?: boolean;
}

interface ParseOptions extends CommandLineSettings {
  /** The process's environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads error pages, lists and the like; content as latin1. Relative paths are the process's. */
  readonly readFile: FileReader;
}

export interface ParseResult {
  /** Absent when there is a fatal error. */
  readonly config?: Config;
  /** For backends added at run time. */
  readonly templates?: BackendTemplates;
  /** Instead of it, to look for more mistakes in: what was understood. Absent when reading was cut short. */
  readonly faulty?: Config;
  readonly diagnostics: readonly Diagnostic[];
  /** The variables as `setenv` and its kind left them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Answers false when not everything was read. */
function readFiles(files: readonly ConfigFile[], config: ConfigDraft, context: ParserContext): boolean {
  for (const file of files) {
    const before = context.fatalCount;
    const goesOn = readConfigFile(file, config, context);
    if (context.fatalCount > before)
      context.alertAboutFile(file.path, `Error(s) found in configuration file : ${file.path}`);
    if (!goesOn) return false;
  }
  return true;
}

const IPV4_ONLY = ['dns-accept-family', 'ipv4'].map((text): Word => ({
  text,
  position: { file: '', line: 0, column: 0 },
}));

/** Reads the files in order as one configuration. */
export function parseConfig(files: readonly ConfigFile[], options: ParseOptions): ParseResult {
  const variables = new Environment({
    ...options.environment,
    ...PREDEFINED_VARIABLES,
    HAPROXY_LOCALPEER: options.localpeer ?? hostname(),
  });
  const context = new ParserContext(variables, options.readFile);
  const draft = createConfigDraft();
  context.globalTls = draft.global.ssl;
  if (options.noServerVerify === true) draft.global.ssl.set('ssl-server-verify', ['none']);
  if (options.noReusePort === true) draft.global.flags.add('noreuseport');
  if (options.noSplice === true) draft.global.flags.add('nosplice');
  const wasRead = readFiles(files, draft, context);
  context.endReading();
  if (options.ipv4Only === true) draft.global.otherLines.push(IPV4_ONLY);
  const config = wasRead ? resolveConfig(draft, context) : undefined;
  const paths = files.map(({ path }) => path);
  variables.set('HAPROXY_CFGFILES', paths.join(';'));
  const diagnostics = inOrder(context.diagnostics, paths);
  const environment = variables.toRecord();
  if (config !== undefined && context.fatalCount === 0) {
    const templates = new BackendTemplates(draft.defaults.named);
    return { config, templates, diagnostics, environment };
  }
  diagnostics.push(FATAL_ERRORS_FOUND);
  return config === undefined ? { diagnostics, environment } : { faulty: config, diagnostics, environment };
}
