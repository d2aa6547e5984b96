import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Action, CompiledRule, RuleContext, WrittenRule } from '../../src/rules/context.ts';
import { CompiledRuleset } from '../../src/rules/ruleset.ts';
import { ACCEPT, CONTINUE, DENY, NEED_DATA, YIELD, type Verdict } from '../../src/rules/verdict.ts';
import { compileFrontend } from '../support/compiled-rules.ts';
import { FakeRuleContext } from '../support/rule-context.ts';

const { section } = compileFrontend([]).environments.get('web') ?? assert.fail();
const POSITION = { file: 'test.cfg', line: 1, column: 1 };

function rule(action: Action, answer?: boolean | 'undecided' | 'never'): CompiledRule {
  const condition =
    answer === undefined
      ? undefined
      : {
          test: (ctx: Pick<RuleContext, 'needMoreData'>) => {
            if (answer === 'undecided') ctx.needMoreData = true;
            return answer === true;
          },
          constant: answer === 'never' ? false : undefined,
          keyed: undefined,
          needs: undefined,
          phases: -1,
          needsHttp: false,
        };
  return {
    readsRequest: false,
    position: POSITION,
    title: 'test',
    args: [],
    source: undefined,
    section,
    phases: 0,
    condition,
    action,
  };
}

const answering =
  (verdict: Verdict): Action =>
  () =>
    verdict;

test('a ruleset in which nothing decides continues', () => {
  const rules = new CompiledRuleset('http-request', [
    rule(answering(DENY), false),
    rule(answering(CONTINUE)),
  ]);
  assert.equal(rules.run(new FakeRuleContext()), CONTINUE);
});

test('the first rule that decides ends the ruleset and is remembered', () => {
  const rules = [rule(answering(DENY), false), rule(answering(ACCEPT), true), rule(answering(DENY))];
  const ctx = new FakeRuleContext();
  assert.equal(new CompiledRuleset('http-request', rules).run(ctx), ACCEPT);
  assert.equal(ctx.finalRule, rules[1]);
});

test('an undecided condition stops the evaluation until more bytes come', () => {
  const rules = [rule(answering(ACCEPT), 'undecided'), rule(answering(DENY))];
  assert.equal(new CompiledRuleset('tcp-request content', rules).run(new FakeRuleContext()), NEED_DATA);
});

for (const traced of [false, true])
  test(`an action that yields is called again, then the rules behind it run${traced ? ', traced too' : ''}`, () => {
    const seen: string[] = [];
    let ready = false;
    const rules = new CompiledRuleset('http-request', [
      rule(answering(DENY), 'never'),
      rule(() => {
        seen.push('before');
        return CONTINUE;
      }),
      rule((_, resumed) => {
        seen.push(resumed ? 'resumed' : 'first');
        return ready ? CONTINUE : YIELD;
      }, true),
      rule(answering(DENY), true),
    ]);
    const ctx = new FakeRuleContext();
    if (traced) ctx.trace = { evaluated: () => undefined, acted: () => undefined };
    assert.equal(rules.run(ctx), YIELD);
    assert.equal(rules.resume(ctx), YIELD);
    ready = true;
    assert.equal(rules.resume(ctx), DENY);
    assert.deepEqual(seen, ['before', 'first', 'resumed', 'resumed']);
  });

test('strict rewriting is on at the start of each ruleset', () => {
  const ctx = new FakeRuleContext();
  ctx.softRewrites = true;
  const seen: boolean[] = [];
  new CompiledRuleset('http-response', [
    rule(({ softRewrites }) => {
      seen.push(softRewrites);
      return CONTINUE;
    }),
  ]).run(ctx);
  assert.deepEqual(seen, [false]);
});

test('a trace hears of each rule in order, matched or not', () => {
  const rules = [rule(answering(CONTINUE), true), rule(answering(DENY), 'never'), rule(answering(ACCEPT))];
  const heard: unknown[] = [];
  const place = (which: WrittenRule): number => rules.findIndex(one => one === which);
  const ctx = new FakeRuleContext();
  ctx.trace = {
    evaluated: (which, matched) => heard.push([place(which), matched]),
    acted: (which, verdict) => heard.push([place(which), verdict]),
  };
  assert.equal(new CompiledRuleset('http-request', rules).run(ctx), ACCEPT);
  assert.deepEqual(heard, [
    [0, true],
    [0, CONTINUE],
    [1, false],
    [2, true],
    [2, ACCEPT],
  ]);
});
