/** `weight <n> [reverse]`, the same for everything that can be tracked. */
import type { KeepalivedKeyword } from './keyword.ts';
import { readInteger } from './values.ts';

export interface Weighted {
  weight: number;
  reverse: boolean;
}

export function weight<Draft extends Weighted>(most: number): KeepalivedKeyword<Draft> {
  return {
    name: 'weight',
    args: '<n> [reverse]',
    least: 1,
    summary: 'priority adjustment; 0: fault',
    parse: (draft, statement, scope) => {
      const value = readInteger(statement, scope, -most, most);
      if (value !== undefined) draft.weight = value;
      draft.reverse = statement.words[1]?.text === 'reverse';
    },
  };
}
