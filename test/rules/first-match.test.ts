import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompiledCondition, KeyedTest } from '../../src/acl/compiled.ts';
import { FirstMatch, UNDECIDED } from '../../src/rules/first-match.ts';
import { randomSource } from '../support/random-source.ts';
import { FakeRuleContext } from '../support/rule-context.ts';

interface World {
  /** Values each key sees; undecided: more of them may come. */
  readonly seen: Map<string, { readonly values: string[]; readonly undecided: boolean }>;
}

function keyed(world: World, key: string, values: string[]): CompiledCondition {
  const keyedTest: KeyedTest = {
    key,
    ignoreCase: false,
    values: () => values,
    watch: () => undefined,
    each: (ctx, visit) => {
      const sample = world.seen.get(key);
      if (sample?.values.some(visit) !== true && sample?.undecided === true) ctx.needMoreData = true;
    },
  };
  return {
    keyed: keyedTest,
    needs: undefined,
    constant: undefined,
    phases: -1,
    needsHttp: false,
    test: ctx => {
      let found = false;
      keyedTest.each(ctx, value => (found = values.includes(value)));
      return found;
    },
  };
}

function plain(answer: boolean | undefined): CompiledCondition {
  return {
    keyed: undefined,
    needs: undefined,
    constant: undefined,
    phases: -1,
    needsHttp: false,
    test: ctx => {
      if (answer === undefined) ctx.needMoreData = true;
      return answer === true;
    },
  };
}

/** What reading the conditions one after the other gives. */
function inOrder(conditions: readonly (CompiledCondition | undefined)[], from: number): number {
  const ctx = new FakeRuleContext();
  for (let index = from; index < conditions.length; index++) {
    ctx.needMoreData = false;
    const condition = conditions[index];
    if (condition === undefined || condition.test(ctx)) return index;
    if (ctx.needMoreData) return UNDECIDED;
  }
  return conditions.length;
}

function randomConditions(
  world: World,
  random: (below: number) => number,
): (CompiledCondition | undefined)[] {
  return Array.from({ length: random(14) }, () => {
    const kind = random(12);
    if (kind === 0) return undefined;
    if (kind === 1) return plain([true, false, undefined][random(3)]);
    const values = Array.from({ length: random(4) }, () => 'abcdef'.charAt(random(6)));
    return keyed(world, ['host', 'host', 'path'][random(3)] as string, values);
  });
}

test('the next match of any list of conditions is the one that reading it in order gives', () => {
  const random = randomSource(4711);
  for (let round = 0; round < 20_000; round++) {
    const world: World = { seen: new Map() };
    const conditions = randomConditions(world, random);
    const matcher = new FirstMatch(conditions);
    for (let request = 0; request < 3; request++) {
      for (const key of ['host', 'path']) {
        const values = Array.from({ length: random(3) }, () => 'abcdefgh'.charAt(random(8)));
        world.seen.set(key, { values, undecided: random(8) === 0 });
      }
      for (let from = 0; from <= conditions.length; from++)
        assert.equal(
          matcher.next(new FakeRuleContext(), from),
          inOrder(conditions, from),
          `round ${round} from ${from}`,
        );
    }
  }
});

test('a run of conditions on one sample reads that sample once', () => {
  let reads = 0;
  const conditions = Array.from({ length: 5000 }, (_, index): CompiledCondition => ({
    constant: undefined,
    phases: -1,
    needsHttp: false,
    test: () => assert.fail('conditions of a run are not tested one by one'),
    needs: undefined,
    keyed: {
      key: 'host',
      ignoreCase: true,
      values: () => [`h${index}`],
      watch: () => undefined,
      each: (_ctx, visit) => {
        reads++;
        visit('h4321');
      },
    },
  }));
  assert.equal(new FirstMatch(conditions).next(new FakeRuleContext(), 0), 4321);
  assert.equal(reads, 1);
});

test('values that change at run time are looked up in their new form', () => {
  const changes: (() => void)[] = [];
  const world: World = { seen: new Map([['host', { values: ['new'], undecided: false }]]) };
  let values = ['old'];
  const base = keyed(world, 'host', []);
  const condition: CompiledCondition = {
    ...base,
    keyed: {
      ...(base.keyed as KeyedTest),
      values: () => values,
      watch: changed => changes.push(changed),
    },
  };
  const matcher = new FirstMatch([condition, keyed(world, 'host', ['b']), keyed(world, 'host', ['c'])]);
  assert.equal(matcher.next(new FakeRuleContext(), 0), 3);
  values = ['new'];
  for (const changed of changes) changed();
  assert.equal(matcher.next(new FakeRuleContext(), 0), 0);
});
