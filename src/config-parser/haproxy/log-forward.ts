/** Keyword rows of the `log-forward` section (manual, section 12.6). */
import type { Bind } from '../../model/bind.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { HostStrategy, LogForward } from '../../model/log-forward.ts';
import type { LogTarget } from '../../model/log.ts';
import type { Word } from '../../model/word.ts';
import { leadingInteger, normalWords, nothing, oneWordOf, time, type Shape } from '../argument-shape.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import type { Mutable } from './bind-draft.ts';
import { OF_OTHERS, readBindLine } from './bind-line.ts';
import { readLogTarget } from './log-target.ts';

export type LogForwardDraft = Omit<Mutable<LogForward>, 'binds' | 'logs'> & {
  readonly binds: Mutable<Bind>[];
  logs: LogTarget[];
  /** For listeners that say nothing. */
  backlog: number;
};

type Row = Keyword<LogForwardDraft>;

const MAX = 0x7fffffff;
const DEFAULT_MAXCONN = 10;

export function createLogForwardDraft(name: string, position: Position): LogForwardDraft {
  return {
    name,
    position,
    binds: [],
    logs: [],
    logGlobal: false,
    maxconn: DEFAULT_MAXCONN,
    backlog: 0,
    clientTimeoutMs: 0,
    assumesLineFeeds: false,
    parses: true,
    host: 'fill',
  };
}

/** A keyword with one value of a known shape. */
function row(
  name: string,
  shape: Shape,
  summary: string,
  set: (draft: LogForwardDraft, value: string | number, context: LineContext) => void,
  negatable = false,
): Row {
  return {
    name,
    sections: ['log-forward'],
    args: shape.args,
    arity: shape.arity,
    summary,
    ...(negatable && { negatable }),
    parse: (draft, words, context) => {
      const given = normalWords(shape, words, name, context);
      const value = given.length < shape.arity[0] ? '' : shape.read(given, name, context);
      if (value !== undefined) set(draft, value, context);
    },
  };
}

function bindRow(keyword: 'bind' | 'dgram-bind', transport: 'stream' | 'datagram', summary: string): Row {
  return {
    name: keyword,
    sections: ['log-forward'],
    args: '<address> [param*]',
    arity: [1, 64],
    summary,
    parse: (draft, words, context) => {
      draft.binds.push(
        ...readBindLine(words, { keyword, port: 'required', transport, ignored: OF_OTHERS }, context),
      );
    },
  };
}

/** `no log` forgets what was said so far. */
function parseLog(draft: LogForwardDraft, words: readonly Word[], context: LineContext): void {
  if (context.prefix === 'no') {
    if (words[0] !== undefined) context.alert(words[0], `log : 'no log' does not expect arguments`);
    draft.logs = [];
    draft.logGlobal = false;
    return;
  }
  if (words.length === 1 && words[0]?.text === 'global') {
    draft.logGlobal = true;
    return;
  }
  const target = readLogTarget(words, context);
  if (target !== undefined) draft.logs.push(target);
}

const isOn = ({ prefix }: LineContext): boolean => prefix === undefined;

export const LOG_FORWARD_KEYWORDS: readonly Row[] = [
  row('backlog', leadingInteger(0, MAX), 'pending connections', (draft, value) => {
    draft.backlog = Number(value);
  }),
  bindRow('bind', 'stream', 'where connections with messages are accepted'),
  bindRow('dgram-bind', 'datagram', 'where datagrams are received'),
  {
    name: 'log',
    sections: ['log-forward'],
    args: '{ global | <target> [<option> ...] <facility> [<level> [<minlevel>]] }',
    arity: [0, 64],
    summary: 'where messages go',
    negatable: true,
    parse: parseLog,
  },
  row('maxconn', leadingInteger(0, MAX), 'most connections at a time', (draft, value) => {
    draft.maxconn = Number(value);
  }),
  row('timeout client', time(), 'silence of a sender', (draft, value) => {
    draft.clientTimeoutMs = Number(value);
  }),
  row(
    'option assume-rfc6587-ntf',
    nothing(),
    'messages end with a line feed',
    (draft, _value, context) => {
      draft.assumesLineFeeds = isOn(context);
    },
    true,
  ),
  row(
    'option dont-parse-log',
    nothing(),
    'messages are passed on unread',
    (draft, _value, context) => {
      draft.parses = !isOn(context);
    },
    true,
  ),
  row(
    'option host',
    oneWordOf('replace', 'fill', 'keep', 'append'),
    'what happens to the host name',
    (draft, value, context) => {
      draft.host = isOn(context) ? (value as HostStrategy) : 'keep';
    },
    true,
  ),
];

/** Listeners get numbers, and what the section says for all of them. */
export function finishLogForward({ backlog, binds, ...section }: LogForwardDraft): LogForward {
  return {
    ...section,
    binds: binds.map((bind, index) => ({
      ...bind,
      id: bind.id === 0 ? index + 1 : bind.id,
      backlog: bind.backlog === 0 ? backlog : bind.backlog,
    })),
  };
}
