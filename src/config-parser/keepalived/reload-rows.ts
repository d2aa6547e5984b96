/** A file that says when the configuration is to be read again: `reload_time_file`, `reload_repeat`. */
import type { ReloadTimeFile } from '../../model/keepalived.ts';
import type { KeepalivedKeyword } from './keyword.ts';

export interface ReloadDraft {
  reloadTimeFile?: string;
  reloadRepeats: boolean;
}

export const RELOAD_ROWS: readonly KeepalivedKeyword<ReloadDraft>[] = [
  {
    name: 'reload_time_file',
    args: 'PATH',
    least: 1,
    summary: 'file with the time of a reload',
    parse: (draft, { words, position }, { report }) => {
      const path = words[0]?.text ?? '';
      if (path.startsWith('/')) draft.reloadTimeFile = path;
      else report.warn(position, `reload_time_file ${path}: the path is not absolute - ignoring`);
    },
  },
  {
    name: 'reload_repeat',
    args: '',
    summary: 'a reload_time_file without a date counts for each day',
    parse: draft => void (draft.reloadRepeats = true),
  },
  {
    name: 'reload_check_config',
    args: '[LOG_FILE]',
    summary: 'a file that cannot be used changes nothing, which is always so',
    parse: (_draft, { words, position }, { report }) => {
      if (words.length > 0)
        report.warn(position, 'reload_check_config: mistakes go to the log, not to a file of their own');
    },
  },
];

export function resolveReloadTime({
  reloadTimeFile,
  reloadRepeats,
}: ReloadDraft): ReloadTimeFile | undefined {
  return reloadTimeFile === undefined ? undefined : { path: reloadTimeFile, repeats: reloadRepeats };
}
