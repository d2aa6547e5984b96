/** The command line. Loads what it asks for, and is the place that ends the process while no other thread runs. */
import { environmentVariable } from './base/environment-variable.ts';
import { surviveLostOutput, waitForReaders } from './base/standard-output.ts';
import { COMPATIBLE_WITH, programVersion } from './base/version.ts';
import { parseCommandLine, type Options } from './config-parser/command-line.ts';
import type { ConfigFile } from './config-parser/file-reader.ts';
import { descriptorLimit, descriptorsLeft } from './net/descriptor-limit.ts';
import { renderUsage } from './config-parser/usage.ts';
import { EarlySignal } from './worker/start/early-signal.ts';
import { takeGeneration } from './worker/generation.ts';
import { ThreadLauncher } from './worker/threads/launch.ts';

const USAGE_ERROR = 1;
const WRONG_CONDITION = 2;
/** This thread and the first data thread have so many open while both read the program. */
const FILES_TO_LOAD = 16;

async function main(argv: readonly string[]): Promise<void> {
  if (argv[0] === 'explain') return explain(argv.slice(1));
  if (argv[0] === 'haterm') return haterm(argv);
  const command = parseCommandLine(argv);
  if (command.error !== undefined) return refuse(command.error, argv);
  const options = command.value;
  switch (options.action.kind) {
    case 'help':
      return print(renderUsage('lb'));
    case 'version':
      return print(versionLine());
    case 'bare-version':
      return print(`${options.action.what === 'branch' ? COMPATIBLE_WITH : `${COMPATIBLE_WITH}.0`}\n`);
    case 'build-details':
      return buildDetails();
    case 'condition':
      return evaluate(options.action.expression);
    case 'check':
    case 'run':
      return load(options, argv);
  }
}

/** Who has said nothing yet sees all that can be said. */
function refuse(error: string, argv: readonly string[]): void {
  process.stderr.write(
    `lb: ${error}\n${argv.length === 0 ? renderUsage('lb') : "'lb -h' lists the options.\n"}`,
  );
  process.exit(USAGE_ERROR);
}

/** `lb explain`: what would become of a request. */
async function explain(argv: readonly string[]): Promise<void> {
  const coloured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const { runExplain } = await import('./worker/explain/command.ts');
  const { status, output, errors } = await runExplain(argv, coloured);
  process.stderr.write(errors);
  process.stdout.write(output, () => process.exit(status));
}

/** `lb haterm`, also as `haterm`: a frontend of mode haterm, without a file. */
async function haterm(argv: readonly string[]): Promise<void> {
  const { HATERM_USAGE, parseHatermCommand } = await import('./config-parser/haterm-command.ts');
  const command = parseHatermCommand(argv.slice(1));
  if (command.error !== undefined) {
    process.stderr.write(`haterm: ${command.error}\n${HATERM_USAGE}`);
    process.exit(USAGE_ERROR);
  }
  const { action, text, options: given, warnings } = command.value;
  if (action === 'help') return print(HATERM_USAGE);
  if (action === 'version') return print(versionLine());
  if (action === 'dump') return print(text);
  for (const warning of warnings) process.stderr.write(`haterm: ${warning}\n`);
  const options = parseCommandLine(['-f', 'haterm', ...given]).value as Options;
  return load(options, argv, [{ path: 'haterm', text }]);
}

function print(text: string): void {
  process.stdout.write(text, () => process.exit(0));
}

function versionLine(): string {
  return `lb version ${programVersion()} (HAProxy version ${COMPATIBLE_WITH}.0 compatible)\n`;
}

async function buildDetails(): Promise<void> {
  const { describeBuild } = await import('./worker/process/describe-build.ts');
  print(versionLine() + describeBuild());
}

/** `-cc`: 0 when the condition holds, 1 when not, 2 when it is wrong. */
async function evaluate(expression: string): Promise<void> {
  const { evaluateArgument } = await import('./config-parser/condition-argument.ts');
  const { renderNotice } = await import('./config-parser/diagnostic.ts');
  const { value, error } = evaluateArgument(expression, name => environmentVariable(process.env, name));
  if (error !== undefined) process.stderr.write(renderNotice('alert', `config : ${error}`, process.pid));
  process.exit(error === undefined ? (value ? 0 : 1) : WRONG_CONDITION);
}

/** The first data thread loads while the rest of the program does. `texts`: in place of what the files say. */
async function load(options: Options, argv: readonly string[], texts?: readonly ConfigFile[]): Promise<void> {
  const earlySignal = new EarlySignal();
  if (options.action.kind === 'run') earlySignal.hold();
  const generation = takeGeneration();
  const launcher = new ThreadLauncher();
  if (startsThreads(options, generation)) {
    if (!descriptorsLeft(FILES_TO_LOAD)) await refuseToLoad();
    launcher.prepare();
  }
  const { runProgram } = await import('./program.ts');
  await runProgram({
    options,
    argv,
    texts,
    generation,
    launcher,
    earlySignal,
    exit: code => process.exit(code),
  });
}

/** What goes wrong for want of a descriptor while threads load is told by nobody. */
async function refuseToLoad(): Promise<never> {
  const { renderNotice } = await import('./config-parser/diagnostic.ts');
  process.stderr.write(
    renderNotice('alert', `${descriptorLimit()} open files are too few for this program.`, process.pid),
  );
  process.exit(1);
}

function startsThreads({ action, files, daemon, masterWorker }: Options, generation?: number): boolean {
  return action.kind === 'run' && files.length > 0 && !daemon && (!masterWorker || generation !== undefined);
}

surviveLostOutput();
waitForReaders(true);
void main(process.argv.slice(2));
