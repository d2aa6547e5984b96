import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompiledCondition } from '../../src/acl/compiled.ts';
import { FirstMatch } from '../../src/rules/first-match.ts';
import type { CompiledRuleset } from '../../src/rules/ruleset.ts';
import { compileFrontend, frontendRules } from '../support/compiled-rules.ts';
import { randomSource } from '../support/random-source.ts';
import { requestContext, type FakeRuleContext } from '../support/rule-context.ts';

const conditionsOf = ({ rules }: CompiledRuleset): (CompiledCondition | undefined)[] =>
  rules.map(({ condition }) => condition);

/** What reading the conditions one after the other gives. */
function inOrder(
  conditions: readonly (CompiledCondition | undefined)[],
  from: number,
  ctx: FakeRuleContext,
): number {
  const found = conditions.findIndex((condition, index) => index >= from && condition?.test(ctx) !== false);
  return found < 0 ? conditions.length : found;
}

/** How often a header was looked for. */
function countFinds(ctx: FakeRuleContext): () => number {
  const headers = ctx.request?.headers as { find: (name: string, from?: number) => number };
  const find = headers.find.bind(headers);
  let count = 0;
  headers.find = (name, from) => {
    count++;
    return find(name, from);
  };
  return () => count;
}

const CRITERIA = [
  'path',
  'path_beg',
  'path_end -i',
  'path_dir',
  'path_sub',
  'path -m beg -i',
  'hdr(host)',
  'hdr(host) -i',
  'hdr_dom(host)',
  'hdr_end(host) -i',
  'hdr_sub(user-agent) -i',
  'hdr(user-agent) -m reg',
  'hdr(user-agent),lower -m sub',
  'req.fhdr(user-agent) -m len',
  'cook_sub(a)',
  'urlp(a)',
];

function randomRules(random: (below: number) => number): string[] {
  const word = (): string => Array.from({ length: 1 + random(2) }, () => '/.ab'.charAt(random(4))).join('');
  const acls = Array.from({ length: 8 }, (_, index) => {
    const criterion = CRITERIA[random(CRITERIA.length)] as string;
    const patterns = criterion.endsWith('len') ? [String(random(4))] : [word(), word()].slice(random(2));
    return `acl a${random(8) < 6 ? index : 0} ${criterion} ${patterns.join(' ')}`;
  });
  const names = [...new Set(acls.map(line => line.split(' ')[1] as string)), 'TRUE', 'METH_GET'];
  const term = (): string => (random(5) === 0 ? '!' : '') + (names[random(names.length)] as string);
  const terms = (): string => Array.from({ length: 1 + random(2) }, term).join(' ');
  const rules = Array.from({ length: 10 }, () => {
    const condition = random(2) === 0 ? terms() : `${terms()} or ${terms()}`;
    return `http-request deny ${random(12) === 0 ? 'unless' : 'if'} ${condition}`;
  });
  return [...acls, ...rules];
}

test('passing over conditions finds what reading them in order finds', () => {
  for (let round = 0; round < 150; round++) {
    const random = randomSource(round);
    const lines = randomRules(random);
    const conditions = conditionsOf(frontendRules(lines).httpRequest);
    const matcher = new FirstMatch(conditions);
    const text = (): string => Array.from({ length: random(5) }, () => '/.abAB'.charAt(random(6))).join('');
    for (let request = 0; request < 20; request++) {
      const ctx = requestContext(
        `GET /${text()}?a=${text()} HTTP/1.1`,
        ...[
          `Host: ${text()}`,
          `User-Agent: ${text()}`,
          `User-Agent: x, ${text()}`,
          `Cookie: a=${text()}`,
        ].slice(random(4)),
      );
      for (let from = 0; from <= conditions.length; from += 3)
        assert.equal(
          matcher.next(ctx, from),
          inOrder(conditions, from, ctx),
          `round ${round}: ${lines.join('\n')}`,
        );
    }
  }
});

const ROBOTS = Array.from({ length: 10 }, (_, index) => [
  `acl path${index} path_beg /section${index}/`,
  `acl robot${index} hdr_sub(user-agent) -i robot${index}`,
  `http-request deny if path${index} { hdr(host) -i host${index} } or robot${index}`,
]).flat();

test('a request that meets no condition has each sample read once', () => {
  const { httpRequest } = frontendRules(ROBOTS);
  const ctx = requestContext('GET /x HTTP/1.1', 'User-Agent: browser', 'Host: host3');
  const finds = countFinds(ctx);
  assert.equal(new FirstMatch(conditionsOf(httpRequest)).next(ctx, 0), 10);
  // the user agent: its first line, and that there is no other
  assert.equal(finds(), 2);
});

test('a condition whose first text is found is asked in full', () => {
  const matcher = new FirstMatch(conditionsOf(frontendRules(ROBOTS).httpRequest));
  const at = (line: string, ...fields: string[]): number => matcher.next(requestContext(line, ...fields), 0);
  assert.equal(at('GET /section3/x HTTP/1.1', 'Host: host3'), 3);
  assert.equal(at('GET /section3/x HTTP/1.1', 'Host: host4'), 10);
  assert.equal(at('GET /Section3/x HTTP/1.1', 'Host: host3'), 10);
  assert.equal(at('GET / HTTP/1.1', 'User-Agent: a ROBOT9, a Robot8'), 8);
});

test('patterns added at run time are found by the next request', () => {
  const { rules, patterns } = compileFrontend(ROBOTS);
  const matcher = new FirstMatch(conditionsOf(rules.get('web')?.httpRequest as CompiledRuleset));
  const ctx = requestContext('GET /x HTTP/1.1', 'User-Agent: spider');
  assert.equal(matcher.next(ctx, 0), 10);
  const robots = patterns.lists().find(each => each.entries()[0]?.key === 'robot5');
  assert.equal(robots?.add('SPIDER'), undefined);
  assert.equal(matcher.next(ctx, 0), 5);
  assert.equal(robots?.remove('SPIDER'), 1);
  assert.equal(matcher.next(ctx, 0), 10);
  assert.equal(robots?.add(''), undefined);
  assert.equal(matcher.next(ctx, 0), 5, 'an empty pattern is in every text');
});

test('-i compares letters of ASCII in either case and bytes beyond it as they are, alone and among others', () => {
  const upper = '\u00c3\u0089';
  const lower = '\u00e3\u0089';
  for (const method of ['str', 'beg', 'end', 'sub', 'dir', 'dom'])
    for (const count of [1, 3]) {
      const lines = ['x', 'y', 'z']
        .slice(0, count)
        .map(name => `http-request deny if { hdr(x) -i -m ${method} ${name}${upper}A }`);
      const matcher = new FirstMatch(conditionsOf(frontendRules(lines).httpRequest));
      const at = (value: string): number => matcher.next(requestContext('GET / HTTP/1.1', `X: ${value}`), 0);
      assert.equal(at(`X${upper}a`), 0, `${method}, ${count} rules`);
      assert.equal(at(`X${lower}a`), count, `${method}, ${count} rules`);
    }
});

test('a term with an effect in front of a text has its effect', () => {
  const { httpRequest } = frontendRules(
    ['a', 'b', 'c'].map(
      name =>
        `http-request deny if { path,set-var(txn.${name}) -m found } { hdr(user-agent) -m sub ${name} }`,
    ),
  );
  const conditions = conditionsOf(httpRequest);
  assert.ok(conditions.every(condition => condition?.needs === undefined));
});
