/** `track_interface { }`, `track_script { }` and their kin, the same in an instance and in a sync group. */
import type { Tracked, TrackedLb } from '../../model/vrrp-instance.ts';
import type { Word } from '../../model/word.ts';
import type { Statement } from './block.ts';
import type { KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { blockOf, integerOf } from './values.ts';

/** As written: a weight that was not said comes from the tracked thing's own definition. */
export interface TrackLine {
  readonly word: Word;
  readonly weight?: number;
  readonly reverse?: boolean;
}

export interface TrackDraft {
  trackInterfaces: TrackLine[];
  trackScripts: TrackLine[];
  trackFiles: TrackLine[];
  trackProcesses: TrackLine[];
  trackBfds: TrackLine[];
  trackLb: TrackedLb[];
}

export function emptyTracking(): TrackDraft {
  return {
    trackInterfaces: [],
    trackScripts: [],
    trackFiles: [],
    trackProcesses: [],
    trackBfds: [],
    trackLb: [],
  };
}

type ListName = 'trackInterfaces' | 'trackScripts' | 'trackFiles' | 'trackProcesses' | 'trackBfds';

function list(name: string, into: ListName, summary: string): KeepalivedKeyword<TrackDraft> {
  return {
    name,
    args: '{ <name> [weight <-253..253> [reverse|noreverse]] ... }',
    summary,
    parse: (draft, statement, scope) => {
      for (const item of blockOf(statement, scope)) {
        const line = parseTrackLine(item, scope, into);
        if (line === undefined) continue;
        if (draft[into].some(other => other.word.text === item.name))
          scope.report.warn(item.position, `${item.name} is tracked twice - ignoring the second`);
        else draft[into].push(line);
      }
    },
  };
}

/** As keepalived takes them: beyond 253 some kinds are cut, others are refused. */
function readWeight(value: Word, kind: ListName | undefined, scope: Scope): number | undefined {
  const most = kind === 'trackBfds' ? 253 : 254;
  const weight = integerOf(value, 'weight', scope, -most, most);
  if (weight === undefined || Math.abs(weight) < 254) return weight;
  if (kind !== 'trackScripts' && kind !== 'trackInterfaces') return weight;
  const cut = Math.sign(weight) * 253;
  scope.report.warn(value.position, `weight cannot be ${weight}, setting ${cut}`);
  return cut;
}

/** Undefined: the line cannot be understood, and nothing is tracked by it. */
function parseTrackLine(item: Statement, scope: Scope, kind?: ListName): TrackLine | undefined {
  const word = { text: item.name, position: item.position };
  const [option, value, sense] = item.words;
  if (option === undefined) return { word };
  if (option.text !== 'weight' || value === undefined) {
    const why = value === undefined && option.text === 'weight' ? 'weight without a value' : unknown(option);
    scope.report.warn(option.position, `${why} - ignoring ${item.name}`);
    return undefined;
  }
  const weight = readWeight(value, kind, scope);
  const line: TrackLine = { word, ...(weight === undefined ? {} : { weight }) };
  if (sense === undefined) return line;
  if (sense.text === 'reverse') return { ...line, reverse: true };
  if (/^no_?reverse$/.test(sense.text)) return { ...line, reverse: false };
  const refuses = kind === 'trackFiles' || kind === 'trackBfds';
  scope.report.warn(sense.position, refuses ? `${unknown(sense)} - ignoring ${item.name}` : unknown(sense));
  return refuses ? undefined : line;
}

function unknown({ text }: Word): string {
  return `Unknown track option '${text}'`;
}

/** `backend NAME [min N] [weight W [reverse]]` or `frontend NAME [weight W [reverse]]`. */
function parseLbLine(item: Statement, scope: Scope): TrackedLb | undefined {
  const [name, ...rest] = item.words;
  if ((item.name !== 'backend' && item.name !== 'frontend') || name === undefined) {
    scope.report.warn(
      item.position,
      "track_lb takes lines 'backend <name> [min <n>] ...' and 'frontend <name> ...'",
    );
    return undefined;
  }
  let minServers = 1;
  const options = rest.filter((word, index) => {
    const isMin = word.text === 'min' && item.name === 'backend';
    const value = rest[index + 1];
    if (isMin && value !== undefined) minServers = integerOf(value, 'min', scope, 1, 100_000) ?? 1;
    return !isMin && !(rest[index - 1]?.text === 'min');
  });
  const line = parseTrackLine({ ...item, name: name.text, words: options }, scope);
  if (line === undefined) return undefined;
  return {
    kind: item.name,
    name: name.text,
    minServers,
    weight: line.weight ?? 0,
    reverse: line.reverse ?? false,
  };
}

export const TRACK_KEYWORDS: readonly KeepalivedKeyword<TrackDraft>[] = [
  list('track_interface', 'trackInterfaces', 'interfaces watched'),
  list('track_script', 'trackScripts', 'scripts watched'),
  list('track_file', 'trackFiles', 'files watched'),
  list('track_process', 'trackProcesses', 'processes watched'),
  list('track_bfd', 'trackBfds', 'BFD sessions watched'),
  {
    name: 'track_lb',
    args: '{ backend <name> [min <n>] [weight <n> [reverse]] | frontend <name> [weight <n> [reverse]] ... }',
    summary: "health of the balancer's backends and frontends (this program's own word)",
    parse: (draft, statement, scope) => {
      for (const item of blockOf(statement, scope)) {
        const line = parseLbLine(item, scope);
        if (line !== undefined) draft.trackLb.push(line);
      }
    },
  },
];

/** Names of what can be tracked -> its own weight. */
export type Trackables = ReadonlyMap<string, { readonly weight: number; readonly reverse: boolean }>;

/** Drops what does not exist and fills in weights. */
export function resolveTrackLines(
  lines: readonly TrackLine[],
  known: Trackables,
  what: string,
  scope: Scope,
): Tracked[] {
  return lines.flatMap(({ word, weight, reverse }) => {
    const own = known.get(word.text);
    if (own === undefined) {
      scope.report.warn(word.position, `${what} ${word.text} not found, ignoring...`);
      return [];
    }
    return [{ name: word.text, weight: weight ?? own.weight, reverse: reverse ?? own.reverse }];
  });
}
