/** `option httplog`, `tcplog`, `httpslog` and `log-format*`: how frontends log (manual, sections 4.2 and 8.2). */
import type { LogFormatOption } from '../../model/proxy.ts';
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import type { ProxyDraft } from './proxy-draft.ts';

function warnInBackend(draft: ProxyDraft, name: string, context: LineContext): void {
  if (draft.kind !== 'backend') return;
  context.warn(context.position, `backend '${draft.name}' : '${name}' directive is ignored in backends.`);
}

/** In a defaults section a second format takes the place of the first, which is mostly a mistake. */
function warnOverride(draft: ProxyDraft, name: string, context: LineContext): void {
  if (draft.kind !== 'defaults') return;
  const { httpLog, logFormat } = draft.frontend;
  const previous = httpLog === undefined ? logFormat && 'log-format' : `option ${httpLog}`;
  if (previous === undefined) return;
  context.warn(context.position, `'${name}' overrides previous '${previous}' in 'defaults' section.`);
}

function logOption(name: 'httplog' | 'tcplog' | 'httpslog', summary: string): Keyword<ProxyDraft> {
  const takesClf = name !== 'httpslog';
  return {
    name: `option ${name}`,
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: takesClf ? '[ clf ]' : '',
    arity: [0, takesClf ? 1 : 0],
    summary,
    parse: (draft, words, context) => {
      const word = words[0];
      if (word !== undefined && word.text !== 'clf') {
        context.alert(word, `keyword '${name}' only supports option 'clf'.`);
        return;
      }
      const said = (word === undefined ? name : `${name} clf`) as LogFormatOption;
      warnOverride(draft, `option ${said}`, context);
      warnInBackend(draft, `option ${name}`, context);
      draft.frontend.httpLog = said;
      draft.frontend.logFormat = undefined;
    },
  };
}

export const LOG_OPTION_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  logOption('httplog', 'logs requests in full'),
  logOption('tcplog', 'logs connections in full'),
  logOption('httpslog', 'logs requests over TLS in full'),
];

/** Formats are one word: blanks in them have to be quoted. */
function format(name: 'log-format' | 'log-format-sd' | 'error-log-format'): Keyword<ProxyDraft>['parse'] {
  return (draft, words, context) => {
    const word = words[0] as Word;
    if (words[1] !== undefined) {
      context.alert(words[1], `${name} expects only one argument, don't forget to escape spaces!`);
      return;
    }
    warnInBackend(draft, name, context);
    if (name === 'log-format') {
      warnOverride(draft, name, context);
      draft.frontend.httpLog = undefined;
      draft.frontend.logFormat = word;
    } else if (name === 'log-format-sd') draft.frontend.logFormatSd = word;
    else draft.frontend.errorLogFormat = word;
  };
}

const FORMATS = [
  ['log-format', 'format of log lines'],
  ['log-format-sd', 'structured data of RFC 5424 log lines'],
  ['error-log-format', 'format of the log lines of failed connections'],
] as const;

export const LOG_FORMAT_KEYWORDS: readonly Keyword<ProxyDraft>[] = FORMATS.map(([name, summary]) => ({
  name,
  sections: ['defaults', 'frontend', 'listen', 'backend'] as const,
  args: '<fmt>',
  arity: [1, 64] as const,
  summary,
  parse: format(name),
}));
