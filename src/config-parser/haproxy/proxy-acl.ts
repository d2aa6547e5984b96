/** `acl` and `monitor fail`: names and conditions; acl/ compiles what they say (manual, sections 4.2 and 7). */
import type { Word } from '../../model/word.ts';
import { parseCondition } from '../condition.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import { badNameCharacter } from './argument.ts';
import { ignoredWithoutFrontend } from './proxy-capability.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import { refusedInAnonymousDefaults } from './proxy-rules.ts';
import { noteRulePhase } from './rule-order.ts';

function parseAcl(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  if (refusedInAnonymousDefaults(draft, 'acl', context)) return;
  const [name, ...rest] = words;
  if (name === undefined) return;
  const bad = badNameCharacter(name.text);
  if (bad !== undefined) {
    context.alert(name, `character '${bad}' is not permitted in acl name '${name.text}'.`);
    return;
  }
  if (name.text.toLowerCase() === 'or') {
    const why = `'or' is used to express a logical disjunction within a condition.`;
    context.alert(name, `acl name '${name.text}' will never match. ${why}`);
    return;
  }
  if (rest.length === 0) {
    context.alert(
      name,
      `error detected while parsing ACL '${name.text}' : missing fetch method in ACL expression.`,
    );
    return;
  }
  draft.own.acls.push({ name: name.text, position: name.position, words: rest });
}

function parseMonitorFail(draft: ProxyDraft, words: readonly Word[], context: LineContext): void {
  ignoredWithoutFrontend(draft, 'monitor', context);
  const first = words[0];
  if (first?.text !== 'if' && first?.text !== 'unless') {
    const needs = `requires either 'if' or 'unless' followed by a condition.`;
    context.alert(first ?? context.position, `'monitor fail' ${needs}`);
    return;
  }
  noteRulePhase(draft, 'monitor fail', context);
  const condition = parseCondition(words, context, `a 'monitor fail' condition`);
  if (condition !== undefined) draft.own.monitorFail.push(condition);
}

export const ACL_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  {
    name: 'acl',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<aclname> <criterion> [flags] [operator] <value> ...',
    arity: [1, Number.MAX_SAFE_INTEGER],
    summary: 'names a test',
    parse: parseAcl,
  },
  {
    name: 'monitor fail',
    sections: ['frontend', 'listen', 'backend'],
    args: '{ if | unless } <condition>',
    arity: [0, Number.MAX_SAFE_INTEGER],
    summary: 'when the monitor address answers 503',
    parse: parseMonitorFail,
  },
  {
    name: 'monitor-uri',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<uri>',
    arity: [1, 1],
    summary: 'address answered 200 without a server',
    parse: (draft, words, context) => {
      ignoredWithoutFrontend(draft, 'monitor-uri', context);
      draft.frontend.monitorUri = words[0]?.text;
    },
  },
  {
    name: 'monitor-net',
    sections: ['defaults', 'frontend', 'listen', 'backend'],
    args: '<source>',
    arity: [0, 64],
    summary: 'refused',
    removed: `'monitor-net' doesn't exist anymore. Please use 'http-request return status 200 if { src <source> }' instead.`,
    parse: () => undefined,
  },
];
