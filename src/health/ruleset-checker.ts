/** A ruleset and a place to go make a checker of one server. */
import { CheckFacts } from './check-facts.ts';
import type { Checker } from './checker.ts';
import type { CheckExpressions } from './expressions.ts';
import type { LifeServer } from './life-server.ts';
import type { Ruleset } from './ruleset.ts';
import { RulesetCheck, type OpenConnection } from './ruleset-check.ts';
import type { ServerLife } from './server-life.ts';

interface RulesetCheckerSetting {
  readonly ruleset: Ruleset;
  readonly server: LifeServer;
  readonly life: ServerLife;
  readonly open: OpenConnection;
  readonly expressions: Pick<CheckExpressions, 'newScope'>;
  /** Most bytes of an answer that are looked at, `tune.bufsize`. */
  readonly bufsize: number;
}

export function rulesetChecker(setting: RulesetCheckerSetting): Checker {
  const { ruleset, server, life, open, expressions, bufsize } = setting;
  return listener => {
    const facts = new CheckFacts(server, life, expressions.newScope, bufsize);
    return new RulesetCheck(ruleset, facts, open, listener).start();
  };
}
