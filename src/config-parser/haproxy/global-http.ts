/** Keywords of the `global` section about HTTP, variables, states and Lua (manual, sections 3.1 and 3.4). */
import type { LuaLine } from '../../model/global.ts';
import type { Word } from '../../model/word.ts';
import { leadingInteger, matching, oneWordOf, text, time } from '../argument-shape.ts';
import type { Shape } from '../argument-shape.ts';
import type { LineContext } from '../line-context.ts';
import type { GlobalDraft } from './global-draft.ts';
import { flag, kept, setting } from './global-rows.ts';
import type { GlobalKeyword } from './global-rows.ts';

/** Header names have no case on the way in: the map knows them in lower case. */
function addCase(draft: GlobalDraft, from: string, to: string, at: Word, context: LineContext): void {
  const name = from.toLowerCase();
  if (name !== to.toLowerCase())
    context.alert(at, `'h1-case-adjust' : '${from}' and '${to}' must not differ except the case.`);
  else if (draft.h1CaseAdjust.has(name)) context.alert(at, `'h1-case-adjust' : duplicate entry '${from}'.`);
  else draft.h1CaseAdjust.set(name, to);
}

/** Lines of `<from> <to>`, with comments. */
function readCaseFile(draft: GlobalDraft, path: string, at: Word, context: LineContext): void {
  const file = context.readFile(path);
  if ('error' in file) {
    context.alert(at, `'h1-case-adjust-file' : failed to open file '${path}' : ${file.error}.`);
    return;
  }
  for (const line of file.text.split('\n')) {
    const [from, to] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (from !== undefined && from !== '') addCase(draft, from, to ?? '', at, context);
  }
}

const PROC_VARIABLE = /^proc\.[A-Za-z0-9_.]+$/;

function setVariable(name: string, format: boolean, summary: string): GlobalKeyword {
  return setting(
    name,
    text(format ? '<var-name> <format>' : '<var-name> <expression>', 2, 64),
    summary,
    (draft, _value, words, context) => {
      const [variable, ...rest] = words as [Word, ...Word[]];
      if (!PROC_VARIABLE.test(variable.text))
        context.alert(
          variable,
          `'${name}': only proc variables can be set from the global section, found '${variable.text}'.`,
        );
      draft.setVars.push({ position: variable.position, name: variable.text, words: rest, format });
    },
  );
}

function profileTasks(draft: GlobalDraft, word: Word, context: LineContext): void {
  const { text: wanted } = word;
  if (wanted === 'on' || wanted === 'off' || wanted === 'auto')
    draft.profiling = { ...draft.profiling, tasks: wanted };
  else if (wanted === 'lock' || wanted === 'memory')
    context.warn(word, `'profiling.tasks' : '${wanted}' has no effect: no time is lost on that here.`);
}

function httpClient(name: string, shape: Shape, summary: string): GlobalKeyword {
  return setting(`httpclient.${name}`, shape, summary, (draft, _value, _words, context) => {
    draft.httpClientLines.push(context.line);
  });
}

function lua(kind: LuaLine['kind'], shape: Shape, summary: string): GlobalKeyword {
  return setting(`lua-${kind}`, shape, summary, (draft, _value, words, context) => {
    const type = words[1]?.text ?? 'path';
    if (kind === 'prepend-path' && type !== 'path' && type !== 'cpath')
      context.alert(words[1] as Word, `'lua-prepend-path' : <type> must be either 'path' or 'cpath'.`);
    const [first = '', ...rest] = words.map(word => word.text);
    const path = kind === 'prepend-path' ? first : context.resolvePath(first);
    draft.luaLines.push({ kind, position: context.position, words: [path, ...rest] });
  });
}

const ON_OFF = oneWordOf('on', 'off');

export const GLOBAL_HTTP_KEYWORDS: readonly GlobalKeyword[] = [
  setting(
    'h1-case-adjust',
    text('<from> <to>', 2, 2),
    'how a header name is written in HTTP/1',
    (draft, value, words, context) =>
      addCase(draft, String(value), (words[1] as Word).text, words[0] as Word, context),
  ),
  setting(
    'h1-case-adjust-file',
    text('<file>'),
    'file of header names as they are written in HTTP/1',
    (draft, value, words, context) => readCaseFile(draft, String(value), words[0] as Word, context),
  ),
  flag('h1-accept-payload-with-any-method', 'accept bodies of HTTP/1.0 GET, HEAD and DELETE'),
  flag('h1-do-not-close-on-insecure-transfer-encoding', 'keep connections with both a length and chunks'),
  flag('h2-workaround-bogus-websocket-clients', 'do not announce websockets over HTTP/2', {
    negatable: true,
  }),
  kept('harden.reject-privileged-ports.tcp', ON_OFF, 'refuse TCP clients with a privileged source port'),
  kept('harden.reject-privileged-ports.quic', ON_OFF, 'refuse QUIC clients with a privileged source port'),
  flag('limited-quic', 'allow QUIC with limited TLS libraries'),
  setVariable('set-var', false, 'sets a process variable from an expression'),
  setVariable('set-var-fmt', true, 'sets a process variable from a format'),
  setting(
    'external-check',
    text('[preserve-env]', 0, 1),
    'allow checks by external programs',
    (draft, _value, [word], context) => {
      if (word === undefined) draft.externalCheck = 'yes';
      else if (word.text === 'preserve-env') draft.externalCheck = 'preserve-env';
      else
        context.alert(
          word,
          `'external-check' only supports 'preserve-env' as an argument, found '${word.text}'.`,
        );
    },
  ),
  setting(
    'server-state-base',
    text('<directory>'),
    'directory of server state files',
    (draft, value) => {
      draft.serverStateBase = String(value);
    },
    { once: true },
  ),
  setting(
    'server-state-file',
    text('<file>'),
    'file server states are restored from',
    (draft, value) => {
      draft.serverStateFile = String(value);
    },
    { once: true },
  ),
  setting(
    'stats-file',
    text('<file>'),
    'file counters are restored from',
    (draft, value) => {
      draft.statsFile = String(value);
    },
    { once: true },
  ),
  httpClient('resolvers.disabled', ON_OFF, 'no DNS in the internal HTTP client'),
  httpClient('resolvers.id', text('<resolvers>'), 'resolvers section of the internal HTTP client'),
  httpClient(
    'resolvers.prefer',
    oneWordOf('ipv4', 'ipv6'),
    'address family the internal HTTP client prefers',
  ),
  httpClient('retries', leadingInteger(0), 'retries of the internal HTTP client'),
  httpClient('ssl.ca-file', text('<file>'), 'authorities the internal HTTP client trusts'),
  httpClient(
    'ssl.verify',
    { ...oneWordOf('none', 'required'), arity: [0, 1] },
    'verification in the internal HTTP client',
  ),
  httpClient('timeout.connect', time(), 'connect timeout of the internal HTTP client'),
  lua('load', text('<file> [<argument> ...]', 1, 64), 'loads a Lua script'),
  lua('load-per-thread', text('<file> [<argument> ...]', 1, 64), 'loads a Lua script in every thread'),
  lua('prepend-path', text('<path> [<type>]', 1, 2), 'where Lua looks for modules'),
  setting('profiling.memory', ON_OFF, 'what holds memory is measured', (draft, value) => {
    draft.profiling = { ...draft.profiling, memory: value === 'on' };
  }),
  setting(
    'profiling.tasks',
    matching(
      '{ auto | on | off | lock | no-lock | memory | no-memory }',
      /^(auto|on|off|no-lock|lock|no-memory|memory)$/,
    ),
    'what takes processor time is measured',
    (draft, _value, words, context) => {
      for (const word of words) profileTasks(draft, word, context);
    },
  ),
  kept('acme.scheduler', oneWordOf('auto', 'off'), 'automatic renewal of certificates'),
];
