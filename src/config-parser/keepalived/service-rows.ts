/** Rows that virtual servers and real servers have in common. */
import type { ScriptCommand } from '../../model/script-command.ts';
import type { ForwardingMethod } from '../../model/virtual-server.ts';
import type { Word } from '../../model/word.ts';
import type { Statement } from './block.ts';
import type { KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { readScript } from './values.ts';

export function methodOf(statement: Statement, scope: Scope): ForwardingMethod | undefined {
  const word = statement.words[0] as Word;
  const found = (['NAT', 'DR', 'TUN'] as const).find(method => method === word.text);
  if (found === undefined)
    scope.report.warn(word.position, `Unknown forwarding method '${word.text}' - ignoring`);
  return found;
}

export const METHOD_ARGS = 'NAT|DR|TUN [type {ipip|gue port <n>|gre}]';

export function script<Key extends string>(
  name: string,
  key: Key,
  summary: string,
): KeepalivedKeyword<{ [K in Key]?: ScriptCommand }> {
  return {
    name,
    args: 'SCRIPT [user [[:]group]]',
    least: 1,
    summary,
    parse: (draft, statement, scope) => {
      const command = readScript(statement, scope);
      if (command !== undefined) draft[key] = command as (typeof draft)[Key];
    },
  };
}
