/** `email-alert ...`: mails about servers going down (manual, section 4.2). */
import type { EmailAlert } from '../../model/proxy.ts';
import type { Keyword } from '../keyword.ts';
import type { Mutable, ProxyDraft } from './proxy-draft.ts';
import { LOG_LEVELS } from './log-target.ts';

type Row = readonly [name: Exclude<keyof EmailAlert, 'level'>, args: string, summary: string];

const ROWS: readonly Row[] = [
  ['from', '<emailaddr>', 'sender'],
  ['to', '<emailaddr>', 'receiver'],
  ['mailers', '<mailersect>', 'mailers section'],
  ['myhostname', '<hostname>', 'name said to the mailers'],
];

function settings(draft: ProxyDraft): Mutable<EmailAlert> {
  draft.shared.email ??= {};
  return draft.shared.email;
}

function textKeyword([name, args, summary]: Row): Keyword<ProxyDraft> {
  return {
    name: `email-alert ${name}`,
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args,
    arity: [1, 1],
    summary: `mails about servers: ${summary}`,
    parse: (draft, words) => void (settings(draft)[name] = words[0]?.text ?? ''),
  };
}

export const EMAIL_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  ...ROWS.map(textKeyword),
  {
    name: 'email-alert level',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<level>',
    arity: [1, 1],
    summary: 'mails about servers: least important event',
    parse: (draft, words, context) => {
      const level = words[0];
      if (level !== undefined && LOG_LEVELS.includes(level.text)) settings(draft).level = level.text;
      else context.alert(level ?? context.position, `unknown log level '${level?.text ?? ''}' after 'level'`);
    },
  },
];
