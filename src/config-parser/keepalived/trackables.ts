/** Blocks that define what can be tracked: `vrrp_script`, `track_file`, `vrrp_track_process`; and link damping. */
import type {
  GarpGroup,
  InterfaceDelay,
  TrackFile,
  VrrpScript,
  VrrpTrackProcess,
} from '../../model/keepalived.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import type { Statement } from './block.ts';
import { KeywordTable } from './keyword.ts';
import type { Scope } from './scope.ts';
import {
  accountOf,
  blockOf,
  escapedWords,
  integerOf,
  listOf,
  readInteger,
  readScript,
  readSeconds,
  secondsOf,
} from './values.ts';
import { flagRow, integerRow, secondsRow } from './value-rows.ts';
import { weight, type Weighted } from './weight-row.ts';

interface ScriptDraft extends Weighted {
  script?: ScriptCommand;
  account: { user?: string; group?: string };
  intervalMs: number;
  timeoutMs?: number;
  rise: number;
  fall: number;
  initFail: boolean;
}

/** Seconds between runs, and for one. */
const RUN_SECONDS = [0.01, 86_400 * 365] as const;
const COUNT = [1, 1 << 30] as const;

export const VRRP_SCRIPT = new KeywordTable<ScriptDraft>('vrrp_script', [
  {
    name: 'script',
    args: '<command>',
    least: 1,
    summary: 'program to run',
    parse: (draft, statement, scope) => {
      const command = readScript(statement, scope, true);
      if (command !== undefined) draft.script = command;
    },
  },
  secondsRow('interval', 'intervalMs', RUN_SECONDS, 'period between runs'),
  secondsRow('timeout', 'timeoutMs', RUN_SECONDS, 'run time limit'),
  weight(253),
  integerRow('rise', 'rise', COUNT, 'successes before OK', '<n>'),
  integerRow('fall', 'fall', COUNT, 'failures before KO', '<n>'),
  {
    name: 'user',
    args: 'user [[:]group]',
    least: 1,
    summary: 'account running it',
    parse: (draft, { words }) => void (draft.account = accountOf(words.map(word => word.text))),
  },
  flagRow('init_fail', 'initFail', 'assume failing at start'),
]);

export function parseVrrpScript(name: string, statement: Statement, scope: Scope): VrrpScript | undefined {
  const draft: ScriptDraft = {
    weight: 0,
    reverse: false,
    account: {},
    intervalMs: 1000,
    rise: 1,
    fall: 1,
    initFail: false,
  };
  VRRP_SCRIPT.read(draft, blockOf(statement, scope), scope);
  const { script, account, timeoutMs, ...rest } = draft;
  if (script === undefined) {
    scope.report.warn(statement.position, `No script set for vrrp_script ${name} - removing`);
    return undefined;
  }
  return {
    name,
    position: statement.position,
    ...rest,
    script: { ...script, ...account },
    timeoutMs: timeoutMs ?? draft.intervalMs,
  };
}

interface ProcessDraft extends Weighted {
  process: string[];
  paramMatch?: 'exact' | 'initial' | 'partial';
  fullCommand: boolean;
  quorum: number;
  quorumMax: number;
  forkDelayMs: number;
  terminateDelayMs: number;
}

/** The manual says 1, the program has always had 0: a process that is missing is a fault. */
const PROCESS_WEIGHT = 0;
const DELAY_SECONDS = [0.000_001, 3600] as const;

export const VRRP_TRACK_PROCESS = new KeywordTable<ProcessDraft>('vrrp_track_process', [
  {
    name: 'process',
    args: '<command> [<param>...]',
    least: 1,
    summary: 'process to look for',
    parse: (draft, statement, scope) => {
      if (draft.process.length > 0) return sayFirstCounts(statement, scope);
      draft.process = escapedWords(statement.raw, statement.position, scope) ?? [];
      if (draft.process.length > 1) compareParameters(draft, draft.paramMatch ?? 'exact');
    },
  },
  {
    name: 'param_match',
    args: '[initial|partial]',
    summary: 'parameter comparison kind',
    parse: (draft, { words }, scope) => {
      const [word] = words;
      if (word === undefined) compareParameters(draft, 'exact');
      else if (word.text === 'initial' || word.text === 'partial') compareParameters(draft, word.text);
      else scope.report.warn(word.position, `Unknown param_match '${word.text}'`);
    },
  },
  weight(254, PROCESS_WEIGHT),
  integerRow('quorum', 'quorum', [1, 65_535], 'fewest matching processes', '<n>'),
  {
    name: 'quorum_max',
    args: '<n>',
    least: 1,
    summary: 'most matching processes',
    parse: (draft, statement, scope) => {
      draft.quorumMax = readInteger(statement, scope, 0, 65_535) ?? draft.quorumMax;
      if (draft.quorumMax === 0) draft.quorum = 0;
    },
  },
  {
    name: 'delay',
    args: '<secs>',
    least: 1,
    summary: 'both fork and terminate delay',
    parse: (draft, statement, scope) => {
      const value = readSeconds(statement, scope, ...DELAY_SECONDS);
      if (value !== undefined) draft.forkDelayMs = draft.terminateDelayMs = value;
    },
  },
  secondsRow('terminate_delay', 'terminateDelayMs', DELAY_SECONDS, 'grace after process loss'),
  secondsRow('fork_delay', 'forkDelayMs', DELAY_SECONDS, 'grace after process start'),
  flagRow('full_command', 'fullCommand', 'compare the whole command line'),
]);

function sayFirstCounts({ name, raw, position }: Statement, { report }: Scope): void {
  report.warn(position, `${name} has been said before - ignoring ${raw}`);
}

/** The name is then compared with the command line too. */
function compareParameters(draft: ProcessDraft, how: 'exact' | 'initial' | 'partial'): void {
  draft.paramMatch = how;
  draft.fullCommand = true;
}

export function parseTrackProcess(
  name: string,
  statement: Statement,
  scope: Scope,
): VrrpTrackProcess | undefined {
  const draft: ProcessDraft = {
    weight: PROCESS_WEIGHT,
    reverse: false,
    process: [],
    fullCommand: false,
    quorum: 1,
    quorumMax: Infinity,
    forkDelayMs: 0,
    terminateDelayMs: 0,
  };
  VRRP_TRACK_PROCESS.read(draft, blockOf(statement, scope), scope);
  if (draft.process.length === 0) {
    scope.report.warn(statement.position, `No process set for vrrp_track_process ${name} - removing`);
    return undefined;
  }
  return { name, position: statement.position, ...draft };
}

const MOST_FILE_WEIGHT = 254;
/** Unless said. */
const FILE_WEIGHT = 1;

interface FileDraft extends Weighted {
  file?: string;
  initFile?: { value: number; overwrite: boolean };
}

export const TRACK_FILE = new KeywordTable<FileDraft>('track_file', [
  {
    name: 'file',
    args: '<PATH>',
    least: 1,
    summary: 'file to read',
    parse: (draft, statement, scope) => {
      if (draft.file === undefined) draft.file = statement.words[0]?.text ?? '';
      else sayFirstCounts(statement, scope);
    },
  },
  weight(MOST_FILE_WEIGHT, FILE_WEIGHT),
  {
    name: 'init_file',
    args: '[<value>] [overwrite]',
    summary: 'create the file at start',
    parse: (draft, statement, scope) => {
      const { words, name } = statement;
      const first = words[0];
      const value =
        first === undefined || first.text === 'overwrite'
          ? 0
          : integerOf(first, name, scope, -2_147_483_647, 2_147_483_647);
      if (value !== undefined && Math.abs(value) > MOST_FILE_WEIGHT)
        scope.report.warn(statement.position, `${name} ${value} is far out of the range of priorities`);
      draft.initFile = { value: value ?? 0, overwrite: words.some(word => word.text === 'overwrite') };
    },
  },
]);

export function parseTrackFile(name: string, statement: Statement, scope: Scope): TrackFile | undefined {
  const draft: FileDraft = { weight: FILE_WEIGHT, reverse: false };
  TRACK_FILE.read(draft, blockOf(statement, scope), scope);
  const { file, initFile, ...rest } = draft;
  if (file === undefined) {
    scope.report.warn(statement.position, `No file set for track_file ${name} - removing`);
    return undefined;
  }
  return {
    name,
    position: statement.position,
    file,
    ...rest,
    ...(initFile === undefined ? {} : { initFile }),
  };
}

interface GarpGroupDraft {
  interfaces: string[];
  garpIntervalMs: number;
  gnaIntervalMs: number;
}

export const GARP_GROUP = new KeywordTable<GarpGroupDraft>('garp_group', [
  {
    name: 'garp_interval',
    args: '<secs>',
    least: 1,
    summary: 'gap between ARP announcements',
    parse: (draft, statement, scope) =>
      void (draft.garpIntervalMs = readSeconds(statement, scope, 0, 4294) ?? 0),
  },
  {
    name: 'gna_interval',
    args: '<secs>',
    least: 1,
    summary: 'gap between neighbour announcements',
    parse: (draft, statement, scope) =>
      void (draft.gnaIntervalMs = readSeconds(statement, scope, 0, 4294) ?? 0),
  },
  {
    name: 'interface',
    args: '<IF>',
    least: 1,
    summary: 'single interface concerned',
    parse: (draft, { words }) => void draft.interfaces.push(words[0]?.text ?? ''),
  },
  {
    name: 'interfaces',
    args: '{ <IF> ... }',
    summary: 'interfaces sharing the limit',
    parse: (draft, statement) => void draft.interfaces.push(...listOf(statement).map(word => word.text)),
  },
]);

export function parseGarpGroup(statement: Statement, scope: Scope): GarpGroup | undefined {
  const draft: GarpGroupDraft = { interfaces: [], garpIntervalMs: 0, gnaIntervalMs: 0 };
  GARP_GROUP.read(draft, blockOf(statement, scope), scope);
  if (draft.interfaces.length > 0) return draft;
  scope.report.warn(statement.position, 'garp_group has no interfaces - removing');
  return undefined;
}

/** `ifname down_delay [up_delay]` */
export function parseInterfaceDelays(statement: Statement, scope: Scope): [string, InterfaceDelay][] {
  return blockOf(statement, scope).flatMap((item): [string, InterfaceDelay][] => {
    const [down, up] = item.words;
    const downMs = down === undefined ? undefined : secondsOf(down, item.name, scope, 0, 255);
    if (downMs === undefined) return [];
    const upMs = up === undefined ? downMs : (secondsOf(up, item.name, scope, 0, 255) ?? downMs);
    return [[item.name, { downMs, upMs }]];
  });
}

/** The name a block must have: `vrrp_script NAME {`. */
export function nameOf(
  statement: Statement,
  taken: (name: string) => boolean,
  scope: Scope,
): string | undefined {
  const word = statement.words[0];
  if (word === undefined)
    scope.report.warn(statement.position, `${statement.name} must have a name - skipping`);
  else if (taken(word.text))
    scope.report.warn(word.position, `${statement.name} ${word.text} already defined - skipping`);
  else return word.text;
  return undefined;
}
