/** MISC_CHECK, DNS_CHECK, UDP_CHECK, FILE_CHECK and BFD_CHECK. */
import type { Word } from '../../../model/word.ts';
import type { Statement } from '../block.ts';
import { boolRow, flagRow, integerRow, textRow } from '../value-rows.ts';
import { accountOf, readInteger, readScript, readSeconds } from '../values.ts';
import { COMMON, CONNECTING, type Row } from './checker-rows.ts';

export const MISC_ROWS: readonly Row[] = [
  ...COMMON,
  {
    name: 'misc_path',
    args: '<command>',
    least: 1,
    summary: 'program to run',
    parse: (draft, statement, scope) => {
      const script = readScript(statement, scope, true);
      if (script !== undefined) draft.script = script;
    },
  },
  {
    name: 'misc_timeout',
    args: '<secs>',
    least: 1,
    summary: 'run time limit',
    parse: (draft, statement, scope) => {
      const value = readSeconds(statement, scope, 0.000_001, 4294);
      if (value !== undefined) draft.miscTimeoutMs = value;
    },
  },
  flagRow('misc_dynamic', 'miscDynamic', 'exit status sets weight'),
  {
    name: 'user',
    args: 'user [[:]group]',
    least: 1,
    summary: 'account running it',
    parse: (draft, { words }) => void (draft.account = accountOf(words.map(word => word.text))),
  },
];

const DNS_TYPES = new Set(['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA']);

export const DNS_ROWS: readonly Row[] = [
  ...CONNECTING,
  {
    name: 'type',
    args: 'A|NS|CNAME|SOA|MX|TXT|AAAA',
    least: 1,
    summary: 'record type asked',
    parse: (draft, { words }, scope) => {
      const word = words[0] as Word;
      if (DNS_TYPES.has(word.text.toUpperCase())) draft.dnsType = word.text.toUpperCase();
      else scope.report.warn(word.position, `Unknown DNS type '${word.text}' - ignoring`);
    },
  },
  textRow('name', 'dnsName', 'name asked'),
];

function hexOf({ words }: Statement): string {
  return words
    .map(word => (word.text.length % 2 === 1 ? `0${word.text}` : word.text))
    .join('')
    .toLowerCase();
}

export const UDP_ROWS: readonly Row[] = [
  ...CONNECTING,
  {
    name: 'payload',
    args: '<HEX>',
    least: 1,
    summary: 'bytes to send',
    parse: (draft, statement, scope) => {
      const hex = hexOf(statement);
      if (/^[0-9a-f]+$/.test(hex)) draft.payload = hex;
      else scope.report.warn(statement.position, `payload '${statement.raw}' is not hexadecimal - ignoring`);
    },
  },
  {
    name: 'require_reply',
    args: '[<HEX>]',
    summary: 'demand an answer',
    parse: (draft, statement, scope) => {
      draft.requireReply = true;
      if (statement.words.length === 0) return;
      const hex = hexOf(statement);
      if (/^[0-9a-fx]+$/.test(hex)) draft.reply = hex;
      else
        scope.report.warn(
          statement.position,
          `require_reply '${statement.raw}' is not hexadecimal - ignoring`,
        );
    },
  },
  integerRow('min_reply_length', 'minReplyLength', [0, 65_535], 'shortest answer', '<n>'),
  integerRow('max_reply_length', 'maxReplyLength', [0, 65_535], 'longest answer', '<n>'),
];

export const FILE_ROWS: readonly Row[] = [
  textRow('track_file', 'trackFile', 'tracked file name'),
  {
    name: 'weight',
    args: '<n> [reverse]',
    least: 1,
    summary: 'multiplier of the value in the file',
    parse: (draft, statement, scope) => {
      const weight = readInteger(statement, scope, -2_147_483_647, 2_147_483_647);
      if (weight !== undefined)
        draft.fileWeight = { weight, reverse: statement.words[1]?.text === 'reverse' };
    },
  },
];

export const BFD_ROWS: readonly Row[] = [
  textRow('name', 'bfdName', 'BFD session followed'),
  boolRow('alpha', 'alpha', 'assume down at start'),
];
