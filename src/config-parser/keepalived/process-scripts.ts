/** `startup_script`, `shutdown_script` and how long they may take (keepalived.conf(5), Global definitions). */
import type { ProcessScript } from '../../model/keepalived.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import type { KeepalivedKeyword } from './keyword.ts';
import { readScript, readSeconds } from './values.ts';

const TIMEOUT_MS = 10_000;

export interface ProcessScriptDraft {
  script?: ScriptCommand;
  timeoutMs?: number;
}

type Key = 'startupScript' | 'shutdownScript';

export function processScriptRows<Draft extends Record<Key, ProcessScriptDraft>>(
  name: 'startup_script' | 'shutdown_script',
  key: Key,
  when: string,
): KeepalivedKeyword<Draft>[] {
  return [
    {
      name,
      args: 'SCRIPT [user [group]]',
      least: 1,
      summary: `program run ${when}`,
      parse: (draft, statement, scope) => {
        const script = readScript(statement, scope);
        if (script !== undefined) draft[key].script = script;
      },
    },
    {
      name: `${name}_timeout`,
      args: '<1..1000>',
      least: 1,
      summary: `time limit of ${name}`,
      parse: (draft, statement, scope) => {
        const value = readSeconds(statement, scope, 1, 1000);
        if (value !== undefined) draft[key].timeoutMs = value;
      },
    },
  ];
}

export function resolveProcessScript({
  script,
  timeoutMs = TIMEOUT_MS,
}: ProcessScriptDraft): ProcessScript | undefined {
  return script === undefined ? undefined : { script, timeoutMs };
}
