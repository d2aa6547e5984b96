/**
 * Runs one script with its account and limit. Never throws; what went wrong is the result. A script that outlives its
 * limit gets SIGTERM, and SIGKILL when it does not listen.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import type { ScriptCommand } from '../model/script-command.ts';
import { accountOf, insecurePart, type AccountSettings } from './account.ts';
import type { Clock } from './clock.ts';

const KILL_AFTER_MS = 2000;

export type ScriptResult =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal' }
  | { readonly kind: 'timeout' }
  /** Could not be started: the reason. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface RunningScript {
  readonly result: Promise<ScriptResult>;
  stop(): void;
}

export function runScript(
  command: ScriptCommand,
  extraArguments: readonly string[],
  settings: AccountSettings,
  clock: Clock,
  timeoutMs = Infinity,
): RunningScript {
  const [program = '', ...rest] = command.argv;
  const account = accountOf(command, settings);
  const refusal = whyNot(program, account, settings);
  if (refusal !== undefined)
    return { result: Promise.resolve({ kind: 'refused', reason: refusal }), stop: () => {} };
  const child = spawn(program, [...rest, ...extraArguments], {
    stdio: 'ignore',
    ...(account === undefined || 'unknown' in account || process.getuid?.() !== 0 ? {} : account),
  });
  let timedOut = false;
  const cancels: (() => void)[] = [];
  const end = (): void => {
    child.kill('SIGTERM');
    cancels.push(clock.after(KILL_AFTER_MS, () => void child.kill('SIGKILL')));
  };
  const result = new Promise<ScriptResult>(resolve => {
    const settle = (value: ScriptResult): void => {
      for (const cancel of cancels) cancel();
      resolve(value);
    };
    child.once('error', error => settle({ kind: 'refused', reason: error.message }));
    child.once('exit', code => {
      if (timedOut) settle({ kind: 'timeout' });
      else settle(code === null ? { kind: 'signal' } : { kind: 'exit', code });
    });
  });
  const tooLong = (): void => {
    timedOut = true;
    end();
  };
  if (timeoutMs !== Infinity) cancels.push(clock.after(timeoutMs, tooLong));
  return { result, stop: end };
}

function whyNot(
  program: string,
  account: ReturnType<typeof accountOf>,
  settings: AccountSettings,
): string | undefined {
  if (account !== undefined && 'unknown' in account) return `${account.unknown} does not exist`;
  if (!program.startsWith('/')) return undefined;
  try {
    accessSync(program, constants.X_OK);
  } catch {
    return `${program} is not an executable file`;
  }
  if (!settings.enableScriptSecurity || (account?.uid ?? process.getuid?.()) !== 0) return undefined;
  const part = insecurePart(program);
  return part === undefined
    ? undefined
    : `${part} can be changed by others than root (enable_script_security)`;
}
