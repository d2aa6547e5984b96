/** `weight <n> [reverse]`, the same for everything that can be tracked. */
import type { KeepalivedKeyword } from './keyword.ts';
import { readInteger } from './values.ts';

export interface Weighted {
  weight: number;
  reverse: boolean;
}

/** Where `unsaid` is given, the first weight that differs from it counts, as in keepalived. */
export function weight<Draft extends Weighted>(most: number, unsaid?: number): KeepalivedKeyword<Draft> {
  return {
    name: 'weight',
    args: '<n> [reverse]',
    least: 1,
    summary: 'priority adjustment; 0: fault',
    parse: (draft, statement, scope) => {
      const { words, raw, position } = statement;
      if (unsaid !== undefined && draft.weight !== unsaid) {
        scope.report.warn(position, `weight has been said before - ignoring ${raw}`);
        return;
      }
      const value = readInteger(statement, scope, -most, most);
      if (value !== undefined) draft.weight = value;
      const [, sense] = words;
      if (sense?.text === 'reverse') draft.reverse = true;
      else if (sense !== undefined)
        scope.report.warn(sense.position, `Unknown weight option '${sense.text}'`);
    },
  };
}
