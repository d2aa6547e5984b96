/** `startup_script` and `shutdown_script` of keepalived.conf: run once and waited for, whatever becomes of them. */
import type { ProcessScript } from '../../model/keepalived.ts';
import type { ScriptAccounts } from '../../model/script-command.ts';
import { systemClock } from '../clock.ts';
import type { Log } from '../log.ts';
import { runScript, type ScriptResult } from '../run-script.ts';

export async function runProcessScript(
  what: 'startup_script' | 'shutdown_script',
  { script, timeoutMs }: ProcessScript,
  accounts: ScriptAccounts,
  log: Log,
): Promise<void> {
  const { result } = runScript(script, [], accounts, systemClock, timeoutMs);
  const trouble = troubleOf(await result, timeoutMs);
  if (trouble !== undefined) log('warning', `${what} ${script.argv[0] ?? ''}: ${trouble}`);
}

function troubleOf(result: ScriptResult, timeoutMs: number): string | undefined {
  switch (result.kind) {
    case 'exit':
      return result.code === 0 ? undefined : `exit status ${result.code}`;
    case 'signal':
      return 'ended by a signal';
    case 'timeout':
      return `not done within ${timeoutMs / 1000} s`;
    case 'refused':
      return result.reason;
  }
}
