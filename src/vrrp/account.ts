/** The account a script runs under, and whether root may run it (keepalived.conf(5), SCRIPTS). */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ScriptAccounts, ScriptCommand } from '../model/script-command.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The default account: `script_user`, else keepalived_script if there is one, else our own. */
export function accountOf(
  command: ScriptCommand,
  settings: ScriptAccounts,
): Account | undefined | { readonly unknown: string } {
  const { user, group } = command.user === undefined ? (settings.scriptUser ?? {}) : command;
  return user === undefined ? findUser('keepalived_script') : accountNamed(user, group);
}

/** undefined: there is such an account. */
export function accountTrouble(account: NonNullable<ScriptAccounts['scriptUser']>): string | undefined {
  const found = accountNamed(account.user, account.group);
  return 'unknown' in found ? `${found.unknown} does not exist` : undefined;
}

function accountNamed(user: string, group: string | undefined): Account | { readonly unknown: string } {
  const found = findUser(user);
  if (found === undefined) return { unknown: `user ${user}` };
  if (group === undefined) return found;
  const gid = findGroup(group);
  return gid === undefined ? { unknown: `group ${group}` } : { uid: found.uid, gid };
}

function linesOf(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map(line => line.split(':'));
  } catch {
    return [];
  }
}

function findUser(name: string): Account | undefined {
  const fields = linesOf('/etc/passwd').find(line => line[0] === name || line[2] === name);
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
}

function findGroup(name: string): number | undefined {
  const fields = linesOf('/etc/group').find(line => line[0] === name || line[2] === name);
  return fields === undefined ? undefined : Number(fields[2]);
}

/**
 * A program root runs must not be replaceable by others: every part of its path, and of the one that links lead to,
 * belongs to root and is writable by nobody else. The part that is not; a path that leads nowhere is one.
 */
export function insecurePart(path: string): string | undefined {
  try {
    return insecurePartOf(path) ?? insecurePartOf(realpathSync(path));
  } catch {
    return path;
  }
}

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

function insecurePartOf(path: string): string | undefined {
  for (let part = path; ; part = dirname(part)) {
    try {
      const stat = statSync(part);
      const writers = stat.gid === 0 ? OTHERS_WRITE : OTHERS_WRITE | GROUP_WRITES;
      // what is in a folder like /tmp is changed by its owner alone
      const isShared = stat.isDirectory() && (stat.mode & STICKY) !== 0;
      if (stat.uid !== 0 || (!isShared && (stat.mode & writers) !== 0)) return part;
    } catch {
      return part;
    }
    if (part === '/' || part === '.') return undefined;
  }
}
