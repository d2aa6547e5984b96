/**
 * Commands that the master carries out itself (management guide, section 9.4.1); the rest of what its admin socket
 * takes is about the connection, and stands in cli-line.ts.
 */
import { monotonicMs } from '../../base/clock.ts';
import { CONNECTION_COMMANDS } from '../../admin/commands/connection.ts';
import { PROCESS_COMMANDS, type ProcessView } from '../../admin/commands/process.ts';
import { dump, fail, type Answer, type Call, type Command } from '../../admin/command.ts';
import { versionText } from '../../base/version.ts';

interface ProcessRow {
  readonly pid: number;
  readonly reloads: number;
  readonly startedAtMs: number;
}

interface ReloadOutcome {
  readonly success: boolean;
  readonly lines: readonly string[];
}

export interface MasterView extends ProcessView {
  readonly startedAtMs: number;
  reloads(): { readonly all: number; readonly failed: number };
  /** Undefined: none serves. */
  currentWorker(): ProcessRow | undefined;
  oldWorkers(): readonly ProcessRow[];
  /** `hard`: the worker before ends at once. Undefined: another reload is under way. */
  reload(hard: boolean): Promise<ReloadOutcome> | undefined;
}

type MasterCall = Call<MasterView>;

/** `0d00h02m07s` */
function uptimeOf(startedAtMs: number): string {
  const seconds = Math.floor((monotonicMs() - startedAtMs) / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  return `${Math.floor(seconds / 86_400)}d${two(hours)}h${two(minutes)}m${two(seconds % 60)}s`;
}

function columns(...cells: readonly (string | number)[]): string {
  return cells.map(cell => String(cell).padEnd(15)).join(' ');
}

/** The version, unlike its heading, is not filled up with blanks. */
function processRow(pid: number, type: string, reloads: number | string, startedAtMs: number): string {
  return `${columns(pid, type, reloads, uptimeOf(startedAtMs))} ${versionText()}\n`;
}

function workerRow({ pid, reloads, startedAtMs }: ProcessRow): string {
  return processRow(pid, 'worker', reloads, startedAtMs);
}

function showProcesses({ args, runtime }: MasterCall): Answer {
  if (args.at(2) !== '' && args.at(2) !== 'debug')
    return fail(`'show proc' only supports 'debug' as argument`);
  const { all, failed } = runtime.reloads();
  const [current, old] = [runtime.currentWorker(), runtime.oldWorkers()];
  return dump([
    `${columns('#<PID>', '<type>', '<reloads>', '<uptime>', '<version>')}\n`,
    processRow(process.pid, 'master', `${all} [failed: ${failed}]`, runtime.startedAtMs),
    '# workers\n',
    ...(current === undefined ? [] : [workerRow(current)]),
    ...(old.length === 0 ? [] : ['# old workers\n']),
    ...old.map(workerRow),
  ]);
}

function reload(hard: boolean): (call: MasterCall) => Promise<Answer> {
  return async ({ runtime }) => {
    const { success, lines } = (await runtime.reload(hard)) ?? {
      success: false,
      lines: ['Another reload is still in progress.'],
    };
    return dump([`Success=${success ? 1 : 0}\n--\n`, ...lines.map(line => `${line}\n`)]);
  };
}

const OWN: readonly Command<MasterView>[] = [
  {
    words: 'show proc',
    args: '[debug]',
    summary: 'master and workers',
    level: 'operator',
    run: showProcesses,
  },
  { words: 'reload', summary: 'reads the configuration again', level: 'operator', run: reload(false) },
  {
    words: 'hard-reload',
    summary: 'the same, and connections to the worker before are cut',
    level: 'operator',
    run: reload(true),
  },
];

/** In the help alone: cli-line.ts takes them from the line. */
const PREFIXES: readonly Command<unknown>[] = [
  ['@<relative pid>', 'sends a command to a worker: @1'],
  ['@!<pid>', 'sends a command to the worker of this number'],
  ['@master', 'sends a command to the master'],
  ['@@<pid>', '[command...]'],
].map(([words = '', summary = '']) => ({ words, summary, level: 'user', run: () => undefined }));

/** Those of a worker's connection that a master's has too. */
const SHARED = new Set(['echo', 'quit', 'operator', 'user', 'expert-mode', 'experimental-mode']);
const SHARED_TOO = new Set(['prompt', 'set severity-output', 'show cli level']);

export const MASTER_COMMANDS: readonly Command<MasterView>[] = [
  ...CONNECTION_COMMANDS.filter(({ words }) => SHARED.has(words) || SHARED_TOO.has(words)),
  ...PROCESS_COMMANDS,
  ...OWN,
  ...PREFIXES,
];
