/**
 * Whether a script's account may run a program, as keepalived judges it: not whether we may. The permission bits of the
 * file and of the folders above say yes at once; before a no is believed, the kernel is asked as that account.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from './account.ts';

const LIMIT_MS = 5000;

/** `account` undefined: our own. */
export function mayExecute(path: string, account: Account | undefined): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    accessSync(path, constants.X_OK);
    if (account === undefined || account.uid === 0 || process.getuid?.() !== 0) return true;
    return bitsAllow(realpathSync(path), account) || kernelAllows(path, account);
  } catch {
    return false;
  }
}

function bitsAllow(path: string, { uid, gid }: Account): boolean {
  for (let part = path; ; part = dirname(part)) {
    const stat = statSync(part);
    const bit = stat.uid === uid ? 0o100 : stat.gid === gid ? 0o010 : 0o001;
    if ((stat.mode & bit) === 0) return false;
    if (part === dirname(part)) return true;
  }
}

/** Access lists may allow what bits do not show. */
function kernelAllows(path: string, account: Account): boolean {
  return spawnSync('test', ['-x', path], { ...account, stdio: 'ignore', timeout: LIMIT_MS }).status === 0;
}
