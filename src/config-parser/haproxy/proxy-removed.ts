/** Words of old configurations that are refused with what to write instead. */
import type { Keyword } from '../keyword.ts';
import type { ProxyDraft } from './proxy-draft.ts';

type Row = readonly [name: string, since: string, advice: string];

const REPLACE = `Use 'http-request replace-path', 'http-request replace-uri' or 'http-request replace-header' instead.`;

const ROWS: readonly Row[] = [
  ['reqrep', '2.1', REPLACE],
  ['reqirep', '2.1', REPLACE],
  ['reqadd', '2.1', `Use 'http-request add-header' instead.`],
  ['reqdel', '2.1', `Use 'http-request del-header' instead.`],
  ['reqidel', '2.1', `Use 'http-request del-header' instead.`],
  ['reqdeny', '2.1', `Use 'http-request deny' instead.`],
  ['reqideny', '2.1', `Use 'http-request deny' instead.`],
  ['reqallow', '2.1', `Use 'http-request allow' instead.`],
  ['reqiallow', '2.1', `Use 'http-request allow' instead.`],
  ['reqpass', '2.1', `Use conditions of 'http-request' rules instead.`],
  ['reqipass', '2.1', `Use conditions of 'http-request' rules instead.`],
  ['reqtarpit', '2.1', `Use 'http-request tarpit' instead.`],
  ['reqitarpit', '2.1', `Use 'http-request tarpit' instead.`],
  ['rsprep', '2.1', `Use 'http-response replace-header' instead.`],
  ['rspirep', '2.1', `Use 'http-response replace-header' instead.`],
  ['rspadd', '2.1', `Use 'http-response add-header' instead.`],
  ['rspdel', '2.1', `Use 'http-response del-header' instead.`],
  ['rspidel', '2.1', `Use 'http-response del-header' instead.`],
  ['rspdeny', '2.1', `Use 'http-response deny' instead.`],
  ['rspideny', '2.1', `Use 'http-response deny' instead.`],
  ['block', '2.1', `Use 'http-request deny' which uses the exact same syntax.`],
  ['redispatch', '2.1', `Use 'option redispatch'.`],
  ['redisp', '2.1', `Use 'option redispatch'.`],
  ['grace', '2.5', `Use 'grace' in the global section or 'hard-stop-after'.`],
  ['bind-process', '2.7', `Use 'thread' on 'bind' lines instead.`],
  ['cliexp', '2.1', REPLACE],
  ['srvexp', '2.1', `Use 'http-response replace-header' instead.`],
];

export const REMOVED_KEYWORDS: readonly Keyword<ProxyDraft>[] = ROWS.map(([name, since, advice]) => ({
  name,
  sections: ['defaults', 'frontend', 'listen', 'backend'] as const,
  args: '',
  arity: [0, Number.MAX_SAFE_INTEGER] as const,
  summary: 'refused',
  removed: `The '${name}' directive is not supported anymore since HAProxy ${since}. ${advice}`,
  parse: () => undefined,
}));
