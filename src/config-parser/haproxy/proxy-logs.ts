/** `log`, `no log`, `log global`, `log-tag`, `log-steps`, unique ids (manual, section 4.2). */
import type { Word } from '../../model/word.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext, SectionKind } from '../line-context.ts';
import { readLogTarget } from './log-target.ts';
import { LOG_FORMAT_KEYWORDS } from './proxy-log-options.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import { ignoredWithoutFrontend } from './proxy-capability.ts';

const ALL: readonly SectionKind[] = ['defaults', 'frontend', 'listen', 'backend'];

/** `no log` forgets everything said or taken over so far. */
function parseLog(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  const { shared } = draft;
  if (context.prefix === 'no') {
    if (words[0] !== undefined) context.alert(words[0], `log : 'no log' does not expect arguments`);
    shared.logs = [];
    shared.logGlobal = false;
    return;
  }
  if (words.length === 1 && words[0]?.text === 'global') {
    shared.logGlobal = true;
    return;
  }
  const target = readLogTarget(words, context);
  if (target !== undefined) shared.logs.push(target);
}

const STEPS: readonly string[] = ['accept', 'request', 'connect', 'response', 'close', 'all'];

/** A list behind commas. */
function parseSteps(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutFrontend(draft, 'log-steps', context);
  const word = words[0] as Word;
  const steps = word.text.split(',');
  const unknown = steps.find(step => !STEPS.includes(step));
  if (unknown !== undefined) {
    const known = STEPS.slice(0, 5).map(step => `'${step}'`);
    context.alert(word, `'log-steps' : unknown step '${unknown}' (expects ${known.join(', ')} or 'all').`);
    return;
  }
  draft.frontend.logSteps = steps;
}

function parseUniqueIdFormat(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  if (words[1] === undefined) draft.shared.uniqueIdFormat = words[0];
  else {
    const advice = `don't forget to escape spaces!`;
    context.alert(words[1], `unique-id-format expects only one argument, ${advice}`);
  }
}

export const LOG_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'log',
    sections: ALL,
    args: '<target> [len <length>] [format <format>] [sample <ranges>:<sample_size>] [profile <prof>] <facility> [<level> [<minlevel>]]',
    arity: [0, 64],
    summary: 'where logs go',
    negatable: true,
    parse: parseLog,
  },
  {
    name: 'log global',
    sections: ALL,
    args: '',
    arity: [0, 0],
    summary: 'the targets of global',
    negatable: true,
    parse: (draft, _, context) => parseLog(draft, context.line.slice(1), context),
  },
  {
    name: 'log-tag',
    sections: ALL,
    args: '<string>',
    arity: [1, 1],
    summary: 'name of the program in logs',
    parse: (draft, words) => void (draft.shared.logTag = words[0]?.text),
  },
  {
    name: 'log-steps',
    sections: ALL,
    args: '<steps>',
    arity: [1, 1],
    summary: 'when a log line is made',
    parse: parseSteps,
  },
  {
    name: 'unique-id-format',
    sections: ALL,
    args: '<fmt>',
    arity: [1, 64],
    summary: 'format of the unique id of requests',
    parse: parseUniqueIdFormat,
  },
  {
    name: 'unique-id-header',
    sections: ALL,
    args: '<name>',
    arity: [1, 1],
    summary: 'header that carries the unique id',
    parse: (draft, words) => void (draft.shared.uniqueIdHeader = words[0]?.text),
  },
  ...LOG_FORMAT_KEYWORDS,
];
