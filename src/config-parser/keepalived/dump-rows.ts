/** The files that signals have written, and where they stand: `state_dump_file`, `data_use_instance`, `json_version`. */
import type { KeepalivedGlobal } from '../../model/keepalived.ts';
import type { KeepalivedKeyword } from './keyword.ts';
import { boolRow } from './value-rows.ts';
import { readInteger } from './values.ts';

export interface DumpDraft {
  stateDumpFile: string;
  statsDumpFile: string;
  jsonDumpFile: string;
  dumpsByInstance: boolean;
  jsonVersion: 1 | 2;
  instanceName?: string;
  netNamespace?: string;
}

type Row = KeepalivedKeyword<DumpDraft>;
type DumpFiles = Pick<
  KeepalivedGlobal,
  'stateDumpFile' | 'checkDumpFile' | 'statsDumpFile' | 'jsonDumpFile' | 'jsonVersion'
>;

/** Where names without a folder are. */
const FOLDER = '/tmp/';

export function newDumpDraft(): DumpDraft {
  return {
    stateDumpFile: FOLDER,
    statsDumpFile: FOLDER,
    jsonDumpFile: FOLDER,
    dumpsByInstance: false,
    jsonVersion: 1,
  };
}

export const DUMP_ROWS: readonly Row[] = [
  pathRow('state_dump_file', 'stateDumpFile', 'state dump path'),
  pathRow('stats_dump_file', 'statsDumpFile', 'statistics dump path'),
  pathRow('json_dump_file', 'jsonDumpFile', 'JSON dump path'),
  boolRow('data_use_instance', 'dumpsByInstance', 'state dump path with namespace and instance'),
  {
    name: 'json_version',
    args: '1|2',
    least: 1,
    summary: 'form of the JSON dump',
    parse: (draft, statement, scope) => {
      const version = readInteger(statement, scope, 1, 2);
      if (version !== undefined) draft.jsonVersion = version === 2 ? 2 : 1;
    },
  },
];

function pathRow(
  name: string,
  key: 'stateDumpFile' | 'statsDumpFile' | 'jsonDumpFile',
  summary: string,
): Row {
  return {
    name,
    args: 'PATH',
    least: 1,
    summary,
    parse: (draft, { words }) => void (draft[key] = words[0]?.text ?? FOLDER),
  };
}

export function resolveDumps(draft: DumpDraft): DumpFiles {
  return {
    stateDumpFile: ofInstance(draft),
    checkDumpFile: ofInstance(draft, '_check'),
    statsDumpFile: placeOf(draft.statsDumpFile, 'keepalived.stats'),
    jsonDumpFile: placeOf(draft.jsonDumpFile, 'keepalived.json'),
    jsonVersion: draft.jsonVersion,
  };
}

/** In a folder the file has its usual name. */
function placeOf(path: string, usual: string): string {
  const whole = path.startsWith('/') ? path : FOLDER + path;
  return whole.endsWith('/') ? whole + usual : whole;
}

/** `/tmp/keepalived.NAMESPACE_INSTANCE.data`; `part` is of what is dumped: `_check`. */
function ofInstance(
  { stateDumpFile, dumpsByInstance, netNamespace, instanceName }: DumpDraft,
  part = '',
): string {
  const names = [netNamespace, instanceName].filter(name => name !== undefined).join('_');
  const own = dumpsByInstance && names !== '' ? `.${names}` : '';
  return placeOf(stateDumpFile, 'keepalived.data').replace(/(\.[^./]*)?$/, `${part}${own}$1`);
}
