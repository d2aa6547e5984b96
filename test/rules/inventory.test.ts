/** Holds the table of actions against the list of all that HAProxy has (test/cases/rules/actions.tsv). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { RulesetName } from '../../src/model/rule.ts';
import { findAction, findUnsupported } from '../../src/rules/action-table.ts';
import { compileConfig } from '../support/compiled-rules.ts';

interface Row {
  readonly ruleset: RulesetName;
  readonly action: string;
  readonly tier: string;
  readonly final: boolean;
  /** A line that must compile. */
  readonly example: string;
}

const rows = readFileSync('test/cases/rules/actions.tsv', 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line): Row => {
    const [ruleset, action, tier, final, example] = line.split('\t') as [
      RulesetName,
      string,
      string,
      string,
      string,
    ];
    return { ruleset, action, tier, final: final === 'yes', example };
  });

function configuration({ ruleset, example }: Row): string {
  const backend = ruleset === 'tcp-response content' || /set-retries|timeout/.test(example);
  return [
    'global',
    '  expose-experimental-directives',
    '  tune.stick-counters 4',
    'http-errors pages',
    '  errorfile 403 page.http',
    backend ? 'backend web' : 'frontend web',
    '  mode http',
    '  stick-table type ip size 1k store gpc0,gpc1,gpt0',
    ...(backend ? [] : ['  bind :80', '  declare capture request len 9', '  declare capture response len 9']),
    '  filter cache c',
    '  filter bwlim-out lim default-limit 1m default-period 1s',
    `  ${ruleset} ${example}`,
    'backend devices',
    '  mode http',
    '  server one rhttp@',
    'cache c',
    '  total-max-size 1',
    'resolvers dns',
    '  nameserver one 192.0.2.53:53',
    '',
  ].join('\n');
}

const FILES = { 'page.http': 'HTTP/1.1 403 No\r\n\r\n', 'body.txt': 'x' };

/** What HAProxy knows but takes from nobody who has no Lua, and its words for that. */
const REFUSED: ReadonlyMap<string, RegExp> = new Map([
  ...[
    'tcp-request content',
    'tcp-response content',
    'http-request',
    'http-response',
    'http-after-response',
  ].map((ruleset): [string, RegExp] => [`${ruleset} lua.foo`, /unknown action 'lua\.foo'\.$/]),
  ['tcp-request content use-service', /service only available on 'http-request' rulesets\.$/],
]);

for (const row of rows)
  test(`${row.ruleset} ${row.action} (tier ${row.tier}) compiles, or is known to be missing`, () => {
    const { messages } = compileConfig(configuration(row), FILES);
    const alerts = messages.filter(message => message.startsWith('alert'));
    const refusal = REFUSED.get(`${row.ruleset} ${row.action}`);
    if (refusal === undefined) assert.deepEqual(alerts, []);
    else assert.match(alerts.join('\n'), refusal);
    const name = row.action.replace(/\(.*/, '');
    const definition = findAction(name, row.ruleset);
    if (definition === undefined) {
      const missing = messages.filter(message => message.includes('is not supported yet'));
      assert.equal(missing.length, 1, messages.join('\n'));
      assert.notEqual(findUnsupported(name, row.ruleset), undefined);
    } else assert.equal(definition.final === true, row.final);
  });
