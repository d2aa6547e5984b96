/**
 * `observe`: the data threads count the errors that traffic meets in a row; at `error-limit` one of them tells the
 * control thread, which does here what `on-error` says (manual, section 5.2).
 */
import { healthAtErrorLimit } from './advance.ts';
import type { CheckJudge } from './check-judge.ts';
import type { LifeServer } from './life-server.ts';
import type { ServerLife } from './server-life.ts';

/** What traffic may see of a server, worded as in the reports of HAProxy. */
const OBSERVED_ERRORS = {
  connection: 'L4 unsuccessful connection',
  status: 'Wrong http response',
  headers: 'Invalid http response (headers)',
  response: 'Invalid http response',
  'read error': 'Read error (http)',
  'read timeout': 'Read timeout (http)',
  closed: 'Close from server (http)',
} as const;

export type ObservedError = keyof typeof OBSERVED_ERRORS;

/** `hurry`: the next check comes earlier (`fastinter`). */
export function errorLimitReached(
  server: LifeServer,
  errors: number,
  last: ObservedError,
  { life, judge, hurry }: { life: ServerLife; judge: CheckJudge; hurry: () => void },
): void {
  const { servers } = life.effects;
  const { row, config, policy } = server;
  if (config.onError !== 'fastinter') {
    const health = servers.checks.health(row, 'check');
    servers.publishCheck(row, 'check', { health: healthAtErrorLimit(health, config.onError, policy) });
    const text = `Detected ${errors} consecutive errors, last one was: ${OBSERVED_ERRORS[last]}`;
    judge.note(server, 'check', { status: 'HANA', code: 0, durationMs: -1, text });
    judge.act(server, 'check');
  }
  servers.countFailedAnalysis(row);
  hurry();
}
