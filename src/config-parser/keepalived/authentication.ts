/** `authentication { ... }` of a `vrrp_instance`: version 2 only (RFC 2338 5.3.6). */
import type { Word } from '../../model/word.ts';
import { KeywordTable } from './keyword.ts';

export interface AuthDraft {
  type?: 'PASS' | 'AH';
  pass?: string;
}

export const AUTHENTICATION = new KeywordTable<AuthDraft>('vrrp_instance/authentication', [
  {
    name: 'auth_type',
    args: 'PASS|AH',
    least: 1,
    summary: 'authentication kind',
    parse: (draft, statement, scope) => {
      const word = statement.words[0] as Word;
      if (word.text === 'AH' || word.text === 'PASS') draft.type = word.text;
      else scope.report.warn(word.position, `unknown authentication type '${word.text}'`);
    },
  },
  {
    name: 'auth_pass',
    args: '<password>',
    least: 1,
    summary: 'shared secret, first eight characters',
    parse: (draft, statement, scope) => {
      const word = statement.words[0] as Word;
      if (Buffer.byteLength(word.text) > 8)
        scope.report.warn(word.position, 'Truncating auth_pass to 8 characters');
      draft.pass = Buffer.from(word.text).subarray(0, 8).toString('latin1');
    },
  },
]);
