/**
 * Runs one script with its account and limit. Never throws; what went wrong is the result. A script that outlives its
 * limit gets SIGTERM, and SIGKILL when it does not listen, with all that it has started: a shell alone would leave behind
 * what it waits for.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { ScriptAccounts, ScriptCommand } from '../model/script-command.ts';
import { accountOf, insecurePart, type Account } from './account.ts';
import type { Clock } from './clock.ts';
import { mayExecute } from './may-execute.ts';

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
  settings: ScriptAccounts,
  clock: Clock,
  timeoutMs = Infinity,
): RunningScript {
  const refusal = scriptTrouble(command, settings);
  if (refusal !== undefined)
    return { result: Promise.resolve({ kind: 'refused', reason: refusal }), stop: () => {} };
  const account = accountOf(command, settings);
  const [program = '', ...words] = opensFile(command) ? inShell(command) : command.argv;
  const child = spawn(program, [...words, ...extraArguments], {
    stdio: 'ignore',
    // a process group of its own
    detached: true,
    ...(account === undefined || 'unknown' in account || process.getuid?.() !== 0 ? {} : account),
  });
  let timedOut = false;
  const cancels: (() => void)[] = [];
  const end = (): void => {
    signalGroup(child, 'SIGTERM');
    cancels.push(clock.after(KILL_AFTER_MS, () => signalGroup(child, 'SIGKILL')));
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

function signalGroup({ pid, exitCode, signalCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // it has ended in this moment
  }
}

/** `</path` runs no program: it is good when the file opens, and with a shell that knows `/dev/tcp`, a connection. */
function opensFile({ argv }: ScriptCommand): boolean {
  return argv.join('').startsWith('</');
}

function inShell({ argv }: ScriptCommand): readonly string[] {
  return ['/bin/sh', '-c', argv.join(' ')];
}

/** Why the program cannot be run now, in words; undefined: it can. */
export function scriptTrouble(command: ScriptCommand, settings: ScriptAccounts): string | undefined {
  const account = accountOf(command, settings);
  if (account !== undefined && 'unknown' in account) return `${account.unknown} does not exist`;
  if (opensFile(command)) return undefined;
  const [program = ''] = command.argv;
  const path = program.includes('/') ? program : findInPath(program, account);
  if (path === undefined) return `${program} is in no folder of PATH`;
  if (!mayExecute(path, account)) return `${program} is not an executable file${ofWhom(command, settings)}`;
  if (!settings.enableScriptSecurity || (account?.uid ?? process.getuid?.()) !== 0) return undefined;
  const part = insecurePart(path);
  return part === undefined
    ? undefined
    : `${part} can be changed by others than root (enable_script_security)`;
}

function findInPath(program: string, account: Account | undefined): string | undefined {
  const folders = (process.env['PATH'] ?? '/usr/bin:/bin').split(':');
  return folders.map(folder => join(folder, program)).find(path => mayExecute(path, account));
}

function ofWhom({ user }: ScriptCommand, { scriptUser }: ScriptAccounts): string {
  const name = user ?? scriptUser?.user;
  return name === undefined ? '' : ` for user ${name}`;
}
