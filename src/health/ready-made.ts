/**
 * The checks that need no rules (manual, `option redis-check`, `smtpchk`, `pgsql-check`, `mysql-check`, `ldap-check`,
 * `spop-check`, `ssl-hello-chk`): each a short list of steps.
 */
import type { CheckMethod } from '../model/proxy.ts';
import type { Word } from '../model/word.ts';
import { IMPLICIT_CONNECT } from './compile-connect.ts';
import { ldapSteps } from './ready-made/ldap.ts';
import { mysqlSteps } from './ready-made/mysql.ts';
import { pgsqlSteps } from './ready-made/pgsql.ts';
import { redisSteps } from './ready-made/redis.ts';
import { smtpSteps } from './ready-made/smtp.ts';
import { spopSteps } from './ready-made/spop.ts';
import { sslHelloSteps } from './ready-made/ssl-hello.ts';
import type { Ruleset, Step } from './ruleset.ts';

type ReadyMadeKind = Exclude<CheckMethod['kind'], 'tcp' | 'tcp-check' | 'httpchk' | 'external'>;

const STEPS: Readonly<Record<ReadyMadeKind, (args: readonly string[]) => readonly Step[]>> = {
  redis: redisSteps,
  smtp: smtpSteps,
  pgsql: pgsqlSteps,
  mysql: mysqlSteps,
  ldap: ldapSteps,
  spop: spopSteps,
  'ssl-hello': sslHelloSteps,
};

/** `args`: the words behind the option. */
export function readyMadeRuleset(kind: ReadyMadeKind, args: readonly Word[]): Ruleset {
  const steps = STEPS[kind](args.map(({ text }) => text));
  const connected = steps[0]?.kind === 'connect' ? steps : [IMPLICIT_CONNECT, ...steps];
  return { kind: 'ready-made', steps: connected, disableOn404: false, sendState: false };
}
